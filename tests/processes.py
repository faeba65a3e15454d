# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds the processes that belong to a test, and ends them."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path


def belonging_to(directory: Path) -> list[int]:
    """Processes that work in `directory` or below, or were started with its name.

    Every process of a PostgreSQL server works in its data directory, whose name the
    postmaster has in its command line too. Zombies have neither.
    """
    mine = os.getpid()
    return [pid for pid in _all_pids() if pid != mine and _belongs(pid, directory)]


def end_all(directory: Path, timeout_s: float = 10) -> None:
    """Kill every process that belongs to a directory, until there is none."""
    deadline = time.monotonic() + timeout_s
    while pids := belonging_to(directory):
        for pid in pids:
            _kill(pid)
        assert time.monotonic() < deadline, f"cannot end {[*map(describe, pids)]}"
        time.sleep(0.02)


def parent_of(pid: int) -> int | None:
    """The parent of a process, None if it has ended."""
    fields = _stat(pid)
    return int(fields[1]) if fields else None


def members_of_session(session: int) -> list[int]:
    """The processes of a session that still run; it may have lost its leader."""
    stats = {pid: _stat(pid) for pid in _all_pids()}
    return [
        pid
        for pid, fields in stats.items()
        if fields and int(fields[3]) == session and fields[0] != "Z"
    ]


def describe(pid: int) -> str:
    """The command line of a process with its number, for messages."""
    try:
        argv = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return f"{pid}: ended"
    return f"{pid}: {argv.replace(bytes(1), b' ').decode(errors='replace').strip()}"


def _stat(pid: int) -> list[str]:
    """State, parent, process group, session and so on (proc(5)); empty if it ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    # The name, in parentheses, may itself hold blanks and parentheses.
    return stat.rpartition(")")[2].split()


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


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
