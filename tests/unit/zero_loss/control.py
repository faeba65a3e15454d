# SPDX-License-Identifier: GPL-2.0-or-later
"""The primary's control of its standbys, in the steps of modes/managed/control.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pgsr.decide import managed, standbys, synchronous
from pgsr.decide.managed import Write
from pgsr.decide.names import SyncNames
from pgsr.decide.synchronous import Plan, Round
from pgsr.state import Peer
from tests.unit.zero_loss.rules import Rules, begin, own_writes, soon, write
from tests.unit.zero_loss.world import (
    NOTICE_S,
    PRIMARY,
    Effect,
    Node,
    World,
    change,
    peers_of,
    side_of,
    with_acknowledged,
)

_ROUNDS = 3


class Task(NamedTuple):
    """What a control has seen, and how much it may still do."""

    peers: tuple[Peer, ...]
    rules: Rules
    left: int
    rounds: int = _ROUNDS


def control(world: World, me: str, rules: Rules, most: int) -> World:
    """Begin the primary's control, with at most ``most`` writes."""
    mine = {managed.RECORD: managed.LATEST, "score": managed.SCORE_PRIMARY}
    writes = own_writes(world, me, mine)[:most]
    left, peers = most - len(writes), peers_of(world, me)
    effects = [write(each) for each in writes]
    effects += _round(world, me, Task(peers, rules, left))
    return begin(world, me, "control", effects)


def _round(world: World, me: str, task: Task) -> list[Effect]:
    node = world.nodes[me]
    plan = task.rules.plan(_seen(world, node, task.peers))
    rights, peers = _rights(world, node, task.peers, plan)
    counted = synchronous.to_count(peers, node.names, world.setting)
    effects = _entitle(task, plan, rights)
    effects.append(lambda world, me: _remember(world, me, counted))
    left, rounds = task.left - len(rights), task.rounds - 1
    task = task._replace(peers=peers, left=left, rounds=rounds)
    if left < 0:
        return effects
    if plan.names is not None:
        effects.append(_apply(plan.names))
    if plan.names is not None and rounds:
        effects.append(lambda world, me: _again(world, me, task))
    elif plan.to_prove:
        effects.append(lambda world, me: _prove(world, me, plan, task))
    return effects


def _entitle(task: Task, plan: Plan, rights: Sequence[Write]) -> list[Effect]:
    """Count anew for those who get a right, and then give it to them."""
    anew = task.rules.to_begin_anew(task.peers, plan)

    def begin_anew(world: World, me: str) -> World:
        known = world.nodes[me].unrecorded
        return change(
            world, me, unrecorded={n: t for n, t in known.items() if n not in anew}
        )

    return [begin_anew, *map(write, rights[: task.left])]


def _again(world: World, me: str, task: Task) -> World:
    """Look again; a server that has died meanwhile says nothing."""
    if world.nodes[me].server != PRIMARY:
        return change(world, me, todo=())
    return soon(world, me, _round(world, me, task))


def _seen(world: World, node: Node, peers: tuple[Peer, ...]) -> Round:
    return Round(
        peers=peers,
        side=side_of(node),
        in_force=node.names,
        setting=world.setting,
        is_fencing_enabled=True,
        unrecorded_s={n: world.time - since for n, since in node.unrecorded.items()},
        notice_s=NOTICE_S,
    )


def _rights(
    world: World,
    node: Node,
    peers: tuple[Peer, ...],
    plan: Plan,
) -> tuple[tuple[Write, ...], tuple[Peer, ...]]:
    waiting = {peer.name for peer in peers if not managed.may_take_over(peer.score)}
    wanted = standbys.standings(
        peers, side_of(node), world.setting, plan.entitled, plan.staying
    )
    rights = tuple(
        each
        for each in standbys.changes(wanted, peers, world.setting).rights
        if each.node not in plan.to_prove & waiting
    )
    return rights, tuple(_with_written(peer, rights) for peer in peers)


def _with_written(peer: Peer, writes: Sequence[Write]) -> Peer:
    for each in writes:
        if each.node == peer.name and each.name == "score":
            peer = peer._replace(score=each.value)
        elif each.node == peer.name:
            peer = peer._replace(own={**peer.own, each.name: each.value})
    return peer


def _remember(world: World, me: str, names: frozenset[str]) -> World:
    known = world.nodes[me].unrecorded
    since = {name: known.get(name, world.time) for name in names}
    return change(world, me, unrecorded=since)


def _apply(names: SyncNames) -> Effect:
    def apply(world: World, me: str) -> World:
        node = world.nodes[me]
        # From an empty setting on, the server's own processes learn of it later.
        waits = node.waits and bool(node.names.names) and bool(names.names)
        return with_acknowledged(change(world, me, names=names, waits=waits))

    return apply


def _prove(world: World, me: str, plan: Plan, task: Task) -> World:
    node, rules = world.nodes[me], task.rules
    if rules.is_in_force_needed and not node.waits:
        return world
    before = len(node.wal)

    def have_flushed(world: World, me: str) -> World:
        node = world.nodes[me]
        rows = [node.rows[name] for name in plan.to_prove if name in node.rows]
        having = [row for row in rows if row.flush >= before]
        if rules.is_proof_needed and len(having) < plan.needed:
            return world
        proven = Plan(plan.proven)
        rights, _ = _rights(world, node, task.peers, proven)
        return soon(world, me, _entitle(task, proven, rights))

    return soon(world, me, [have_flushed])
