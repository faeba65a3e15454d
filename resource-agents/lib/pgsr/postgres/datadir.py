# SPDX-License-Identifier: GPL-2.0-or-later
"""What a data directory and the programs beside it say without a running server."""

from __future__ import annotations

import os
import re

_FIRST_WITH_STANDBY_SIGNAL = (12,)


def major_version(text: str) -> tuple[int, ...]:
    """Return the major version in ``text``: (9, 6) for 9.6.24, (15,) for 15.4.

    Since 10 the first number alone is the major version (manual, "Versioning
    Policy").  An empty tuple means that there is no version in ``text``.
    """
    found = re.search(r"(\d+)(?:\.(\d+))?", text)
    if not found:
        return ()
    first, second = int(found.group(1)), int(found.group(2) or 0)
    return (first,) if first >= 10 else (first, second)


def version_of(pgdata: str) -> tuple[int, ...]:
    """Return the major version of the data directory, empty when it has none."""
    try:
        with open(f"{pgdata}/PG_VERSION", encoding="ascii", errors="replace") as file:
            return major_version(file.read(32))
    except OSError:
        return ()


def is_standby_configured(pgdata: str) -> bool:
    """Tell whether a server started from ``pgdata`` would be a standby.

    Before PostgreSQL 12: recovery.conf with ``standby_mode = on``; from 12 on:
    standby.signal (manual, "Standby Server Operation").
    """
    if version_of(pgdata) >= _FIRST_WITH_STANDBY_SIGNAL:
        return os.path.exists(f"{pgdata}/standby.signal")
    return recovery_setting(pgdata, "standby_mode").lower() in (
        "on",
        "true",
        "yes",
        "1",
    )


def recovery_setting(pgdata: str, name: str) -> str:
    """Return a setting of recovery.conf, empty when it is not there."""
    return setting(f"{pgdata}/recovery.conf", name)


def setting(path: str, name: str) -> str:
    """Return a setting of the file ``path`` itself, empty when it is not there.

    The last of several wins, as for the server itself.
    """
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return parse_setting(file.read(), name)
    except OSError:
        return ""


def parse_setting(text: str, name: str) -> str:
    """Return the value of ``name`` in the text of a configuration file."""
    pattern = rf"^\s*{name}\s*(?:=|\s)\s*(?:'((?:[^']|'')*)'|([^\s#']+))"
    found = re.findall(pattern, text, re.MULTILINE | re.IGNORECASE)
    if not found:
        return ""
    quoted, plain = found[-1]
    return str(quoted.replace("''", "'") or plain)
