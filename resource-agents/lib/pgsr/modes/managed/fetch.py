# SPDX-License-Identifier: GPL-2.0-or-later
"""Fetch the WAL that another standby has and this node lacks, before a promotion."""

from __future__ import annotations

from pgsr import lsn
from pgsr.action import Action
from pgsr.decide import managed
from pgsr.decide.managed import Write
from pgsr.modes.managed.election import position
from pgsr.modes.managed.view import View, own_writes, write_some
from pgsr.ocf import AgentError
from pgsr.postgres import datadir, postmaster, recovery, slots
from pgsr.postgres.observe import observe
from pgsr.postgres.start import start as start_server
from pgsr.postgres.stop import stop as stop_server
from pgsr.state import Peer, Position
from pgsr.wait import share, until

# A standby takes up a new primary_conninfo without a restart (release notes 13).
_FIRST_WITH_RELOAD = (13,)
_SHARE = 0.5


def from_peer(action: Action, view: View, own: Position, better: Peer) -> Position:
    """Return the position after fetching all that ``better`` has.

    It is asked under its node's name.  If that does not work in time, the other one is
    to be promoted instead: it keeps all, and this promotion fails.
    """
    wanted = managed.parse_position(better.own[managed.POSITION])
    assert wanted is not None
    action.instance.log.info(
        f"{better.name} has more WAL ({lsn.text(wanted.lsn)}) than this node"
        f" ({lsn.text(own.lsn)}): fetching it."
    )
    _follow(action, better.name)
    found = until(
        lambda: _reached(action, wanted), share(action.instance.deadline, _SHARE)
    )
    _follow(action, "")
    if found is None:
        _hand_over(action, view, better)
        raise AgentError(
            f"Promotion refused: {better.name} has more data, which could not be"
            " fetched; it is promoted instead",
            f"This node must be able to replicate from {better.name} under that name",
        )
    return found


def _reached(action: Action, wanted: Position) -> Position | None:
    seen = position(action, observe(action.instance, action.instance.deadline))
    return seen if seen and seen[1:] >= wanted[1:] else None


def _follow(action: Action, host: str) -> None:
    """Make the standby follow ``host``; empty for the primary's address again."""
    instance, node = action.instance, action.call.node.lower()
    slot = "" if host else slots.name_of(instance, node)
    recovery.write_standby(instance, node, slot, host)
    if datadir.version_of(instance.pgdata) < _FIRST_WITH_RELOAD:
        stop_server(instance, instance.parameters.stop_escalate_in_slave)
        start_server(instance)
        return
    postmaster.reload(instance.pgdata)


def _hand_over(action: Action, view: View, better: Peer) -> None:
    changes = [Write(better.name, "score", managed.SCORE_PRIMARY)]
    changes += own_writes(view, {"score": managed.MINUS_INFINITY})
    write_some(action, changes)
