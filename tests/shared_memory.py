# SPDX-License-Identifier: GPL-2.0-or-later
"""Removes the shared memory that a killed PostgreSQL leaves, as its next start would.

Each leaves a segment of a few bytes (System V), of which a machine can hold only some
thousands.
"""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import NamedTuple

TABLE = Path("/proc/sysvipc/shm")
IPC_RMID = 0  # sys/ipc.h


class Segment(NamedTuple):
    """A line of the table (proc(5)); `attached` counts the processes that use it."""

    key: int
    number: int
    creator: int
    attached: int

    def has_creator(self) -> bool:
        """Whether the process that made it still runs."""
        return Path("/proc", str(self.creator)).exists()


def remove_that_of_dead_servers(directory: Path) -> None:
    """Remove the unused segments of the data directories below `directory`."""
    libc = ctypes.CDLL(None)
    data = [path.parent for path in directory.rglob("PG_VERSION")]
    # Since version 12 the key is made of the directory's inode number.
    keys = {path.stat().st_ino & 0xFFFFFFFF for path in data}
    numbers = {number_in_pid_file(path) for path in data}
    for segment in segments():
        is_of_these = segment.key & 0xFFFFFFFF in keys or segment.number in numbers
        if is_of_these and not segment.attached and not segment.has_creator():
            libc.shmctl(segment.number, IPC_RMID, None)


def segments() -> list[Segment]:
    """All segments of the machine."""
    rows = [line.split() for line in TABLE.read_text().splitlines()[1:]]
    return [Segment(int(r[0]), int(r[1]), int(r[4]), int(r[6])) for r in rows]


def number_in_pid_file(data: Path) -> int | None:
    """The segment that a killed server's pid file names (miscadmin.h)."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        return int(lines[6].split()[1])
    except (FileNotFoundError, NotADirectoryError, IndexError, ValueError):
        return None
