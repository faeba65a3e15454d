# SPDX-License-Identifier: GPL-2.0-or-later
"""Wrong parameters and places: refused with a reason, never executed, never a lie."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres.conftest import Pair
from tests.postgres.disks import fill, small_disk
from tests.postgres.node import Node
from tests.programs import must
from tests.provision.postgresql import installations

NOTICED_WITHIN_S = 10  # a bound for a slow machine; the operation has 30 seconds


def assert_refused(node: Node, code: int, *words: str, **changes: str) -> None:
    """Assert that start and validate-all refuse, and say what is wrong."""
    for action in ("start", "validate-all"):
        answer = node.agent(action, **changes)
        assert answer.code == code, (action, answer)
        for word in words:
            assert word in answer.reason, (action, answer.reason)
    assert not (node.data / "postmaster.pid").exists()


@pytest.mark.parametrize(
    ("name", "value", "accepted"),
    [
        ("rep_mode", "asynch", "none, async"),
        ("pgport", "postgres", "port number"),
        ("trigger_file", "PGSQL.trigger", "absolute path"),
        ("stop_escalate", "-1", "seconds"),
    ],
)
def test_a_wrong_value_is_refused_and_stop_and_monitor_still_tell_the_truth(
    pair: Pair, name: str, value: str, accepted: str
) -> None:
    node = pair.node1
    assert_refused(node, 6, f"{name}='{value}'", accepted, **{name: value})
    node.operate("start")
    node.operate("promote")
    assert node.agent("monitor", **{name: value}).code == 8
    assert node.agent("stop", **{name: value}).code == 0
    assert not node.is_running()
    assert node.agent("monitor", **{name: value}).code == 7


def test_a_missing_tmpdir_is_refused(pair: Pair) -> None:
    missing = str(pair.node1.top / "missing")
    assert_refused(pair.node1, 6, "tmpdir", missing, "directory", tmpdir=missing)


def test_a_tmpdir_that_is_a_link_is_refused_and_its_target_left_alone(
    pair: Pair, workspace: Path
) -> None:
    target, link = workspace / "roots", pair.node1.top / "link"
    target.mkdir(mode=0o755)
    link.symlink_to(target)
    assert_refused(pair.node1, 6, "tmpdir", "link", str(target), tmpdir=str(link))
    pair.node1.agent("monitor", tmpdir=str(link))
    pair.node1.agent("stop", tmpdir=str(link))
    assert target.stat().st_uid == 0
    assert target.stat().st_mode & 0o777 == 0o755


def test_a_tmpdir_that_only_root_can_write_is_refused(pair: Pair) -> None:
    directory = pair.node1.top / "roots"
    directory.mkdir(mode=0o755)
    answer = pair.node1.agent("start", tmpdir=str(directory))
    assert answer.code == 4
    assert str(directory) in answer.reason


def test_replication_needs_a_promotable_clone(pair: Pair) -> None:
    assert_refused(pair.node1, 6, "promotable", CRM_meta_promotable="false")


def test_an_empty_data_directory_is_refused(pair: Pair) -> None:
    shutil.rmtree(pair.node1.data)
    pair.node1.data.mkdir()
    shutil.chown(pair.node1.data, "postgres", "postgres")
    answer = pair.node1.agent("start")
    assert answer.code == 5
    assert "PG_VERSION" in answer.reason


def test_a_data_directory_of_another_version_is_refused(pair: Pair) -> None:
    other = installations()[16] / "pg_ctl"
    answer = pair.node1.agent("start", pgctl=str(other))
    assert answer.code == 5
    assert "PostgreSQL 15" in answer.reason
    assert "PostgreSQL 16" in answer.reason


def test_a_data_directory_of_somebody_else_is_refused(pair: Pair) -> None:
    must(["chown", "--recursive", "nobody", str(pair.node1.data)])
    answer = pair.node1.agent("start")
    assert answer.code == 4
    assert "postgres" in answer.reason
    assert "nobody" in answer.reason


def test_a_missing_configuration_file_is_named(pair: Pair) -> None:
    answer = pair.node1.agent("start", config="/nonexistent/postgresql.conf")
    assert answer.code == 5
    assert "/nonexistent/postgresql.conf" in answer.reason


@pytest.mark.parametrize("flag", ["start_flag", "monitor_flag"])
def test_a_flag_that_is_a_directory_stops_everything_but_stop(
    pair: Pair, flag: str
) -> None:
    node = pair.node1
    path: Path = getattr(node, flag)
    path.mkdir()
    answer = node.agent("start")
    assert answer.code in (1, 4)
    assert str(path) in answer.reason
    assert not node.is_running()
    assert node.agent("stop").code == 0
    path.rmdir()


def test_a_standby_that_watches_another_trigger_file_is_refused(pair: Pair) -> None:
    cluster, node1, node2 = pair
    node2.follow(node1)
    cluster.set_node("node1", role="Promoted")
    other = str(node2.flags / "other")
    for action in ("start", "validate-all"):
        answer = node2.agent(action, trigger_file=other, CHECK_LEVEL="10")
        assert answer.code == 6, action
        assert other in answer.log
        assert str(node2.trigger) in answer.log
    assert not node2.start_flag.exists()


@pytest.fixture
def full_disk(pair: Pair) -> Iterator[Path]:
    """A directory of the database's user on a disk with nothing free."""
    with small_disk(pair.node1.top / "full", "64k", "777") as directory:
        yield directory


def test_promotion_fails_before_the_server_starts_when_the_disk_is_full(
    pair: Pair, full_disk: Path
) -> None:
    node, tmpdir = pair.node1, str(full_disk)
    assert node.agent("start", tmpdir=tmpdir).code == 0
    fill(full_disk)
    answer = node.agent("promote", tmpdir=tmpdir)
    assert answer.code == 1
    assert "repress_start" in answer.reason
    assert "No space left" in answer.reason
    assert not node.is_running()
    assert not (full_disk / node.start_flag.name).exists(), "nothing is left half done"


def test_a_standby_is_not_started_when_its_flag_cannot_be_written(
    replicating: Pair, full_disk: Path
) -> None:
    node2 = replicating.node2
    node2.operate("stop")
    fill(full_disk)
    answer = node2.agent("start", tmpdir=str(full_disk))
    assert answer.code == 1
    assert "No space left" in answer.reason
    assert not node2.is_running()


HOSTILE = (
    "'; touch {0}; '",
    '"; touch {0}; "',
    "$(touch {0})",
    "`touch {0}`",
    "x\ntouch {0}",
    "ünïcödé ☃ {0}",
    "x" * 10_000,
)
FREE_TEXT = (
    "start_opt", "ctl_opt", "psql", "pghost", "pglibs", "monitor_user",
    "monitor_password", "monitor_sql", "pgdb", "pgdba", "pgctl", "pgdata", "config",
    "logfile", "socketdir", "trigger_file", "tmpdir",
)  # fmt: skip


@pytest.mark.parametrize("name", FREE_TEXT)
def test_no_parameter_is_ever_executed(pair: Pair, name: str) -> None:
    """Each text is taken literally or refused, by every action, without a fault."""
    node, proof = pair.node1, pair.node1.flags / "executed"
    for text in HOSTILE:
        prefix = "/" if name in ("pgctl", "pgdata", "config", "logfile") else ""
        changes = {name: prefix + text.format(proof), "rep_mode": "none"}
        for action in ("start", "monitor", "stop"):
            answer = node.agent(action, **changes, CRM_meta_timeout="6000")
            assert "Fault of the agent" not in answer.log, answer
        assert not proof.exists(), changes
        node.end_server()


def test_bytes_that_are_no_utf8_are_no_fault(pair: Pair) -> None:
    text = os.fsdecode(b"\xff\xfe")
    for name in FREE_TEXT:
        answer = pair.node1.agent("validate-all", **{name: text})
        assert "Fault of the agent" not in answer.log, answer


def test_the_exit_reason_shows_nothing_that_only_root_may_read(pair: Pair) -> None:
    node, secret = pair.node1, pair.node1.top / "secret"
    secret.write_text("FATAL:  root:$6$secret\n")
    secret.chmod(0o600)
    (node.data / "log").mkdir()
    (node.data / "log/new.log").symlink_to(secret)
    answer = node.agent(
        "start", rep_mode="none", logfile=str(secret), start_opt="-c nonsense=1"
    )
    assert answer.code == 4, "the log file is not writable by the database's user"
    answer = node.agent(
        "start", rep_mode="none", logfile="/dev/null", start_opt="-c port=x"
    )
    assert answer.code == 1
    assert "secret" not in answer.log


def test_a_server_that_dies_at_start_is_noticed_at_once_with_its_last_words(
    pair: Pair,
) -> None:
    began = time.monotonic()
    answer = pair.node1.agent("start", rep_mode="none", start_opt="-c port=x")
    assert time.monotonic() - began < NOTICED_WITHIN_S
    assert answer.code == 1
    assert 'FATAL: invalid value for parameter "port": "x"' in answer.reason
