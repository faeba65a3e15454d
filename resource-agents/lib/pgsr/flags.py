# SPDX-License-Identifier: GPL-2.0-or-later
"""The flag files of the PGSR method: where they are, and which are there."""

from __future__ import annotations

from pgsr import files
from pgsr.action import Action
from pgsr.postgres import datadir
from pgsr.state import Flags


def observe(action: Action) -> Flags:
    """Return which flags are there, and the kind of the data directory."""
    return Flags(
        is_start_repressed=files.exists(start_flag(action)),
        is_monitor_repressed=files.exists(monitor_flag(action)),
        is_standby_configured=datadir.is_standby_configured(action.instance.pgdata),
    )


def start_flag(action: Action) -> str:
    """Return the path of repress_start: this data directory was put to use."""
    return f"{action.instance.parameters.flag_prefix}.repress_start"


def monitor_flag(action: Action) -> str:
    """Return the path of repress_monitor: stopped, and unpromoted all the same."""
    return f"{action.instance.parameters.flag_prefix}.repress_monitor"
