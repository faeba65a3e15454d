# SPDX-License-Identifier: GPL-2.0-or-later
"""Looks at the process table; ends nothing."""

from __future__ import annotations

import os
from pathlib import Path


def belonging_to(directory: Path) -> list[int]:
    """Processes that work in `directory` or below, or were started with its name.

    Every process of a PostgreSQL server works in its data directory, whose name the
    postmaster has in its command line too. Zombies have neither.
    """
    mine = os.getpid()
    return [pid for pid in _all_pids() if pid != mine and _belongs(pid, directory)]


def children_of(pid: int) -> list[int]:
    """Processes whose parent is `pid`."""
    return [child for child in _all_pids() if parent_of(child) == pid]


def parent_of(pid: int) -> int | None:
    """The parent of a process, None if it has ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name, in parentheses, may itself hold blanks and parentheses.
    return int(stat.rpartition(")")[2].split()[1])


def describe(pid: int) -> str:
    """The command line of a process with its number, for messages."""
    try:
        argv = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return f"{pid}: ended"
    return f"{pid}: {argv.replace(bytes(1), b' ').decode(errors='replace').strip()}"


def _all_pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _belongs(pid: int, directory: Path) -> bool:
    try:
        where = os.readlink(f"/proc/{pid}/cwd")
        argv = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return False
    # A directory that was removed meanwhile reads as "... (deleted)".
    inside = where == str(directory) or where.startswith(f"{directory}/")
    return inside or os.fsencode(directory) in argv
