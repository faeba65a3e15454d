# SPDX-License-Identifier: GPL-2.0-or-later
"""Core: commits that wait for any k of n standbys (sync_quorum=k).

What always holds: with n standbys recorded as STREAMING|QUORUM, every acknowledged
commit is on at least k of them, so *any n-k+1 of them together hold every commit*,
and one of them that has the mark may be promoted once it has what that many of them
have.

Here the orders are the other way round than with one synchronous standby.  A standby
joins the record first, and commits may be on it alone only once all others surely know
its record: they would ask too few for what they have.  It leaves the server first:
what k of the others have, k of the recorded have; the record is last, after a proof.
Only going on with fewer than k takes the proof that ``synchronous.cannot_act``
describes.
"""

from __future__ import annotations

from pgsr.decide import managed
from pgsr.decide.names import EMPTY, SyncNames
from pgsr.decide.standbys import is_fit, sender_of
from pgsr.decide.synchronous import (
    NO_STANDBY,
    Plan,
    Round,
    cannot_act,
    is_any_outdated,
    is_entitled,
    joining_key,
    waited_for,
)
from pgsr.state import Peer

# What is in force while commits are acknowledged by no standby's word.
_NOBODY = ((), (NO_STANDBY,))


def plan(now: Round) -> Plan:
    """Return the next step towards ANY k of all standbys that can be promoted."""
    fit, quorum = _fit(now), now.setting.quorum
    if now.in_force.names in _NOBODY:
        # Nobody is entitled; those that commits did not wait for prove themselves.
        names = _anew(now, fit)
        return Plan(frozenset(), None if names == now.in_force else names)
    staying = [peer for peer in fit if _is_in_force(peer, now) or _is_known(peer, now)]
    is_quorum = now.in_force.kind == "ANY" and now.in_force.number >= quorum
    if is_quorum and len(staying) >= quorum:
        return _with_quorum(now, fit, staying)
    if is_quorum and now.setting.is_strict and len(fit) < quorum:
        # Nobody loses a right: commits wait until k standbys are there again.
        awaited = ("standbys: too few are connected",)
        return Plan(_entitled(now), staying=_recorded(now), awaited=awaited)
    return _without_quorum(now, fit)


def reports_needed(recorded: int, quorum: int) -> int:
    """Return how many of the recorded must have reported before a promotion."""
    return max(1, recorded - quorum + 1)


def _with_quorum(now: Round, fit: list[Peer], staying: list[Peer]) -> Plan:
    """Let standbys leave at once, and join once all know of them; then prove."""
    entitled, recorded = _entitled(now), _recorded(now)
    everybody = frozenset(peer.name for peer in staying)
    joining = frozenset(peer.name for peer in fit if not _is_in_force(peer, now))
    names = _any(now, staying)
    if names != now.in_force:
        return Plan(entitled, names, staying=recorded)
    if entitled and joining:
        return Plan(entitled | joining, staying=recorded)
    if entitled == recorded == everybody:
        return Plan(entitled)
    if is_any_outdated(now.in_force, now.side.senders):
        return Plan(entitled, staying=recorded)
    return Plan(
        entitled,
        staying=recorded,
        to_prove=everybody,
        needed=now.setting.quorum,
        proven=everybody,
    )


def _without_quorum(now: Round, fit: list[Peer]) -> Plan:
    """Take everybody's right away; go on without them once they cannot act."""
    held = [peer for peer in now.peers if _is_held(peer, now)]
    return Plan(
        frozenset(),
        None if held else _anew(now, fit),
        staying=_recorded(now),
        awaited=tuple(f"{peer.name}: it may be promoted" for peer in held),
    )


def _anew(now: Round, fit: list[Peer]) -> SyncNames:
    if len(fit) >= now.setting.quorum:
        return _any(now, fit)
    return SyncNames("", 1, (NO_STANDBY,)) if now.setting.is_strict else EMPTY


def _recorded(now: Round) -> frozenset[str]:
    """Return who is counted as one that may hold a commit."""
    by_record = (managed.QUORUM, managed.SYNC)
    found = [p.name for p in now.peers if p.own.get(managed.RECORD) in by_record]
    return waited_for(now).union(found)


def _entitled(now: Round) -> frozenset[str]:
    return frozenset(peer.name for peer in now.peers if is_entitled(peer))


def _is_known(peer: Peer, now: Round) -> bool:
    """Tell whether all that may be promoted know that this standby has joined."""
    lost = [each for each in now.peers if not each.is_online and not each.is_off]
    waited_s = now.unrecorded_s.get(joining_key(peer.name), 0.0)
    return is_entitled(peer) and not lost and waited_s > now.notice_s


def _is_held(peer: Peer, now: Round) -> bool:
    record = peer.own.get(managed.RECORD, "")
    is_waited_for = _is_in_force(peer, now) or managed.is_holder(record, now.setting)
    return is_waited_for and not cannot_act(peer, now)


def _is_in_force(peer: Peer, now: Round) -> bool:
    return peer.name.lower() in now.in_force.names


def _fit(now: Round) -> list[Peer]:
    return [
        peer
        for peer in now.peers
        if is_fit(peer, sender_of(peer.name, now.side.senders), now.side)
    ]


def _any(now: Round, peers: list[Peer]) -> SyncNames:
    names = sorted(peer.name.lower() for peer in peers)
    return SyncNames("ANY", now.setting.quorum, tuple(names))
