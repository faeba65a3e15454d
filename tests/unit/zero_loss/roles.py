# SPDX-License-Identifier: GPL-2.0-or-later
"""Elections, promotions, demotions, starts and stops, in the steps of modes/managed."""

from __future__ import annotations

from collections.abc import Sequence

from pgsr.decide import election, managed
from pgsr.decide.election import Candidate, Outcome
from pgsr.decide.managed import Setting, Write
from pgsr.decide.names import EMPTY
from pgsr.decide.shutdowns import ended_before
from pgsr.state import Peer
from tests.unit.zero_loss.rules import (
    Rules,
    begin,
    candidate,
    own_writes,
    soon,
    write,
)
from tests.unit.zero_loss.world import (
    DOWN,
    PRIMARY,
    STANDBY,
    Effect,
    World,
    change,
    is_prefix,
    own_attribute,
    peers_of,
    position_of,
    reach,
    with_acknowledged,
)


def vote(world: World, me: str, rules: Rules) -> World | None:
    """Begin to take part in an election; None when none is due."""
    peers = peers_of(world, me)
    node, score = world.nodes[me], own_attribute(world, me, "score")
    if managed.promoted(peers) and own_attribute(world, me, managed.POSITION):
        return begin(world, me, "vote", [write(Write(me, managed.POSITION, ""))])
    is_able = node.server == STANDBY and not is_paused(world, me)
    is_due = is_able and managed.promoted(peers) is None
    if not is_due or managed.may_take_over(score) or not election.is_at_rest(peers):
        return None
    own = position_of(node)
    said = {managed.POSITION: managed.position_text(own)}
    writes = own_writes(world, me, said)

    def conclude(world: World, me: str) -> World:
        told = {
            each.name: each.own.get(managed.POSITION) for each in peers_of(world, me)
        }
        seen = [
            peer._replace(own={**peer.own, managed.POSITION: text})
            if (text := told[peer.name])
            else peer
            for peer in peers
        ]
        known = candidate(world, me)
        ended = ended_before(known.server, own, known.shutdowns)
        voted = rules.elect(own, seen, world.setting, known.record, ended)
        if voted.outcome is not Outcome.WON:
            return world
        return soon(world, me, [write(Write(me, "score", managed.SCORE_PRIMARY))])

    return begin(world, me, "vote", [*map(write, writes), conclude])


def is_paused(world: World, me: str) -> bool:
    """Tell whether a standby has said that its replay is paused."""
    return own_attribute(world, me, managed.STATUS) == managed.STATUS_PAUSED


def pause(world: World, me: str) -> World:
    """Begin to say that replay is paused: WAL is received, and nobody is promoted."""
    give_up = write(Write(me, "score", managed.MINUS_INFINITY))
    said = write(Write(me, managed.STATUS, managed.STATUS_PAUSED))
    return begin(world, me, "pause", [give_up, said])


def resume(world: World, me: str) -> World:
    """Begin to say that replay goes on."""
    said = write(Write(me, managed.STATUS, managed.STATUS_ALONE))
    return begin(world, me, "resume", [said])


# Promotion, demotion, start and stop (modes/managed/promote.py, start.py, stop.py).


def promote(world: World, me: str, rules: Rules) -> World:
    """Begin a promotion, as Pacemaker orders it."""

    def decide(world: World, me: str) -> World:
        peers, own = peers_of(world, me), candidate(world, me)
        verdict = rules.may_promote(own, peers, me, world.setting)
        if not verdict.is_allowed:
            text = managed.position_text(own.position)
            refusal = {managed.POSITION: text, "score": managed.MINUS_INFINITY}
            return soon(world, me, [*map(write, own_writes(world, me, refusal))])
        better = election.ahead(own.position, peers)
        if better and not _fetched(world, me, better.name):
            over = [Write(better.name, "score", managed.SCORE_PRIMARY)]
            over += [Write(me, "score", managed.MINUS_INFINITY)]
            return soon(world, me, [*map(write, over)])
        if better:
            world = _fetched(world, me, better.name) or world
        return soon(world, me, _take_over(peers, own, me, world.setting, rules))

    return begin(world, me, "promote", [decide])


def _fetched(world: World, me: str, other: str) -> World | None:
    mine, theirs = world.nodes[me].wal, world.nodes[other].wal
    if not reach(world, me, other) or not is_prefix(mine, theirs):
        return None
    return change(world, me, wal=theirs, timeline=world.nodes[other].timeline)


def _take_over(
    peers: Sequence[Peer], own: Candidate, me: str, setting: Setting, rules: Rules
) -> list[Effect]:
    latest = Write(me, managed.RECORD, managed.LATEST)
    names = rules.first_names(own.record, peers, own.shutdowns, setting)
    confirmation = [
        Write(me, "score", managed.SCORE_PRIMARY),
        latest,
        Write(me, managed.SHUTDOWN, ""),
    ]

    def promote_server(world: World, me: str) -> World:
        node, serial = world.nodes[me], world.serial + 1
        world = change(
            world._replace(serial=serial),
            me,
            server=PRIMARY,
            is_promoted=True,
            names=names,
            waits=True,
            rows={},
            unrecorded={},
            timeline=node.timeline + 1,
            wal=(*node.wal, -serial),
        )
        return with_acknowledged(world)

    first = [*rules.first_writes(me, own.record, peers, setting)]
    first.append(Write(me, managed.POSITION, ""))
    return [*map(write, first), promote_server, *map(write, confirmation)]


def demote(world: World, me: str) -> World:
    """Begin the demotion of a primary that runs: a clean end, then a standby again."""

    def stop_server(world: World, me: str) -> World:
        node, serial = world.nodes[me], world.serial + 1
        wal = (*node.wal, -serial)
        said = managed.position_text(position_of(node))
        world = change(world, me, server=DOWN, is_promoted=False, wal=wal, rows={})
        effects = [write(Write(me, managed.SHUTDOWN, said)), start_server]
        return soon(world._replace(serial=serial), me, effects)

    def forget(world: World, me: str) -> World:
        return change(world, me, is_promoted=False)

    if world.nodes[me].server == PRIMARY:
        return begin(world, me, "demote", [stop_server])
    give_up = write(Write(me, "score", managed.MINUS_INFINITY))
    return begin(world, me, "demote", [give_up, forget])


def start_server(world: World, me: str) -> World:
    """Start a server as a standby that nobody waits for."""
    return change(
        world, me, server=STANDBY, names=EMPTY, waits=False, rows={}, unrecorded={}
    )


def start(world: World, me: str, is_recovering: bool) -> World:
    """Begin a start; a node that is to be promoted next keeps its score."""
    effects: list[Effect] = []
    if not is_recovering:
        effects.append(write(Write(me, "score", managed.MINUS_INFINITY)))
    alone = write(Write(me, managed.STATUS, managed.STATUS_ALONE))
    return begin(world, me, "start", [*effects, start_server, alone])


def stop(world: World, me: str) -> World:
    """Begin a stop: the score goes first."""

    def stop_server(world: World, me: str) -> World:
        return change(world, me, server=DOWN, is_promoted=False, rows={})

    give_up = write(Write(me, "score", managed.MINUS_INFINITY))
    said = write(Write(me, managed.STATUS, managed.STATUS_STOPPED))
    return begin(world, me, "stop", [give_up, stop_server, said])
