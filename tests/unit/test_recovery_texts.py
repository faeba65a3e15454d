# SPDX-License-Identifier: GPL-2.0-or-later
"""Texts of the recovery configuration: quoting, options of libpq, include lines."""

from __future__ import annotations

import psycopg2
import pytest
from psycopg2.extensions import parse_dsn

from pgsr.declared import Parameters
from pgsr.postgres import include_lines
from pgsr.postgres.quoting import for_configuration, for_libpq

RECOVERY, NAMES = "/var/lib/pgsql/tmp/recovery.conf", "/var/lib/pgsql/tmp/rep_mode.conf"
OF_STOCK = f"include '{RECOVERY}' # added by pgsql RA"
OF_STOCK_NAMES = f"include '{NAMES}' # added by pgsql RA"
OF_OTHERS = "port = 5432\ninclude 'other.conf'\n#include 'x/recovery.conf'\n"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("", "''"),
        ("cp /archive/%f %p", "'cp /archive/%f %p'"),
        ("it's", "'it''s'"),
        (r"a\b", r"'a\\b'"),
        (r"\'", r"'\\'''"),
    ],
)
def test_the_servers_configuration_quotes(value: str, written: str) -> None:
    assert for_configuration(value) == written


@pytest.mark.parametrize(
    "value", ["node1", "192.0.2.1", "it's", "a b", "\\", "a\\'b", "", "a=b", "'"]
)
def test_libpq_reads_back_what_is_quoted_for_it(value: str) -> None:
    assert parse_dsn(f"host={for_libpq(value)} port=1").get("host", "") == value


OPTIONS = {
    "": True,
    "  ": True,
    "sslmode=require": True,
    "sslmode = require  port=1": True,
    "password='it\\'s' port=1": True,
    "password='a'port=1": True,
    "password=a'b": True,
    "password=a\\ b": True,
    "password=\\": True,
    "password=": True,
    "password='open": False,
    "password='open\\'": False,
    "sslmode": False,
    "sslmode require": False,
    "sslmode=require x": False,
}


@pytest.mark.parametrize(("value", "is_right"), OPTIONS.items())
def test_options_are_accepted_as_libpq_does(value: str, is_right: bool) -> None:
    problems = Parameters({"OCF_RESKEY_primary_conninfo_opt": value}).problems
    assert (problems == []) is is_right
    try:
        parse_dsn(f"host=a {value}")
    except psycopg2.ProgrammingError:
        assert not is_right
    else:
        assert is_right


def test_refused_options_are_not_shown_for_there_may_be_a_password_in_them() -> None:
    given = {"OCF_RESKEY_primary_conninfo_opt": "password='secret"}
    assert "secret" not in str(Parameters(given).problems)
    given = {"OCF_RESKEY_primary_conninfo_opt": "password=secret\n"}
    assert "secret" not in str(Parameters(given).problems)


def test_lines_of_the_stock_agent_are_recognised() -> None:
    text = f"{OF_OTHERS}  {OF_STOCK}\n{OF_STOCK_NAMES}\n"
    assert include_lines.included(text) == [RECOVERY, NAMES]
    assert include_lines.line(RECOVERY) == OF_STOCK


@pytest.mark.parametrize(
    ("text", "wanted", "expected"),
    [
        pytest.param(OF_OTHERS, [], OF_OTHERS, id="nothing to do"),
        pytest.param("", [RECOVERY], f"{OF_STOCK}\n", id="empty"),
        pytest.param(
            "port=1", [RECOVERY], f"port=1\n{OF_STOCK}\n", id="no line end at the end"
        ),
        pytest.param(
            OF_OTHERS,
            [RECOVERY, NAMES],
            f"{OF_OTHERS}{OF_STOCK}\n{OF_STOCK_NAMES}\n",
            id="added at the end",
        ),
        pytest.param(
            f"{OF_STOCK}\n{OF_OTHERS}",
            [RECOVERY],
            f"{OF_STOCK}\n{OF_OTHERS}",
            id="there already",
        ),
        pytest.param(
            f"{OF_STOCK}\nport=1\n{OF_STOCK}\nport=2\n",
            [RECOVERY],
            f"port=1\n{OF_STOCK}\nport=2\n",
            id="twice",
        ),
        pytest.param(
            f"{OF_STOCK}\n{OF_STOCK_NAMES}\n{OF_OTHERS}",
            [],
            OF_OTHERS,
            id="taken out",
        ),
        pytest.param(
            f"include '/old/recovery.conf' # added by pgsql RA\n{OF_OTHERS}",
            [RECOVERY],
            f"{OF_OTHERS}{OF_STOCK}\n",
            id="of another directory",
        ),
    ],
)
def test_no_other_line_is_changed(text: str, wanted: list[str], expected: str) -> None:
    assert include_lines.with_lines(text, wanted) == expected
    assert include_lines.with_lines(expected, wanted) == expected


def test_a_path_with_a_quote_is_recognised() -> None:
    line = include_lines.line("/it's/recovery.conf")
    assert include_lines.included(line) == ["/it's/recovery.conf"]
