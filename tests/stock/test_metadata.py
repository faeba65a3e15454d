# SPDX-License-Identifier: GPL-2.0-or-later
"""The meta-data: valid for the field's schemas, and the stock agent's parameters."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.programs import PATH, must, run
from tests.stock.agents import Agent, call

SCHEMAS = Path("/usr/share/resource-agents")
# What a stand-alone server uses of the parameters. The default of `config` follows
# `pgdata`, there and here: ours is empty and says so in words.
STAND_ALONE = (
    "check_wal_receiver", "ctl_opt", "logfile", "monitor_password",
    "monitor_sql", "monitor_user", "pgctl", "pgdata", "pgdb", "pgdba", "pghost",
    "pglibs", "pgport", "psql", "rep_mode", "socketdir", "start_opt", "stop_escalate",
)  # fmt: skip


def metadata(agent: Agent, user: str | None = None) -> str:
    ended = call(agent, "meta-data", {}, user=user)
    assert ended.code == 0, ended
    assert ended.err == ""
    return ended.out


def contents(agent: Agent) -> dict[str, dict[str, str]]:
    """Type and default of each parameter."""
    tree = ElementTree.fromstring(metadata(agent))
    return {
        parameter.attrib["name"]: dict(parameter.find("content").attrib)  # type: ignore[union-attr]
        for parameter in tree.iter("parameter")
    }


def test_it_is_valid_for_the_document_type_of_the_field(
    agent: Agent, workspace: Path
) -> None:
    (workspace / "agent.xml").write_text(metadata(agent))
    dtd = SCHEMAS / "ra-api-1.dtd"
    must(["xmllint", "--noout", "--dtdvalid", str(dtd), str(workspace / "agent.xml")])


def test_it_is_valid_for_the_schema_of_the_field(agent: Agent, workspace: Path) -> None:
    (workspace / "agent.xml").write_text(metadata(agent))
    schema = SCHEMAS / "metadata.rng"
    must(
        [
            "xmllint",
            "--noout",
            "--nonet",
            "--relaxng",
            str(schema),
            str(workspace / "agent.xml"),
        ]
    )


def test_anybody_can_read_it(ours: Agent) -> None:
    assert metadata(ours, user="nobody") == metadata(ours)


def test_it_needs_no_psycopg2(ours: Agent) -> None:
    """Without site-packages there is none."""
    python = ["/usr/bin/python3", "-I", "-S"]
    absent = run([*python, "-c", "import psycopg2"], 20)
    assert "ModuleNotFoundError" in absent.err
    ended = run([*python, str(ours.program), "meta-data"], 20, {"PATH": PATH}, "nobody")
    assert ended.code == 0, ended
    assert ended.out == metadata(ours)


@pytest.mark.parametrize("name", STAND_ALONE)
def test_a_parameter_has_the_default_of_the_stock_agent(
    name: str, stock: Agent, ours: Agent
) -> None:
    theirs, mine = contents(stock)[name], contents(ours)[name]
    assert mine["default"] == theirs["default"]
    assert mine["type"] == theirs["type"]


def test_the_longest_time_of_each_action_is_that_of_the_stock_agent(
    stock: Agent, ours: Agent
) -> None:
    """So that existing configurations stay within what is advised."""

    def times(agent: Agent) -> dict[tuple[str, str], str]:
        actions = ElementTree.fromstring(metadata(agent)).iter("action")
        return {
            (action.attrib["name"], action.get("role", "")): action.attrib["timeout"]
            for action in actions
        }

    theirs, mine = times(stock), times(ours)
    assert {action: mine.get(action) for action in theirs} == theirs
