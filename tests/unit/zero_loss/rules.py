# SPDX-License-Identifier: GPL-2.0-or-later
"""The rules under test, and how the agents of the model act by them.

Each step of an agent is an effect: a crash, a broken network or other agents may come
between any two of them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from pgsr.decide import election, managed, quorum, synchronous, takeover
from pgsr.decide.election import Candidate, Election
from pgsr.decide.managed import Setting, Write
from pgsr.decide.names import SyncNames
from pgsr.decide.shutdowns import has_followed
from pgsr.decide.synchronous import Plan, Round
from pgsr.state import Peer, Position, Verdict
from tests.unit.zero_loss.world import (
    Effect,
    World,
    change,
    own_attribute,
    peers_of,
    position_of,
    server_of,
    written,
)


def _plan(now: Round) -> Plan:
    return quorum.plan(now) if now.setting.quorum else synchronous.plan(now)


def _elect(
    own: Position,
    peers: Sequence[Peer],
    setting: Setting,
    record: str,
    ended: Collection[str],
) -> Election:
    return election.elect(own, peers, setting, record=record, ended=ended)


Elect = Callable[
    [Position, Sequence[Peer], Setting, str, Collection[str]],
    Election,
]
FirstWrites = Callable[[str, str, Sequence[Peer], Setting], tuple[Write, ...]]
FirstNames = Callable[[str, Sequence[Peer], Collection[str], Setting], SyncNames]


class Rules(NamedTuple):
    """The rules under test; a broken one is put in to see that the model notices."""

    plan: Callable[[Round], Plan] = _plan
    elect: Elect = _elect
    may_promote: Callable[[Candidate, Sequence[Peer], str, Setting], Verdict] = (
        election.may_promote
    )
    to_begin_anew: Callable[[Sequence[Peer], Plan], frozenset[str]] = (
        synchronous.to_begin_anew
    )
    first_writes: FirstWrites = takeover.first_writes
    first_names: FirstNames = takeover.first_names
    is_able: Callable[[str], bool] = managed.may_take_over
    is_proof_needed: bool = True
    is_in_force_needed: bool = True


def begin(world: World, me: str, action: str, effects: Sequence[Effect]) -> World:
    """Let an agent begin an action; a node runs one at a time."""
    return change(world, me, action=action, todo=tuple(effects))


def soon(world: World, me: str, effects: Sequence[Effect]) -> World:
    """Do some effects next."""
    return change(world, me, todo=(*effects, *world.nodes[me].todo))


def write(each: Write) -> Effect:
    """Return the effect that writes an attribute."""
    return lambda world, me: written(world, me, each)


def own_writes(world: World, me: str, wanted: dict[str, str]) -> list[Write]:
    """Return which of a node's own attributes differ from ``wanted``."""
    return [
        Write(me, name, value)
        for name, value in wanted.items()
        if own_attribute(world, me, name) != value
    ]


def candidate(world: World, me: str) -> Candidate:
    """Return a node as its promotion sees it."""
    node = world.nodes[me]
    shutdowns = {
        peer.name: position
        for peer in peers_of(world, me)
        if peer.is_online
        and (position := managed.parse_position(peer.own.get(managed.SHUTDOWN, "")))
    }
    mine = managed.parse_position(own_attribute(world, me, managed.SHUTDOWN))
    own = position_of(node)
    return Candidate(
        record=own_attribute(world, me, managed.RECORD),
        score=own_attribute(world, me, "score"),
        position=own,
        server=server_of(node),
        is_forced=False,
        shutdowns=shutdowns,
        is_demoted=mine is not None and not has_followed(own, mine),
    )
