# SPDX-License-Identifier: GPL-2.0-or-later
"""Replication slots as part of a monitor: kept right on every node, and watched."""

from __future__ import annotations

from collections.abc import Mapping

from pgsr.action import Action
from pgsr.decide import managed
from pgsr.decide.slots import STEP_BYTES, Nodes, needed_text, parse_needed
from pgsr.modes.managed.view import View, own_writes, write_some
from pgsr.postgres import slots
from pgsr.state import PrimarySide, StandbySide


def keep(
    action: Action, side: PrimarySide | StandbySide, view: View, most: int
) -> None:
    """Put the slots right; the primary also says what they make it keep.

    ``most`` is how many programs the action may run.
    """
    if not action.instance.parameters.replication_slot_name:
        return
    needed = _needed_by_absent(view) if isinstance(side, StandbySide) else {}
    if needed is None:
        return
    action.try_to(lambda: slots.control(action.instance, side, _nodes(view), needed))
    if isinstance(side, PrimarySide):
        retained = slots.retained_bytes(side) // STEP_BYTES * STEP_BYTES
        wanted = {
            managed.RETAINED: str(retained),
            managed.NEEDED: needed_text(side.slots, side.flush_lsn),
        }
        write_some(action, own_writes(view, wanted), most)


def _needed_by_absent(view: View) -> Mapping[str, int] | None:
    """Return what the primary says; None when there is none to say it.

    Then everything is kept: this node may be the primary soon.
    """
    primary = managed.promoted(view.peers)
    if primary is None or not primary.is_online:
        return None
    return parse_needed(primary.own.get(managed.NEEDED, ""))


def _nodes(view: View) -> Nodes:
    return Nodes(
        own=view.cluster.node,
        members=tuple(peer.name for peer in view.peers),
        known=tuple(peer.name for peer in view.cluster.peers),
        running=tuple(
            peer.name
            for peer in view.peers
            if peer.is_online and peer.role != "Stopped"
        ),
    )
