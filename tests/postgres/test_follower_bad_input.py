# SPDX-License-Identifier: GPL-2.0-or-later
"""rep_mode=slave with wrong parameters and places: refused with a reason, no harm."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres.conftest import Pair
from tests.postgres.disks import fill, small_disk
from tests.postgres.follower import Follower
from tests.postgres.node import Answer
from tests.programs import DATABASE_USER, must
from tests.workspaces import ROOTS_ALONE, new_workspace

WRONG = (
    ("tmpdir", "tmp", "absolute path"),
    ("master_ip", "192.0.2.1\nport=1", "line breaks"),
    ("repuser", "a\nb", "line breaks"),
    ("restore_command", "true\nport=1", "line breaks"),
    ("archive_cleanup_command", "true\n", "line breaks"),
    ("recovery_end_command", "true\r", "line breaks"),
    ("primary_conninfo_opt", "password='secret", "options of libpq"),
    ("primary_conninfo_opt", "sslmode=require\nx=y", "line breaks"),
    ("replication_slot_name", "My-Slot", "lower case"),
    ("restart_on_promote", "perhaps", "true or false"),
    ("stop_escalate_in_slave", "soon", "seconds"),
    ("xlog_check_count", "-1", "whole number"),
    ("crm_attr_timeout", "x", "seconds"),
    ("slot_retain_limit", "1GB", "whole number"),
    ("maxlag", "-1", "whole number"),
    ("sync_strict", "maybe", "true or false"),
    ("sync_quorum", "1.5", "whole number"),
    ("check_wal_receiver", "often", "true or false"),
    ("master_ip", "", "master_ip can't be empty."),
    ("CRM_meta_promotable", "true", "does not support Master/Slave configuration."),
)  # fmt: skip


@pytest.fixture
def stopped(pair: Pair) -> Follower:
    """A follower whose primary does not run: none is needed to be refused."""
    return Follower(pair.node2, pair.node1)


def refused(
    follower: Follower, code: int, action: str = "start", **changes: str
) -> Answer:
    """Assert that an action fails and that nothing was changed or started."""
    before = follower.configuration
    answer = follower.agent(action, **changes)
    assert answer.code == code, answer
    assert not (follower.node.data / "standby.signal").exists()
    assert not (follower.node.data / "postmaster.pid").exists()
    assert follower.configuration == before
    return answer


@pytest.mark.parametrize(("name", "value", "accepted"), WRONG)
def test_a_wrong_value_is_refused_and_named(
    stopped: Follower, name: str, value: str, accepted: str
) -> None:
    for action in ("start", "validate-all"):
        answer = refused(stopped, 6, action, **{name: value})
        assert accepted in answer.reason
        assert "secret" not in answer.log
    assert stopped.agent("stop", **{name: value}).code == 0


@pytest.mark.parametrize("name", ["primary_conninfo_opt", "tmpdir", "sync_strict"])
def test_a_server_that_runs_is_seen_and_stopped_whatever_is_wrong(
    follower: Follower, name: str
) -> None:
    wrong = {name: "'"}
    follower.start()
    assert follower.agent("monitor", **wrong).code == 0
    assert follower.agent("stop", **wrong).code == 0
    assert follower.agent("monitor", **wrong).code == 7


@pytest.mark.parametrize("major", [12, 15])
def test_a_missing_directory_is_created_with_what_is_above(
    follower: Follower, major: int
) -> None:
    directory = follower.node.top / "new" / "tmp"
    for path in (directory, directory.parent):
        assert not path.exists()
    follower.start(tmpdir=str(directory))
    for path in (directory, directory.parent, directory / "recovery.conf"):
        assert path.owner() == DATABASE_USER
        assert not path.stat().st_mode & 0o077, path


@pytest.mark.parametrize("major", [10, 11])
def test_before_version_12_no_directory_is_needed(
    follower: Follower, major: int
) -> None:
    follower.start()
    assert not follower.directory.exists()
    assert follower.recovery_conf.owner() == DATABASE_USER
    assert stat.S_IMODE(follower.recovery_conf.stat().st_mode) == 0o600


def test_a_directory_that_is_a_link_is_refused_and_its_target_left_alone(
    stopped: Follower,
) -> None:
    target, link = stopped.node.top / "roots", stopped.node.top / "link"
    target.mkdir(mode=0o755)
    link.symlink_to(target)
    answer = refused(stopped, 6, tmpdir=str(link))
    assert f"such as {target}" in answer.reason
    assert target.stat().st_uid == 0
    assert stat.S_IMODE(target.stat().st_mode) == 0o755


@pytest.mark.parametrize(
    ("owner", "mode"),
    [
        pytest.param("root", 0o755, id="root's alone"),
        pytest.param("root", 0o777, id="root's, for everybody"),
        pytest.param("nobody", 0o777, id="of somebody else"),
    ],
)
def test_a_directory_that_is_not_for_the_databases_user_is_refused(
    stopped: Follower, owner: str, mode: int
) -> None:
    directory = stopped.node.top / "other"
    directory.mkdir()
    directory.chmod(mode)
    shutil.chown(directory, owner)
    answer = refused(stopped, 4, tmpdir=str(directory))
    assert str(directory) in answer.reason
    assert directory.owner() == owner
    assert stat.S_IMODE(directory.stat().st_mode) == mode


def test_a_directory_of_the_databases_user_is_closed_to_others(
    follower: Follower,
) -> None:
    follower.directory.mkdir()
    follower.directory.chmod(0o777)
    shutil.chown(follower.directory, DATABASE_USER)
    follower.start()
    assert stat.S_IMODE(follower.directory.stat().st_mode) == 0o700


@pytest.fixture
def full_disk(pair: Pair) -> Iterator[Path]:
    """A directory of the database's user on a disk with nothing free."""
    with small_disk(pair.node2.top / "full", "64k", "700") as directory:
        shutil.chown(directory, DATABASE_USER)
        fill(directory)
        yield directory


def test_nothing_is_half_written_when_the_disk_is_full(
    stopped: Follower, full_disk: Path
) -> None:
    answer = refused(stopped, 1, tmpdir=str(full_disk))
    assert "No space left" in answer.reason
    assert [path.name for path in full_disk.iterdir()] == ["filling"]


def test_a_missing_configuration_file_is_named(stopped: Follower) -> None:
    answer = refused(stopped, 5, config="/nonexistent/postgresql.conf")
    assert "/nonexistent/postgresql.conf" in answer.reason


def test_a_directory_in_the_way_is_named(stopped: Follower) -> None:
    stopped.recovery_conf.mkdir(parents=True)
    must(["chown", "--recursive", DATABASE_USER, str(stopped.directory)])
    answer = refused(stopped, 1)
    assert f"{stopped.recovery_conf}: Is a directory" in answer.reason


def test_a_link_in_the_place_of_a_file_is_replaced_and_not_followed(
    follower: Follower,
) -> None:
    victim = follower.node.top / "victim"
    victim.write_text("precious\n")
    follower.directory.mkdir()
    follower.recovery_conf.symlink_to(victim)
    shutil.chown(follower.directory, DATABASE_USER)
    follower.start()
    assert victim.read_text() == "precious\n"
    assert not follower.recovery_conf.is_symlink()


@pytest.fixture
def roots_place() -> Iterator[Path]:
    """A directory in which nobody but root can have put anything."""
    with new_workspace(ROOTS_ALONE) as directory:
        yield directory


def test_a_configuration_of_root_is_changed_by_root_and_stays_roots(
    follower: Follower, roots_place: Path
) -> None:
    file, link = roots_place / "real.conf", roots_place / "postgresql.conf"
    file.write_text(follower.configuration)
    shutil.chown(file, "root", DATABASE_USER)
    file.chmod(0o640)
    link.symlink_to(file.name)
    follower.start(config=str(link))
    assert "added by pgsql RA" in file.read_text()
    assert link.is_symlink()
    assert (file.owner(), file.group()) == ("root", DATABASE_USER)
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert sorted(roots_place.iterdir()) == sorted([file, link])
    follower.stop()


def test_where_only_root_may_the_directory_is_created_by_root(
    follower: Follower, roots_place: Path
) -> None:
    """As /var/lib/pgsql/tmp, the default, on a system that has no /var/lib/pgsql."""
    directory = roots_place / "pgsql" / "tmp"
    follower.start(tmpdir=str(directory))
    for path in (directory, directory.parent):
        assert path.owner() == DATABASE_USER
        assert stat.S_IMODE(path.stat().st_mode) == 0o700


def test_root_changes_no_file_that_the_databases_user_has_linked_to(
    stopped: Follower, roots_place: Path
) -> None:
    victim, link = roots_place / "victim", stopped.node.data / "postgresql.conf"
    victim.write_text(stopped.configuration)
    link.unlink()
    link.symlink_to(victim)
    answer = refused(stopped, 4)
    assert f"cannot change {victim}" in answer.reason


def test_a_configuration_of_the_databases_user_keeps_its_rights(
    follower: Follower,
) -> None:
    file = follower.node.data / "postgresql.conf"
    file.chmod(0o640)
    shutil.chown(file, DATABASE_USER, "daemon")
    follower.start()
    assert (file.owner(), stat.S_IMODE(file.stat().st_mode)) == (DATABASE_USER, 0o640)


def test_no_role_and_no_port_need_be_given(follower: Follower) -> None:
    follower.start(repuser="", pgport="")
    follower.awaits_what_the_primary_has()
