# SPDX-License-Identifier: GPL-2.0-or-later
"""WAL on a disk that is full: who cannot begin a new timeline is not promoted."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.postgres.disks import small_disk
from tests.postgres.managed import MINUS_INFINITY, OPERATIONS, Group, roles
from tests.postgres.node import Node
from tests.postgres.servers import is_standby, rows, write_rows
from tests.programs import DATABASE_USER, must

DISK_SIZE = "256m"
TOO_LITTLE_BYTES = 2 << 20
ENOUGH_BYTES = 17 << 20  # a segment and the history file of the new timeline


@pytest.fixture
def on_small_disks(group: Group) -> Iterator[Group]:
    """A pair that runs, with its WAL on a small disk each."""
    with ExitStack() as end:
        for node in group.nodes:
            end.enter_context(small_disk(node.top / "wal", DISK_SIZE, "700"))
            end.callback(node.end_server)
            move_wal(node, node.top / "wal")
        group.begin()
        yield group


def move_wal(node: Node, disk: Path) -> None:
    """Put the WAL of a stopped server on a disk, as initdb --waldir does."""
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
    on_small_disks: Group,
) -> None:
    group = on_small_disks
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
    on_small_disks: Group,
) -> None:
    group = on_small_disks
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


def test_a_standby_with_room_for_one_segment_is_promoted(on_small_disks: Group) -> None:
    group = on_small_disks
    primary, standby = roles(group)
    write_rows(primary, 1)
    group.fence(primary)
    leave(standby, ENOUGH_BYTES)
    group.change(promote=[standby])
    assert rows(standby) == 1
