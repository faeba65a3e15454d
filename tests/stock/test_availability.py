# SPDX-License-Identifier: GPL-2.0-or-later
"""Faults of the stock agent that cost availability, and that ours does not have."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.processes import belonging_to, describe, end_all, members_of_session
from tests.programs import exit_reason
from tests.provision.postgresql import DEBIAN_BIN
from tests.stock.agents import Agent, call
from tests.stock.site import (
    Site,
    connect,
    connections_exhausted,
    is_running,
    start_server,
    stop_server,
)
from tests.stock.situations import misconfigured

# On a busy machine a second is short; the stock agent takes its whole timeout.
ABOUT_A_SECOND_S = 3.0


def test_a_server_that_dies_ends_the_start_with_its_last_words(
    ours: Agent, site: Site
) -> None:
    misconfigured(site)
    ended = call(ours, "start", site.parameters())
    assert ended.code == 1
    assert ended.seconds < ABOUT_A_SECOND_S
    assert 'unrecognized configuration parameter "no_such_setting"' in ended.err


def test_the_stock_agent_waits_for_a_server_that_died(stock: Agent, site: Site) -> None:
    misconfigured(site)
    assert call(stock, "start", site.parameters(), timeout_s=4).code is None
    end_all(site.top)


def test_a_full_server_is_not_a_failed_one(ours: Agent, site: Site) -> None:
    start_server(site)
    with connections_exhausted(site):
        assert call(ours, "monitor", site.parameters()).code == 0
        assert call(ours, "monitor", site.parameters(), interval_ms=0).code == 0
    stop_server(site)


def test_a_full_server_can_be_stopped(ours: Agent, site: Site) -> None:
    start_server(site)
    with connections_exhausted(site):
        assert call(ours, "stop", site.parameters()).code == 0
    assert belonging_to(site.top) == []


def test_the_stock_agent_takes_a_full_server_for_a_failed_one(
    stock: Agent, site: Site
) -> None:
    start_server(site)
    with connections_exhausted(site):
        assert call(stock, "monitor", site.parameters()).code == 1
    stop_server(site)


@contextmanager
def hung_server(site: Site) -> Iterator[None]:
    """A postmaster that is stopped: it takes connections and says nothing."""
    start_server(site)
    pid = site.pid()
    assert pid
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        if is_running(pid):
            os.kill(pid, signal.SIGCONT)
        stop_server(site)


def test_a_monitor_of_a_hung_server_ends_in_time_and_says_so(
    ours: Agent, site: Site
) -> None:
    with hung_server(site):
        limit = {"OCF_RESKEY_CRM_meta_timeout": "5000"}
        ended = call(ours, "monitor", site.parameters(), extra=limit)
        assert ended.code == 1
        assert ended.seconds < 5
        assert exit_reason(ended)
        assert members_of_session(ended.session) == []


def test_a_monitor_that_is_killed_leaves_nothing_behind(
    ours: Agent, site: Site
) -> None:
    """Pacemaker kills the process group of an action that takes too long."""
    with hung_server(site):
        server = set(belonging_to(site.top))
        ended = call(ours, "monitor", site.parameters(), timeout_s=1)
        assert ended.code is None
        assert members_of_session(ended.session) == []
        assert set(belonging_to(site.top)) == server


def test_the_stock_agent_leaks_a_psql_when_a_monitor_is_killed(
    stock: Agent, site: Site
) -> None:
    with hung_server(site):
        server = set(belonging_to(site.top))
        assert call(stock, "monitor", site.parameters(), timeout_s=1).code is None
        leaked = [describe(pid) for pid in set(belonging_to(site.top)) - server]
        for pid in set(belonging_to(site.top)) - server:
            os.kill(pid, signal.SIGKILL)
    assert any("psql" in process for process in leaked), leaked


def test_a_hung_server_is_stopped(ours: Agent, site: Site) -> None:
    """It obeys neither a fast nor an immediate shutdown."""
    with hung_server(site):
        limit = {"OCF_RESKEY_CRM_meta_timeout": "8000"}
        ended = call(ours, "stop", site.parameters(), extra=limit)
        assert ended.code == 0, ended
        assert ended.seconds < 8
        assert belonging_to(site.top) == []


QUOTES = {
    "a quote": "select 'it''s'",
    "a dollar": "select 1 / (substr('$HOME', 2) = 'HOME')::int, $$a$$",
    "a backtick": "select 1 / (substr('`id`', 2, 2) = 'id')::int",
    "a semicolon": "select 1; select 2;",
    "a backslash": r"select E'\\', '\'",
    "a line break": "select 1 -- comment\n, 2",
    "a word of another tongue": "select 'Größe', '数据库'",
    "ten kilobytes": f"select '{'x' * 10_000}'",
    "a percent sign": "select 1 where 'a' like '%s%%'",
    "a double quote": 'select 1 as "a b"',
}


@pytest.mark.parametrize("text", QUOTES.values(), ids=QUOTES)
def test_any_text_is_taken_as_it_is_in_a_query(
    text: str, ours: Agent, site: Site
) -> None:
    parameters = {**site.parameters(), "monitor_sql": text}
    assert call(ours, "start", parameters).code == 0
    assert call(ours, "monitor", parameters).code == 0
    stop_server(site)


def test_a_query_is_really_run(ours: Agent, site: Site) -> None:
    """So that the tests of its text mean something."""
    start_server(site)
    parameters = {**site.parameters(), "monitor_sql": "select '$HOME'::int"}
    ended = call(ours, "monitor", parameters)
    assert ended.code == 1
    assert "$HOME" in exit_reason(ended)
    stop_server(site)


def slow_psql(directory: Path) -> Path:
    """A psql that fails once, as it does while the server starts."""
    program = directory / "psql"
    program.write_text(
        f'#!/bin/sh\n[ -e {directory}/socket/seen ] && exec {DEBIAN_BIN}/psql "$@"\n'
        f"touch {directory}/socket/seen\nexit 2\n"
    )
    program.chmod(0o755)
    return program


def test_a_quote_in_the_query_does_not_disturb_a_slow_start(
    ours: Agent, site: Site
) -> None:
    parameters = {**site.parameters(), "psql": str(slow_psql(site.top))}
    parameters["monitor_sql"] = "select 'x'"
    assert call(ours, "start", parameters).code == 0
    stop_server(site)


def test_a_quote_in_the_query_keeps_the_stock_agent_from_ever_starting(
    stock: Agent, site: Site
) -> None:
    """It doubles each quote at each look, until no program can be run any more."""
    parameters = {**site.parameters(), "psql": str(slow_psql(site.top))}
    parameters["monitor_sql"] = "select 'x'"
    assert call(stock, "start", parameters, timeout_s=5).code is None
    end_all(site.top)


SLOW_QUERY = {"monitor_sql": "select pg_sleep(0.3)"}
USERS_SETTINGS: Mapping[str, Mapping[str, str]] = {
    "psqlrc": {"PSQLRC": "{top}/psqlrc"},
    "host": {"PGHOST": "/nowhere"},
    "options": {"PGOPTIONS": "-c statement_timeout=10 -c no_such=1"},
    "service": {"PGSERVICE": "nowhere"},
    "user": {"PGUSER": "stranger"},
    "database": {"PGDATABASE": "nowhere"},
    "port": {"PGPORT": "1"},
    "encryption": {"PGSSLMODE": "require"},
}


@contextmanager
def running_with_a_psqlrc(site: Site) -> Iterator[None]:
    """A server, and a start-up file of psql that lets no query last."""
    (site.top / "psqlrc").write_text("set statement_timeout = 10;\n")
    start_server(site)
    try:
        yield
    finally:
        stop_server(site)


@pytest.mark.parametrize("name", USERS_SETTINGS)
def test_settings_for_clients_do_not_disturb_the_monitor(
    name: str, ours: Agent, site: Site
) -> None:
    extra = {
        variable: value.format(top=site.top)
        for variable, value in USERS_SETTINGS[name].items()
    }
    with running_with_a_psqlrc(site):
        ended = call(ours, "monitor", {**site.parameters(), **SLOW_QUERY}, extra=extra)
        assert ended.code == 0, ended


def test_a_psqlrc_disturbs_the_stock_agents_monitor(stock: Agent, site: Site) -> None:
    extra = {"PSQLRC": str(site.top / "psqlrc")}
    parameters = {**site.parameters(), **SLOW_QUERY}
    with running_with_a_psqlrc(site):
        assert call(stock, "monitor", parameters).code == 0
        assert call(stock, "monitor", parameters, extra=extra).code == 1


@pytest.mark.parametrize("setting", ["statement_timeout = 1", "role = stranger"])
def test_settings_of_the_role_do_not_disturb_the_monitor(
    setting: str, ours: Agent, site: Site
) -> None:
    """An administrator may limit ordinary sessions as he likes."""
    start_server(site)
    with closing(connect(site)) as session, session.cursor() as cursor:
        cursor.execute("create role stranger")
        cursor.execute(f"alter role postgres set {setting}")
    ended = call(ours, "monitor", {**site.parameters(), **SLOW_QUERY})
    assert ended.code == 0, ended
    stop_server(site)
