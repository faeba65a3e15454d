# SPDX-License-Identifier: GPL-2.0-or-later
"""Parameters: defaults, empty strings, and what is refused."""

from __future__ import annotations

import pytest

from pgsr.declared import Parameters
from pgsr.parameters import declarations


def given(**values: str) -> Parameters:
    return Parameters({f"OCF_RESKEY_{name}": text for name, text in values.items()})


def test_defaults_are_accepted_and_are_those_of_the_agent_replaced() -> None:
    parameters = Parameters({})
    assert parameters.problems == []
    assert parameters.pgctl == ("/usr/bin/pg_ctl",)
    assert parameters.pgdata == "/var/lib/pgsql/data"
    assert parameters.configuration_file == "/var/lib/pgsql/data/postgresql.conf"
    assert (parameters.pgdba, parameters.pgport, parameters.pgdb) == (
        "postgres", 5432, "template1",
    )  # fmt: skip
    assert (parameters.stop_escalate, parameters.logfile) == (90, "/dev/null")
    assert parameters.trigger_file == "/var/lib/pgsql/PGSQL.5432.trigger"
    assert parameters.flag_prefix == "/var/lib/pgsql/PGSQL.5432"


def test_every_declaration_explains_itself() -> None:
    for parameter in declarations(Parameters):
        assert parameter.short
        assert parameter.long.endswith("."), parameter.name
        assert parameter.content in ("string", "integer", "boolean")


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("start_opt", "-p 5433 -c 'a b=c d'", ["-p", "5433", "-c", "a b=c d"]),
        ("start_opt", "-c x=$HOME;`id`", ["-c", "x=$HOME;`id`"]),
        ("pgctl", "/srv/my pg/pg_ctl -s -c", ("/srv/my pg/pg_ctl", "-s", "-c")),
        ("pgctl", "pg_ctl -s", ("/usr/bin/pg_ctl", "-s")),
        ("stop_escalate", "", 90),
        ("pgport", "", None),
        ("stop_escalate", "30s", 30),
        ("check_wal_receiver", "True", True),
        ("check_wal_receiver", "", False),
        ("monitor_sql", "select 'x' -- ü\n", "select 'x' -- ü\n"),
        ("pgdata", "/srv/my data", "/srv/my data"),
        ("config", "", ""),
    ],
)
def test_values_are_taken_literally(name: str, text: str, value: object) -> None:
    parameters = given(**{name: text})
    assert parameters.problems == []
    assert parameters.values[name] == value


@pytest.mark.parametrize(
    ("name", "text", "accepted"),
    [
        ("rep_mode", "asynch", "one of none, async, sync, slave"),
        ("rep_mode", "", "one of none, async, sync, slave"),
        ("pgport", "fünf", "port number"),
        ("pgport", "65536", "port number"),
        ("pgport", "²", "port number"),
        ("stop_escalate", "soon", "whole number of seconds"),
        ("check_wal_receiver", "perhaps", "true or false"),
        ("trigger_file", "trigger", "absolute path"),
        ("pgdata", "", "absolute path"),
        ("pgdata", "/srv/$(touch x)", "absolute path|path without"),
        ("logfile", '/x"; id; "', "path without"),
        ("start_opt", "-c 'x", "balanced quotes"),
        ("pgdba", "post\ngres", "without line breaks"),
        ("pgdata", "x" * 10_000, "10000 characters"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_accepted(
    name: str, text: str, accepted: str
) -> None:
    parameters = given(**{name: text})
    [problem] = parameters.problems
    assert problem.startswith(f"Parameter {name}=")
    assert any(words in problem for words in accepted.split("|"))
    assert parameters.refused == {name}
    assert len(problem) < 300


def test_everything_wrong_is_told_at_once() -> None:
    assert len(given(pgport="x", rep_mode="y", pgdata="z").problems) == 3
