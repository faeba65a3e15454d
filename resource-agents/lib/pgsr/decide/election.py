# SPDX-License-Identifier: GPL-2.0-or-later
"""Core: may this node be promoted?

``may_promote`` is the whole rule.  Pacemaker promotes only after the old primary was
demoted or its node fenced; what is decided here is whether the data of this node is
good enough to go on with.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from enum import Enum
from typing import NamedTuple

from pgsr.decide import fitness, managed, shutdowns
from pgsr.decide.managed import Setting
from pgsr.decide.quorum import reports_needed
from pgsr.state import ALLOWED, Peer, Position, Server, Verdict


class Outcome(Enum):
    """How an election stands for this node."""

    WON = "this node has the newest data of all that can have it"
    LOST = "another node has newer data"
    OPEN = "not all that can have newer data have said what they have"


class Election(NamedTuple):
    """How an election stands; ``nodes`` has the better ones, or those awaited."""

    outcome: Outcome
    nodes: tuple[str, ...] = ()


class Candidate(NamedTuple):
    """This node, as a promotion sees it.

    ``shutdowns`` are the positions of the shutdown checkpoints with which other
    nodes' servers were stopped as primaries; ``is_demoted`` tells that this node's
    server was stopped so, to hand over, and has followed nobody since.  ``free_bytes``
    is the room for WAL, None when it is not known.
    """

    record: str
    score: str
    position: Position
    server: Server
    is_forced: bool
    shutdowns: Mapping[str, Position]
    is_demoted: bool = False
    free_bytes: int | None = None


def elect(
    own: Position,
    peers: Sequence[Peer],
    setting: Setting,
    *,
    is_forced: bool = False,
    record: str = managed.DISCONNECT,
    ended: Collection[str] = (),
) -> Election:
    """Return how an election without a primary stands: timeline first, then position.

    Nobody has the mark of a candidate that the primary gave: all nodes were down, or
    the candidate was lost together with the primary.  Every member is waited for that
    may hold newer data: who runs a server must say what it has, and who has the record
    of a primary or of its synchronous standby is waited for even when it is off: this
    node's copy of the record may be older than what happened while it was away.
    Of equal data that of a holder wins: a node that is cut off or loses its power just
    now waits for holders later, and for nobody else.  ``is_forced`` is the
    administrator's explicit word not to wait for those that are absent, ``record`` this
    node's own, and ``ended`` are those whose end was replayed here (shutdowns.py).
    """
    said = {peer.name: _position(peer) for peer in peers}
    silent = [p for p in peers if said[p.name] is None and not _has_ended(p, ended)]
    awaited = [p.name for p in silent if _may_hold_more(p, record, setting)]
    mine = (own[1:], _worth(record, setting))
    better = [
        peer.name
        for peer in peers
        if (theirs := said[peer.name])
        and theirs.system_identifier == own.system_identifier
        and (theirs[1:], _worth(peer.own.get(managed.RECORD, ""), setting)) > mine
    ]
    if better:
        return Election(Outcome.LOST, tuple(better))
    if awaited and not is_forced:
        return Election(Outcome.OPEN, tuple(awaited))
    return Election(Outcome.WON)


def foreign(own: Position, peers: Sequence[Peer]) -> tuple[Peer, ...]:
    """Return the peers whose data is that of another database cluster."""
    return tuple(
        peer for peer in peers if _identifier(peer) not in (None, own.system_identifier)
    )


def is_at_rest(peers: Sequence[Peer]) -> bool:
    """Tell whether nobody else is going to be promoted without an election."""
    return not any(
        managed.may_take_over(peer.score) and peer.is_online and peer.role != "Stopped"
        for peer in peers
    )


def ahead(own: Position, peers: Sequence[Peer]) -> Peer | None:
    """Return the standby that has the most beyond ``own``, None when nobody has."""
    found = [
        (position[1:], peer.name, peer)
        for peer in peers
        if peer.is_online
        and (position := _position(peer))
        and position.system_identifier == own.system_identifier
        and position[1:] > own[1:]
    ]
    return max(found, key=lambda each: each[:2])[2] if found else None


def may_promote(
    candidate: Candidate, peers: Sequence[Peer], advice: str, setting: Setting
) -> Verdict:
    """Return whether this node may become the primary.

    ``advice`` goes with a refusal for nodes that are absent (``how_to_force``).

    1. No other primary is seen: two would both take writes.
    2. The server is a standby that replays: a paused one would drop out of its pause
       and lose what the administrator wanted to look at.
    3. There is room for WAL: PostgreSQL would end itself half-way (fitness.py).
    4. It has replayed the shutdown checkpoint of a primary that was demoted: then it
       has all of its data, and the demoted one can follow.
    5. It has the record and the mark, so that it holds every acknowledged commit (in
       async: it was near enough); or it has won an election among all members; or an
       administrator said so explicitly.
    """
    other = managed.promoted(peers)
    if other:
        return Verdict(
            False,
            f"Promotion refused: {other.name} runs a promoted instance",
            "Two primaries would both take writes; find out why Pacemaker has two",
        )
    refused = fitness.unfit(candidate.server, candidate.free_bytes)
    if refused:
        return refused
    if candidate.is_forced:
        return ALLOWED
    own, ended = candidate.position, candidate.shutdowns
    refused = shutdowns.missing(candidate.server, own, ended)
    if refused:
        return refused
    if is_entitled(candidate, peers, setting):
        return ALLOWED
    return _by_election(candidate, peers, advice, setting)


def is_entitled(candidate: Candidate, peers: Sequence[Peer], setting: Setting) -> bool:
    """Tell whether this node may take over without an election.

    With quorum commit no standby alone holds everything: as many as needed must have
    said what they have, and whoever is ahead is asked for it before the promotion.
    After a planned switch the one that has replayed the end of the primary has all.
    A primary that was demoted has given its right to the others.
    """
    if candidate.is_demoted or not managed.may_take_over(candidate.score):
        return False
    if not setting.is_sync or candidate.record in (managed.LATEST, managed.SYNC):
        return True
    if candidate.record != managed.QUORUM:
        return False
    if _has_replayed_all(candidate, peers):
        return True
    recorded = [p for p in peers if p.own.get(managed.RECORD) == managed.QUORUM]
    reported = [peer for peer in recorded if _position(peer)]
    needed = reports_needed(len(recorded) + 1, setting.quorum)
    return len(reported) + 1 >= needed


def _by_election(
    candidate: Candidate, peers: Sequence[Peer], advice: str, setting: Setting
) -> Verdict:
    own = candidate.position
    ended = shutdowns.ended_before(candidate.server, own, candidate.shutdowns)
    election = elect(own, peers, setting, record=candidate.record, ended=ended)
    if election.outcome is Outcome.WON:
        return ALLOWED
    names = ", ".join(election.nodes)
    if election.outcome is Outcome.LOST:
        return Verdict(
            False,
            f"Promotion refused: {names} has newer data than this node",
            "It will be promoted instead as soon as it can",
        )
    return Verdict(
        False,
        f"Promotion refused: {names} may have newer data. Bring it back, or force this"
        " node (see the log)",
        advice,
    )


def how_to_force(resource: str, node: str) -> str:
    """Return what an administrator types who gives up the data of absent nodes."""
    return (
        "Bring the missing node back. Only if it is lost for good, and its last commits"
        f" with it: attrd_updater --node={node} --name={resource}-{managed.FORCE}"
        " --update=yes"
    )


def _has_replayed_all(candidate: Candidate, peers: Sequence[Peer]) -> bool:
    """Tell whether the last primary was demoted, and all it had was replayed here."""
    server, own = candidate.server, candidate.position
    ended = shutdowns.ended_before(server, own, candidate.shutdowns)
    return any(_has_ended(peer, ended) for peer in peers)


def _position(peer: Peer) -> Position | None:
    return managed.parse_position(peer.own.get(managed.POSITION, ""))


def _identifier(peer: Peer) -> int | None:
    position = _position(peer)
    return position.system_identifier if position else None


def _may_hold_more(peer: Peer, record: str, setting: Setting) -> bool:
    """Tell whether a member that says nothing has to be waited for.

    One that is up is waited for unless its record is worth less than our own: both are
    from the same copy.  It may run nothing yet (at the very first start nobody has a
    record), or not be able to, or not say its position: the stock agent only does while
    it hopes to win.
    """
    theirs = peer.own.get(managed.RECORD, "")
    if peer.is_off:
        return managed.is_holder(theirs, setting)
    return not peer.is_online or _worth(theirs, setting) >= _worth(record, setting)


def _has_ended(peer: Peer, ended: Collection[str]) -> bool:
    """Tell whether a member is the last primary, and what it had was replayed here.

    Who was recorded by another primary since has received more; its word is old.
    """
    return peer.name in ended and peer.own.get(managed.RECORD) == managed.LATEST


def _worth(record: str, setting: Setting) -> int:
    """Rank a record: of a holder, of a node that was never seen, of any other."""
    if managed.is_holder(record, setting):
        return 2
    return 0 if record else 1
