# SPDX-License-Identifier: GPL-2.0-or-later
"""Directories for tests to work in, and how they end: with nothing left.

Their names hold the number of the process that made them. What a killed run left is so
found, and removed, by the next one.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.processes import belonging_to, describe, end_all
from tests.shared_memory import remove_that_of_dead_servers

NAME = re.compile(r"pgsr-test-(\d+)-")
ENDING_S = 3
# Data directories are copied all the time: in memory that takes a tenth.
MEMORY = Path("/dev/shm")
MEMORY_NEEDED_BYTES = 2 << 30
# Nobody but root may write here or in any directory above.
ROOTS_ALONE = Path("/run")


@contextmanager
def new_workspace(place: Path | None = None) -> Iterator[Path]:
    """An empty directory which the database's user may enter.

    Processes that are left in it at the end are ended, and fail the test.
    """
    prefix = f"pgsr-test-{os.getpid()}-"
    directory = Path(tempfile.mkdtemp(prefix=prefix, dir=place or best_place()))
    directory.chmod(0o755)
    try:
        yield directory
        left = left_behind(directory)
    finally:
        _remove(directory)
    assert not left, f"the test left processes behind: {left}"


def best_place() -> Path:
    """A file system in memory if there is one with room for servers and programs."""
    if not MEMORY.is_mount():
        return Path(tempfile.gettempdir())
    found = os.statvfs(MEMORY)
    has_room = found.f_bavail * found.f_frsize >= MEMORY_NEEDED_BYTES
    may_execute = not found.f_flag & os.ST_NOEXEC
    return MEMORY if has_room and may_execute else Path(tempfile.gettempdir())


def left_behind(directory: Path) -> list[str]:
    """The processes that are there still after one that was told to end had time to."""
    deadline = time.monotonic() + ENDING_S
    while belonging_to(directory) and time.monotonic() < deadline:
        time.sleep(0.02)
    return [describe(pid) for pid in belonging_to(directory)]


def remove_those_of_killed_runs() -> None:
    """Remove the workspaces whose maker is gone, and what runs in them."""
    places = {Path(tempfile.gettempdir()), best_place(), ROOTS_ALONE}
    for directory in (entry for place in places for entry in place.iterdir()):
        made_by = NAME.match(directory.name)
        if not made_by or directory.stat().st_uid != os.geteuid():
            continue
        if not Path("/proc", made_by.group(1)).exists():
            _remove(directory)


def _remove(directory: Path) -> None:
    end_all(directory)
    remove_that_of_dead_servers(directory)
    shutil.rmtree(directory, ignore_errors=True)
