# SPDX-License-Identifier: GPL-2.0-or-later
"""Core: commits that wait for any k of n standbys (sync_quorum=k).

What always holds: with n standbys recorded as STREAMING|QUORUM, every acknowledged
commit is on at least k of them, so *any n-k+1 of them together hold every commit*,
and one of them may be promoted once it has what that many of them have.

Here the orders are the other way round than with one synchronous standby.  A standby
joins the record first: that asks more of a promotion, and of commits nothing yet.  It
leaves the server first: what k of the others have, k of the recorded have.  Only
going on with fewer than k takes the proof that ``synchronous.cannot_act`` describes.
"""

from __future__ import annotations

from pgsr.decide.names import EMPTY, SyncNames
from pgsr.decide.standbys import is_fit, sender_of
from pgsr.decide.synchronous import (
    NO_STANDBY,
    Plan,
    Round,
    cannot_act,
    is_entitled,
)
from pgsr.state import Peer


def plan(now: Round) -> Plan:
    """Return the next step towards ANY k of all standbys that can be promoted."""
    fit = _fit(now)
    recorded = frozenset(peer.name for peer in now.peers if is_entitled(peer))
    if len(fit) < now.setting.quorum:
        return _without_quorum(now, recorded)
    names = _any(now, [peer.name.lower() for peer in fit])
    everybody = frozenset(peer.name for peer in fit)
    if now.in_force != names:
        # Who joins is recorded before commits may be on it alone; who leaves stays
        # recorded until k of the others have everything.
        begins = now.in_force.kind != "ANY" or not recorded
        return Plan(recorded if begins else recorded | everybody, names)
    if recorded == everybody:
        return Plan(recorded)
    return Plan(
        recorded, to_prove=everybody, needed=now.setting.quorum, proven=everybody
    )


def reports_needed(recorded: int, quorum: int) -> int:
    """Return how many of the recorded must have reported before a promotion."""
    return max(1, recorded - quorum + 1)


def _without_quorum(now: Round, recorded: frozenset[str]) -> Plan:
    held = [peer for peer in now.peers if _is_held(peer, now)]
    if now.setting.is_strict:
        # Nobody loses a right: commits wait until k standbys are there again.
        names = None if now.in_force.names else SyncNames("", 1, (NO_STANDBY,))
        return Plan(recorded, names, awaited=("too few standbys are connected",))
    if held:
        awaited = tuple(f"{peer.name}: it may be promoted" for peer in held)
        return Plan(frozenset(), awaited=awaited)
    return Plan(frozenset(), EMPTY if now.in_force.names else None)


def _is_held(peer: Peer, now: Round) -> bool:
    return peer.name.lower() in now.in_force.names and not cannot_act(peer, now)


def _fit(now: Round) -> list[Peer]:
    return [
        peer
        for peer in now.peers
        if is_fit(peer, sender_of(peer.name, now.side.senders))
    ]


def _any(now: Round, names: list[str]) -> SyncNames:
    return SyncNames("ANY", now.setting.quorum, tuple(sorted(names)))
