# SPDX-License-Identifier: GPL-2.0-or-later
"""Faults of the stock agent that cost data, and that ours does not have.

A test named for a fault shows it on the stock agent, where that is quick and safe, and
that ours has it not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.processes import end_all
from tests.programs import DATABASE_USER, exit_reason, launch, must
from tests.provision.postgresql import DEBIAN_BIN
from tests.stock.agents import Agent, call
from tests.stock.site import (
    Site,
    connections_exhausted,
    is_running,
    pg_ctl,
    start_server,
    stop_server,
)

Sites = Callable[[str], Site]


def restored_backup(new_site: Sites) -> Site:
    """A data directory as a base backup leaves it, with its backup_label."""
    source, restored = new_site("source"), new_site("restored")
    configuration = (restored.data / "postgresql.conf").read_text()
    must(["rm", "-r", str(restored.data)])
    must(["install", "-d", "-o", DATABASE_USER, "-m", "0700", str(restored.data)])
    start_server(source)
    must(
        [
            str(DEBIAN_BIN / "pg_basebackup"), "--no-sync", "--checkpoint=fast",
            "--host", str(source.socket), "--pgdata", str(restored.data),
        ],
        user=DATABASE_USER,
    )  # fmt: skip
    stop_server(source)
    (restored.data / "postgresql.conf").write_text(configuration)
    assert (restored.data / "backup_label").exists()
    return restored


def test_a_restored_backup_is_recovered_from_its_label(
    ours: Agent, new_site: Sites
) -> None:
    """Without its label a backup is silently corrupt: recovery begins too late."""
    site = restored_backup(new_site)
    assert call(ours, "start", site.parameters()).code == 0
    # The server renames the label once it has used it.
    assert (site.data / "backup_label.old").exists()
    stop_server(site)


def test_the_stock_agent_deletes_the_label_of_a_backup(
    stock: Agent, new_site: Sites
) -> None:
    site = restored_backup(new_site)
    ended = call(stock, "start", site.parameters())
    assert "backup_label. The previous backup might have failed" in ended.err
    assert not (site.data / "backup_label.old").exists()
    stop_server(site)


def test_start_leaves_the_pid_file_of_a_full_server(ours: Agent, site: Site) -> None:
    """PostgreSQL ends itself when its pid file is gone."""
    start_server(site)
    with connections_exhausted(site):
        ended = call(ours, "start", site.parameters())
        assert ended.code == 0, ended
        assert site.pid() is not None
    stop_server(site)


def test_the_stock_agent_deletes_the_pid_file_of_a_full_server(
    stock: Agent, site: Site
) -> None:
    start_server(site)
    with connections_exhausted(site):
        call(stock, "start", site.parameters(), timeout_s=5)
        first_pid_file_is_gone = site.pid() is None
    end_all(site.top)
    assert first_pid_file_is_gone


def test_no_action_deletes_a_pid_file_that_a_crash_left(
    ours: Agent, site: Site
) -> None:
    """The server judges it itself, by more than a number."""
    left_behind = site.data / "postmaster.pid"
    left_behind.write_text(f"999999\n{site.data}\n1\n5432\n{site.socket}\n\n0 0\n")
    for action in ("monitor", "status", "validate-all", "stop"):
        call(ours, action, site.parameters())
        assert left_behind.exists(), action


def failing_runuser(agent: Agent, directory: Path) -> Agent:
    """The agent with a `runuser` that fails, as with a full process table."""
    must(["cp", "--archive", str(agent.tools), str(directory / "tools")])
    (directory / "tools" / "runuser").write_text("#!/bin/sh\nexit 1\n")
    (directory / "tools" / "runuser").chmod(0o755)
    return agent._replace(tools=directory / "tools")


def test_a_probe_does_not_take_a_failure_for_a_stopped_server(
    ours: Agent, site: Site
) -> None:
    """Pacemaker would start the server a second time, on shared storage elsewhere."""
    start_server(site)
    agent = failing_runuser(ours, site.top)
    assert call(agent, "monitor", site.parameters(), interval_ms=0).code == 0
    stop_server(site)


def test_the_stock_agents_probe_takes_a_failure_for_a_stopped_server(
    stock: Agent, site: Site
) -> None:
    start_server(site)
    agent = failing_runuser(stock, site.top)
    assert call(agent, "monitor", site.parameters(), interval_ms=0).code == 7
    stop_server(site)


@contextmanager
def stranger_in_the_pid_file(site: Site) -> Iterator[int]:
    """A pid file whose number belongs to another process of the database's user."""
    stranger = launch(["/bin/sleep", "60"], None, DATABASE_USER)
    (site.data / "postmaster.pid").write_text(
        f"{stranger.pid}\n{site.data}\n1700000000\n5432\n{site.socket}\n\n0 0\nready\n"
    )
    try:
        yield stranger.pid
    finally:
        stranger.kill()
        stranger.wait()


def test_a_process_that_is_not_the_server_is_never_signalled(
    ours: Agent, site: Site
) -> None:
    """Its number is in the pid file, as after a crash on a host with many servers."""
    with stranger_in_the_pid_file(site) as stranger:
        assert call(ours, "monitor", site.parameters(), interval_ms=0).code == 7
        assert call(ours, "stop", site.parameters()).code == 0
        assert is_running(stranger)


def test_the_stock_agent_signals_a_process_that_is_not_the_server(
    stock: Agent, site: Site
) -> None:
    with stranger_in_the_pid_file(site) as stranger:
        call(stock, "stop", site.parameters(), timeout_s=5)
        assert not is_running(stranger)


SHORT_MS = {"OCF_RESKEY_CRM_meta_timeout": "8000"}


def test_a_short_timeout_still_means_a_clean_shutdown(ours: Agent, site: Site) -> None:
    start_server(site)
    assert call(ours, "stop", site.parameters(), extra=SHORT_MS).code == 0
    log = site.log.read_text()
    assert "received fast shutdown request" in log
    assert "database system is shut down" in log
    assert "immediate shutdown" not in log


def test_the_stock_agent_crashes_the_server_when_its_timeout_is_short(
    stock: Agent, site: Site
) -> None:
    start_server(site)
    assert call(stock, "stop", site.parameters(), extra=SHORT_MS).code == 0
    assert "received immediate shutdown request" in site.log.read_text()


def test_stop_ends_a_server_whose_configuration_is_gone(
    ours: Agent, site: Site
) -> None:
    start_server(site)
    pid = site.pid()
    assert pid
    ended = call(ours, "stop", {**site.parameters(), "config": "/no/file"})
    assert ended.code == 0, exit_reason(ended)
    assert not is_running(pid)


def test_the_stock_agents_stop_succeeds_and_leaves_the_server_running(
    stock: Agent, site: Site
) -> None:
    """Later versions of it fail instead, and the healthy node is fenced."""
    start_server(site)
    pid = site.pid()
    assert pid
    assert call(stock, "stop", {**site.parameters(), "config": "/no/file"}).code == 0
    assert is_running(pid)
    assert pg_ctl(site, "stop", "-m", "immediate").code == 0
