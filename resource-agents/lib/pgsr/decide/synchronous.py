# SPDX-License-Identifier: GPL-2.0-or-later
"""Core: whom commits wait for, and who may be promoted (rep_mode=sync).

What always holds: *every standby that is entitled to take over holds every commit that
was acknowledged to a client.*  Entitled is who has the record STREAMING|SYNC and, as a
mark, a positive promotion score.

Growing goes server first, right after: a standby is entitled only once commits wait
for it, and once it has on disk all that was committed before they did.

Shrinking goes the other way: the mark is taken away first, then the server goes on, and
only with proof that the standby knows of it or cannot act (see ``cannot_act``): until
then commits wait.  A primary that went on at once would acknowledge commits that a
standby, promoted on the other side of a broken network, does not have.  The record goes
last: that standby may have become the primary there, and this node must wait for it
then if both are started again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pgsr.decide import managed
from pgsr.decide.managed import Setting
from pgsr.decide.names import SyncNames
from pgsr.decide.standbys import is_fit, is_streaming, ranked, sender_of
from pgsr.state import Peer, PrimarySide, Sender

# Commits wait for a standby of this name for ever: there is none.
NO_STANDBY = "pgsr has no synchronous standby"


class Round(NamedTuple):
    """What one round of control sees.

    ``in_force`` are the synchronous standbys of the running server.
    ``unrecorded_s`` tells for how many seconds a standby that still is in ``in_force``
    has been without the right to take over (see ``to_count``), and ``notice_s`` how
    long the cluster takes to notice that a node is lost.
    """

    peers: tuple[Peer, ...]
    side: PrimarySide
    in_force: SyncNames
    setting: Setting
    is_fencing_enabled: bool
    unrecorded_s: Mapping[str, float]
    notice_s: float


class Plan(NamedTuple):
    """What to do, in this order.

    1. Records and scores are written: those in ``entitled`` have the right to take
       over, and nobody else.
    2. The server gets ``names``, unless None.  Then everything is looked at again.
    3. Once ``needed`` of those in ``to_prove`` have flushed what the primary had when
       it was looked at, ``proven`` have the right, and nobody else.

    Those in ``staying`` have no right (any longer), but keep the record that says what
    they may hold.  ``awaited`` says for whom commits wait, and why.
    """

    entitled: frozenset[str]
    names: SyncNames | None = None
    staying: frozenset[str] = frozenset()
    to_prove: frozenset[str] = frozenset()
    needed: int = 0
    proven: frozenset[str] = frozenset()
    awaited: tuple[str, ...] = ()


def plan(now: Round) -> Plan:
    """Return the next step towards one synchronous standby (or all, see below).

    With standbys outside of the cluster, all that are connected count, as in the
    stock agent.
    """
    rows = {peer.name: sender_of(peer.name, now.side.senders) for peer in now.peers}
    chosen = _chosen(now, rows)
    kept = [name for name in now.in_force.names if name not in _lower(chosen)]
    held = [name for name in kept if not _may_be_left(name, now)]
    names = _names(now, [peer.name for peer in chosen], held)
    counting = frozenset(p.name for p in chosen if _counts(p, rows, now))
    entitled = frozenset(p.name for p in chosen if is_entitled(p)) & counting
    return Plan(
        entitled=entitled,
        names=None if names == now.in_force else names,
        staying=waited_for(now),
        to_prove=counting - entitled,
        needed=len(counting - entitled),
        proven=counting,
        awaited=tuple(f"{name}: {_why_held(name, now)}" for name in held),
    )


def waited_for(now: Round) -> frozenset[str]:
    """Return the members that commits wait for.

    One that has lost its right may still be promoted on the other side of a broken
    network: as long as its record stays, this node knows that it may hold more.
    """
    return frozenset(p.name for p in now.peers if p.name.lower() in now.in_force.names)


def is_entitled(peer: Peer) -> bool:
    """Tell whether a standby may take over at once: the record, and the mark."""
    record = peer.own.get(managed.RECORD, "")
    is_recorded = record in (managed.SYNC, managed.QUORUM)
    return is_recorded and managed.may_take_over(peer.score)


def cannot_act(peer: Peer, now: Round) -> bool:
    """Tell whether a standby surely will not be promoted with what it has.

    a. Its own agent took its score away when it stopped its server; a standby never
       does so only because it lost the primary, which may be dead.
    b. Its node is off: it left cleanly, or it was fenced.
    c. It lost its right, and the node is still a member after longer than the cluster
       needs to notice a loss: it has got the change. Each right lets that time begin
       anew (see ``to_begin_anew``).

    Without fencing nothing of this can be relied on; the agent says so at start, and
    goes on at once, as the stock agent does.
    """
    if peer.is_off or not now.is_fencing_enabled:
        return True
    status = peer.own.get(managed.STATUS, "")
    is_stopped = peer.role == "Stopped" and status.startswith(managed.STATUS_STOPPED)
    if peer.is_online and is_stopped and not managed.may_take_over(peer.score):
        return True
    waited_s = now.unrecorded_s.get(peer.name, 0.0)
    return peer.is_online and not is_entitled(peer) and waited_s > now.notice_s


def to_count(
    peers: Sequence[Peer], in_force: SyncNames, setting: Setting
) -> frozenset[str]:
    """Return whose time is to be counted, for ``Round.unrecorded_s``.

    Those without a right that commits wait for, or that may hold what others lack;
    and, under another key, those that got a right before commits wait for them.
    """
    without = {
        peer.name
        for peer in peers
        if not is_entitled(peer)
        and (
            peer.name.lower() in in_force.names
            or managed.is_holder(peer.own.get(managed.RECORD, ""), setting)
        )
    }
    joining = {
        joining_key(peer.name)
        for peer in peers
        if is_entitled(peer) and peer.name.lower() not in in_force.names
    }
    return frozenset(without | joining)


def to_begin_anew(peers: Sequence[Peer], plan: Plan) -> frozenset[str]:
    """Return whose time is to be counted anew: those that have a right, or get one.

    What was counted before says nothing of whether a standby knows that it has lost
    its right again.  Before anything is written, as the agent can be killed at any
    moment.
    """
    having = [p.name for p in peers if is_entitled(p)]
    given = [name for name in plan.entitled if name not in having]
    return frozenset((*having, *given, *map(joining_key, given)))


def is_any_outdated(in_force: SyncNames, senders: Sequence[Sender]) -> bool:
    """Tell whether a process that serves a standby goes by a former setting.

    Each learns of a new one by itself, and until then acknowledges commits by the
    former one (SyncRepReleaseWaiters in syncrep.c): those that only a standby has
    which is waited for no longer. The view shows by what each goes. A potential one
    is next as soon as another one is disconnected.
    """
    return any(
        sender.sync_state != "async"
        and sender.application_name.lower() not in in_force.names
        for sender in senders
    )


def is_learnt(in_force: SyncNames, senders: Sequence[Sender]) -> bool:
    """Tell whether all processes that serve standbys go by the present setting."""
    return not is_any_outdated(in_force, senders) and not any(
        sender.sync_state == "async"
        and is_streaming(sender)
        and sender.application_name.lower() in in_force.names
        for sender in senders
    )


def joining_key(name: str) -> str:
    """Return under which key the time of a standby that joins is counted."""
    return f"{name} joins"


def _chosen(now: Round, rows: Mapping[str, Sender | None]) -> list[Peer]:
    """Return the standbys that shall be synchronous.

    One that is already stays: each change costs a wait.
    """
    fit = [peer for peer in now.peers if is_fit(peer, rows[peer.name], now.side)]
    if now.setting.external:
        return fit
    counted = [peer for peer in fit if peer.name.lower() in now.in_force.names]
    entitled = [peer for peer in counted if is_entitled(peer)]
    return (entitled or counted or ranked(fit, dict(rows)))[:1]


def _counts(peer: Peer, rows: Mapping[str, Sender | None], now: Round) -> bool:
    """Tell whether commits wait for this standby, and for nobody instead of it.

    The view shows whether the process that serves it knows that.
    """
    row = rows[peer.name]
    is_outdated = is_any_outdated(now.in_force, now.side.senders)
    return row is not None and row.sync_state == "sync" and not is_outdated


def _may_be_left(name: str, now: Round) -> bool:
    """Tell whether commits need not wait for this one any longer.

    Nobody who is no member is promoted.
    """
    peer = next((each for each in now.peers if each.name.lower() == name), None)
    return peer is None or cannot_act(peer, now)


def _why_held(name: str, now: Round) -> str:
    peer = next(each for each in now.peers if each.name.lower() == name)
    if not peer.is_online:
        return "its node is lost and not fenced yet"
    time = f"{now.notice_s:.1f} s" if now.notice_s else "some seconds"
    return f"its node is up, and must be for {time} to know"


def _names(now: Round, chosen: Sequence[str], held: Sequence[str]) -> SyncNames:
    external = [
        name
        for name in now.setting.external
        if is_streaming(sender_of(name, now.side.senders))
    ]
    if held:
        return now.in_force
    names = [name.lower() for name in chosen] + external
    if not chosen and now.setting.is_strict:
        # Whom commits waited for until now they go on waiting for.
        return now.in_force if now.in_force.names else SyncNames("", 1, (NO_STANDBY,))
    if now.setting.external and names:
        return SyncNames("FIRST", len(names), tuple(names))
    return SyncNames("", len(names), tuple(names))


def _lower(peers: Sequence[Peer]) -> set[str]:
    return {peer.name.lower() for peer in peers}
