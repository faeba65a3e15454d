# SPDX-License-Identifier: GPL-2.0-or-later
"""PGSQL.lock: this data directory was a primary's, and may hold WAL nobody else has.

Created by promote, as the stock agent does.  It is removed when the data was proven to
be a part of the new primary's history, and by a demotion without any standby.
"""

from __future__ import annotations

from pgsr import files
from pgsr.action import Action


def path(action: Action) -> str:
    """Return where the lock is."""
    return f"{action.instance.parameters.directory}/PGSQL.lock"


def exists(action: Action) -> bool:
    """Tell whether the lock is there."""
    return files.exists(path(action))


def create(action: Action) -> None:
    """Create the lock."""
    if not exists(action):
        action.instance.log.info(f"Creating {path(action)}.")
        files.create(path(action), action.instance.account, "")


def remove(action: Action) -> None:
    """Remove the lock."""
    if exists(action):
        action.instance.log.info(f"Removing {path(action)}.")
        files.remove(path(action), action.instance.account)
