# SPDX-License-Identifier: GPL-2.0-or-later
"""How a text is written so that the server, or libpq, reads back the same text."""

from __future__ import annotations

import re

_NEEDS_NO_QUOTES = re.compile(r"[^\s'\\]+", re.ASCII)


def for_configuration(value: str) -> str:
    """Return ``value`` as the server's configuration file has it.

    A backslash begins an escape between single quotes (GUC_scanstr in guc-file.l,
    which reads recovery.conf too).  Lines do not continue: there is no line break.
    """
    doubled = value.replace("\\", "\\\\").replace("'", "''")
    return f"'{doubled}'"


def for_libpq(value: str) -> str:
    """Return ``value`` as a connection string has it (conninfo_parse in libpq)."""
    if _NEEDS_NO_QUOTES.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
