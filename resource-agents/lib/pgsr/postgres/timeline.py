# SPDX-License-Identifier: GPL-2.0-or-later
"""Which timeline the newest WAL in a data directory belongs to."""

from __future__ import annotations

import os
import re

from pgsr.postgres import datadir

_FIRST_WITH_WAL_NAMES = (10,)
_SEGMENT = re.compile(r"([0-9A-F]{8})[0-9A-F]{16}(?:\.partial)?")


def newest(pgdata: str) -> int:
    """Return the highest timeline of all WAL segments, 0 when there is none.

    A standby that follows its primary onto a new timeline writes segments with its
    number at once; the control file shows it only after the next restartpoint, and no
    function says it during recovery.
    """
    is_new = datadir.version_of(pgdata) >= _FIRST_WITH_WAL_NAMES
    try:
        names = os.listdir(f"{pgdata}/{'pg_wal' if is_new else 'pg_xlog'}")
    except OSError:
        return 0
    return highest(names)


def highest(names: list[str]) -> int:
    """Return the highest timeline in the names of WAL segments."""
    found = (_SEGMENT.fullmatch(name) for name in names)
    return max((int(each.group(1), 16) for each in found if each), default=0)
