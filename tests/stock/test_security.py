# SPDX-License-Identifier: GPL-2.0-or-later
"""The stock agent makes its user root and tells secrets; ours does neither."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.programs import DATABASE_USER, must, run
from tests.stock.agents import Agent, call, environment_of
from tests.stock.site import Site, start_server, stop_server

SECRET = "k8jd72hs"
WITH_SECRET = {"monitor_user": "postgres", "monitor_password": SECRET}
# What a server may have from the agent: that of an account, and what is its own.
SERVER_MAY_HAVE = {"HOME", "LOGNAME", "PATH", "PWD", "SHELL", "USER", "PGPORT"}
SET_BY_THE_SERVER = {"PGDATA", "PGSYSCONFDIR", "PGLOCALEDIR", "PG_GRANDPARENT_PID"}


def roots_directory(site: Site) -> Path:
    """A directory that only root may enter."""
    directory = site.top / "roots"
    directory.mkdir(mode=0o700)
    return directory


def linked_log_file(site: Site) -> Path:
    """A log file that the database's user made a link to a file of root's."""
    target = roots_directory(site) / "owned"
    link = site.log.parent / "link"
    must(["ln", "-s", str(target), str(link)], user=DATABASE_USER)
    return target


def test_root_creates_no_file_through_a_link_to_a_log(ours: Agent, site: Site) -> None:
    target = linked_log_file(site)
    parameters = {**site.parameters(), "logfile": str(site.log.parent / "link")}
    assert call(ours, "start", parameters).code == 4
    assert not target.exists()


def test_the_stock_agent_gives_away_a_file_through_a_link_to_a_log(
    stock: Agent, site: Site
) -> None:
    target = linked_log_file(site)
    parameters = {**site.parameters(), "logfile": str(site.log.parent / "link")}
    call(stock, "start", parameters, timeout_s=4)
    assert target.owner() == DATABASE_USER
    stop_server(site)


def statistics_elsewhere(site: Site) -> Path:
    """A directory of root's that the configuration, the user's own, asks for."""
    directory = roots_directory(site) / "statistics"
    with (site.data / "postgresql.conf").open("a") as file:
        file.write(f"stats_temp_directory = '{directory}'\n")
    return directory


def test_root_creates_no_directory_that_the_configuration_asks_for(
    ours: Agent, site: Site
) -> None:
    directory = statistics_elsewhere(site)
    assert call(ours, "start", site.parameters()).code != 0
    assert not directory.exists()


def test_the_stock_agent_gives_away_a_directory_that_the_configuration_asks_for(
    stock: Agent, site: Site
) -> None:
    directory = statistics_elsewhere(site)
    call(stock, "start", site.parameters(), timeout_s=4)
    assert directory.owner() == DATABASE_USER
    stop_server(site)


@pytest.mark.parametrize("action", ["start", "monitor", "stop", "validate-all"])
def test_root_changes_nothing_behind_a_linked_tmpdir(
    action: str, ours: Agent, site: Site
) -> None:
    """The stock agent gives its target to the database's user, at every action."""
    target = roots_directory(site)
    before = target.stat()
    link = site.log.parent / "tmp"
    must(["ln", "-s", str(target), str(link)], user=DATABASE_USER)
    parameters = {**site.parameters(), "rep_mode": "async", "tmpdir": str(link)}
    promotable = {"OCF_RESKEY_CRM_meta_promotable": "true"}
    ended = call(ours, action, parameters, extra=promotable)
    assert (
        ended.code == {"start": 6, "validate-all": 6, "monitor": 7, "stop": 0}[action]
    )
    after = target.stat()
    assert (after.st_uid, after.st_mode) == (before.st_uid, before.st_mode)
    assert list(target.iterdir()) == []


def environment_of_server(site: Site) -> dict[str, str]:
    pid = site.pid()
    assert pid
    words = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
    return dict(word.partition("=")[::2] for word in words if word)


def test_the_server_gets_nothing_of_the_clusters_environment(
    ours: Agent, site: Site
) -> None:
    parameters = {**site.parameters(), **WITH_SECRET}
    extra = {"LC_ALL": "C", "LD_LIBRARY_PATH": "/usr/lib", "PCMK_logfacility": "none"}
    assert call(ours, "start", parameters, extra=extra).code == 0
    found = environment_of_server(site)
    stop_server(site)
    assert found.keys() - SET_BY_THE_SERVER <= SERVER_MAY_HAVE
    assert SECRET not in " ".join(found.values())


def test_the_stock_agents_server_holds_the_password_and_more(
    stock: Agent, site: Site
) -> None:
    assert call(stock, "start", {**site.parameters(), **WITH_SECRET}).code == 0
    found = environment_of_server(site)
    stop_server(site)
    assert found["OCF_RESKEY_monitor_password"] == SECRET
    assert found["LC_ALL"] == "C"
    assert found["LD_LIBRARY_PATH"] == "/usr/lib"


def tracing(site: Site) -> dict[str, str]:
    return {"OCF_TRACE_RA": "1", "OCF_TRACE_FILE": str(site.top / "trace")}


def test_no_trace_and_no_message_has_the_password(ours: Agent, site: Site) -> None:
    start_server(site)
    parameters = {**site.parameters(), **WITH_SECRET, "pgdb": "nowhere"}
    log = {"HA_LOGFILE": str(site.top / "cluster.log"), "HA_debug": "1"}
    ended = call(ours, "monitor", parameters, extra={**tracing(site), **log})
    stop_server(site)
    assert ended.code == 1
    written = [*site.top.glob("*.log"), *site.top.glob("trace*")]
    said = ended.out + ended.err + "".join(file.read_text() for file in written)
    assert said
    assert SECRET not in said


def test_a_trace_of_the_stock_agent_has_the_password_for_everybody(
    stock: Agent, site: Site
) -> None:
    call(
        stock, "validate-all", {**site.parameters(), **WITH_SECRET}, extra=tracing(site)
    )
    trace = site.top / "trace"
    assert SECRET in trace.read_text()
    assert trace.stat().st_mode & stat.S_IROTH


def test_the_password_is_in_no_command_line(ours: Agent, site: Site) -> None:
    start_server(site)
    parameters = {**site.parameters(), **WITH_SECRET}
    for action in ("monitor", "stop"):
        record = site.top / f"{action}.strace"
        strace = ["strace", "-f", "-s", "9999", "-e", "trace=execve", "-o", str(record)]
        environment = environment_of(ours, parameters)
        run([*strace, str(ours.program), action], 25, environment)
        assert "execve" in record.read_text()
        assert SECRET not in record.read_text()
    stop_server(site)


# Each leaves the file {witness} if any shell or printf format ever sees it.
PAYLOADS = {
    "quotes": "'; touch {witness}; '",
    "double quotes": '"; touch {witness}; "',
    "substitution": "$(touch {witness})",
    "backticks": "`touch {witness}`",
    "line break": "x\ntouch {witness}\n",
    "pipe": "x | touch {witness}",
}
PARAMETERS = (
    "config", "ctl_opt", "logfile", "monitor_sql", "monitor_user", "pgctl", "pgdata",
    "pgdb", "pgdba", "pghost", "pglibs", "pgport", "psql", "rep_mode", "socketdir",
    "start_opt", "stop_escalate",
)  # fmt: skip


@pytest.mark.parametrize("name", PARAMETERS)
def test_no_parameter_is_ever_executed(name: str, ours: Agent, site: Site) -> None:
    witness = site.socket / "witness"
    for kind, payload in PAYLOADS.items():
        wrong = {name: payload.format(witness=witness), "monitor_password": "x"}
        parameters = {"monitor_user": "postgres", **site.parameters(), **wrong}
        for action in ("start", "monitor", "stop"):
            ended = call(ours, action, parameters, extra=SHORT)
            assert ended.code is not None, f"{action}, {kind}: never ended"
            assert not witness.exists(), f"{action}, {kind}: executed"
        stop_server(site)


SHORT: Mapping[str, str] = {"OCF_RESKEY_CRM_meta_timeout": "6000"}


def test_the_stock_agent_executes_a_parameter(stock: Agent, site: Site) -> None:
    witness = site.socket / "witness"
    wrong = {"start_opt": PAYLOADS["quotes"].format(witness=witness)}
    call(stock, "start", {**site.parameters(), **wrong}, timeout_s=4)
    assert witness.exists()
    stop_server(site)


def test_the_agent_is_not_group_or_world_writable(ours: Agent) -> None:
    for path in [ours.program, *ours.program.parents[2].rglob("lib/pgsr/**/*.py")]:
        assert not os.stat(path).st_mode & (stat.S_IWGRP | stat.S_IWOTH), path
