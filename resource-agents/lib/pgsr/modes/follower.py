# SPDX-License-Identifier: GPL-2.0-or-later
"""rep_mode=slave: a standby of a primary outside of this resource, never promoted.

It is a stand-alone server but for its start, which makes it a standby each time.
"""

from __future__ import annotations

import os

from pgsr.action import Action
from pgsr.modes import standalone
from pgsr.ocf import AgentError, Exit
from pgsr.postgres import control, datadir, postmaster, recovery, slots
from pgsr.postgres.observe import from_processes
from pgsr.postgres.start import start as start_server
from pgsr.state import ControlState, Role, Service

_OF_A_PRIMARY = (ControlState.SHUT_DOWN, ControlState.IN_PRODUCTION)

stop = standalone.stop
monitor = standalone.monitor


def start(action: Action) -> Exit:
    """Start the server as a standby unless it runs."""
    instance = action.instance
    if from_processes(instance.pgdata) is Service.ANSWERS:
        pid = postmaster.find(instance.pgdata).postmaster
        instance.log.info(f"PostgreSQL is already running. PID={pid}")
        return monitor(action)
    _warn_of_former_primary(action)
    node = action.call.node
    slot = slots.name_of(instance, node)
    recovery.prepare(instance, node, slot)
    server = start_server(instance)
    if server.role is Role.PRIMARY:
        raise AgentError(
            "PostgreSQL was started as a standby, but is not in recovery; see its log"
        )
    if server.service is Service.ANSWERS:
        action.try_to(lambda: recovery.confirm(instance, node, slot))
    return Exit.SUCCESS


def _warn_of_former_primary(action: Action) -> None:
    """Say that a primary becomes a standby, which cannot follow every primary.

    The server checks that itself, again and again, and says so in its log only.
    """
    pgdata = action.instance.pgdata
    found = control.read(pgdata)
    is_restored = os.path.exists(f"{pgdata}/backup_label")
    if is_restored or not found or datadir.is_standby_configured(pgdata):
        return
    if found.state in _OF_A_PRIMARY:
        action.instance.log.warning(
            f"{pgdata} was a primary's and becomes a standby. If it does not stream, it"
            " has changes that its primary has not: see the server's log, and restore a"
            " new backup of the primary"
        )
