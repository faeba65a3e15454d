# SPDX-License-Identifier: GPL-2.0-or-later
"""check_wal_receiver: the state of the WAL receiver as a node attribute."""

from __future__ import annotations

from pgsr.action import Action
from pgsr.state import Role, Server, Service


def publish_receiver_status(action: Action, server: Server) -> None:
    """Publish RESOURCE-receiver-status if the parameter asks for it."""
    parameters = action.instance.parameters
    if not parameters.check_wal_receiver or server.service is Service.STOPPED:
        return
    value = receiver_status(server, parameters.rep_mode in ("async", "sync"))
    if value == "ERROR":
        action.instance.log.warning("wal receiver process is not running")
    action.try_to(lambda: action.pacemaker.set_attribute("receiver-status", value))


def receiver_status(server: Server, is_replication: bool) -> str:
    """Return the attribute's value; the words are those of ocf:heartbeat:pgsql."""
    if server.is_streaming:
        return "normal"
    if is_replication and server.role is Role.PRIMARY:
        return "normal (master)"
    return "ERROR"
