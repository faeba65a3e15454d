# SPDX-License-Identifier: GPL-2.0-or-later
"""WAL on a disk that is full: who cannot begin a new timeline is not promoted."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres.managed import MINUS_INFINITY, OPERATIONS, Group, roles
from tests.postgres.node import Node
from tests.postgres.servers import is_standby, rows, write_rows
from tests.programs import DATABASE_USER, must

DISK_BYTES = 256 << 20
TOO_LITTLE_BYTES = 2 << 20
ENOUGH_BYTES = 17 << 20  # a segment and the history file of the new timeline


@pytest.fixture
def small_disks(group: Group) -> Iterator[Group]:
    """A group whose nodes have their WAL on a small disk each."""
    disks = [node.top / "wal" for node in group.nodes]
    try:
        for node, disk in zip(group.nodes, disks):
            move_wal(node, disk)
        yield group
    finally:
        for node, disk in zip(group.nodes, disks):
            node.end_server()
            if disk.is_mount():
                must(["umount", str(disk)])


def move_wal(node: Node, disk: Path) -> None:
    """Give the WAL of a stopped server a disk of its own, as initdb --waldir does."""
    disk.mkdir()
    options = f"size={DISK_BYTES},mode=700"
    must(["mount", "-t", "tmpfs", "-o", options, "none", str(disk)])
    wal = node.data / "pg_wal"
    shutil.copytree(wal, disk / "pg_wal")
    must(["chown", "--recursive", f"{DATABASE_USER}:", str(disk)])
    shutil.rmtree(wal)
    wal.symlink_to(disk / "pg_wal")


def leave(node: Node, free_bytes: int) -> None:
    """Leave so much room on the disk of the WAL."""
    disk = node.top / "wal"
    with (disk / "filling").open("wb") as file:
        filling_bytes = shutil.disk_usage(disk).free - free_bytes
        os.posix_fallocate(file.fileno(), 0, filling_bytes)


def test_a_primary_that_failed_on_a_full_disk_lets_its_standby_be_promoted(
    small_disks: Group,
) -> None:
    group = small_disks
    group.begin()
    primary, standby = roles(group)
    write_rows(primary, 1)
    leave(primary, TOO_LITTLE_BYTES)
    group.kill(primary)
    plan = {operation: [primary] for operation in OPERATIONS}
    answer = group.call(primary, "demote", **group.meta(plan))
    assert answer.code == 0
    assert "There is no room for WAL" in answer.log
    assert group.score(primary) == MINUS_INFINITY
    group.take_role(primary, "demote")
    assert group.candidate() == standby
    group.change(stop=[primary], promote=[standby])
    assert rows(standby) == 1


def test_a_standby_on_a_full_disk_is_refused_and_stays_a_standby(
    small_disks: Group,
) -> None:
    group = small_disks
    group.begin()
    primary, standby = roles(group)
    leave(standby, TOO_LITTLE_BYTES)
    group.fence(primary)
    answer = group.try_to_change(promote=[standby])
    assert answer.code == 1
    assert answer.reason == (
        "Promotion refused: 2 MB free for WAL, and a new timeline takes 16 MB."
        " Make room"
    )
    assert is_standby(standby)
    assert group.score(standby) == MINUS_INFINITY


def test_a_standby_with_room_for_one_segment_is_promoted(small_disks: Group) -> None:
    group = small_disks
    group.begin()
    primary, standby = roles(group)
    write_rows(primary, 1)
    group.fence(primary)
    leave(standby, ENOUGH_BYTES)
    group.change(promote=[standby])
    assert rows(standby) == 1
