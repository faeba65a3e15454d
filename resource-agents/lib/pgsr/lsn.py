# SPDX-License-Identifier: GPL-2.0-or-later
"""Core: LSNs, places in the WAL, are whole numbers; this is how they are written.

The two halves of 32 bits are what the server writes (manual, "pg_lsn Type").
"""

from __future__ import annotations

import re

_WRITTEN = re.compile(r"([0-9A-Fa-f]{1,8})/([0-9A-Fa-f]{1,8})")


def parse(text: str) -> int:
    """Return the LSN in ``text``, as the server writes it; ValueError for others."""
    found = _WRITTEN.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is no LSN")
    return int(found.group(1), 16) << 32 | int(found.group(2), 16)


def text(lsn: int) -> str:
    """Return an LSN as the server writes it."""
    return f"{lsn >> 32:X}/{lsn & 0xFFFFFFFF:X}"


def stock(lsn: int) -> str:
    """Return an LSN as ocf:heartbeat:pgsql writes it into node attributes."""
    return f"{lsn:016X}"
