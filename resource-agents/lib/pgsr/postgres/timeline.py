# SPDX-License-Identifier: GPL-2.0-or-later
"""What the directory of the WAL says: of timelines, and of room for a new one."""

from __future__ import annotations

import os
import re

from pgsr import lsn
from pgsr.postgres import datadir

_FIRST_WITH_WAL_NAMES = (10,)
_LINE = re.compile(r"\s*(\d+)\s+([0-9A-Fa-f]+/[0-9A-Fa-f]+)(?:\s.*)?", re.DOTALL)
_SEGMENT = re.compile(r"([0-9A-F]{8})[0-9A-F]{16}(?:\.partial)?")


def newest(pgdata: str) -> int:
    """Return the highest timeline of all WAL segments, 0 when there is none.

    A standby that follows its primary onto a new timeline writes segments with its
    number at once; the control file shows it only after the next restartpoint, and no
    function says it during recovery.
    """
    try:
        names = os.listdir(_directory(pgdata))
    except OSError:
        return 0
    return highest(names)


def begin(pgdata: str, timeline: int) -> int:
    """Return the LSN at which a timeline left its parent, 0 when nothing says it.

    The first timeline has no parent; the history files of all others are kept.
    """
    name = f"{_directory(pgdata)}/{timeline:08X}.history"
    try:
        with open(name, encoding="utf-8", errors="replace") as file:
            switches = parse_history(file.read())
    except OSError:
        return 0
    return switches[-1][1] if switches else 0


def free_bytes(pgdata: str) -> int | None:
    """Return how much WAL the server could still write, None when nothing says it.

    What the file system reserves for root does not count.
    """
    try:
        found = os.statvfs(_directory(pgdata))
    except OSError:
        return None
    return found.f_bavail * found.f_frsize


def parse_history(text: str) -> tuple[tuple[int, int], ...]:
    """Return the timelines in a history file, each with the LSN at which it ended.

    The format is that of readTimeLineHistory in timeline.c.  A line that is none of
    it says nothing: data on a timeline that is not named here is not accepted.
    """
    found = (_LINE.fullmatch(line) for line in text.splitlines())
    return tuple(
        (int(each.group(1)), lsn.parse(each.group(2))) for each in found if each
    )


def _directory(pgdata: str) -> str:
    is_new = datadir.version_of(pgdata) >= _FIRST_WITH_WAL_NAMES
    return f"{pgdata}/{'pg_wal' if is_new else 'pg_xlog'}"


def highest(names: list[str]) -> int:
    """Return the highest timeline in the names of WAL segments."""
    found = (_SEGMENT.fullmatch(name) for name in names)
    return max((int(each.group(1), 16) for each in found if each), default=0)
