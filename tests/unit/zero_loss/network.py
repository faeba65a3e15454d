# SPDX-License-Identifier: GPL-2.0-or-later
"""Power, networks and who is a member with whom.

Events are as in servers.py.
"""

from __future__ import annotations

from random import Random

from pgsr.decide.names import EMPTY
from tests.unit.zero_loss.rules import Rules
from tests.unit.zero_loss.world import (
    DOWN,
    NOTICE_S,
    Node,
    World,
    change,
    noticed,
    reach,
    without,
)


def _dead(node: Node) -> Node:
    return node._replace(
        is_up=False,
        server=DOWN,
        is_promoted=False,
        names=EMPTY,
        waits=False,
        rows={},
        transient={},
        members=frozenset(),
        off=frozenset(),
        shot=frozenset(),
        action="",
        todo=(),
        unrecorded={},
    )


def killed(world: World, name: str) -> World:
    """Return the world with a node off that nobody has noticed yet."""
    nodes = {**world.nodes, name: _dead(world.nodes[name])}
    since = world.time if world.broken_at is None else world.broken_at
    return world._replace(nodes=nodes, broken_at=since)


def cut_power(world: World, me: str, _: Random, __: Rules) -> World | None:
    """A node loses its power."""
    return killed(world, me)


def cut_all_power(world: World, _: str, __: Random, ___: Rules) -> World | None:
    """All nodes lose their power."""
    for name in world.nodes:
        world = killed(world, name)
    return world


def leave(world: World, me: str, _: Random, __: Rules) -> World | None:
    """A node without a server leaves the cluster cleanly."""
    node = world.nodes[me]
    if node.server != DOWN or node.action:
        return None
    nodes = dict(world.nodes)
    nodes[me] = _dead(node)
    for name in node.members - {me}:
        if reach(world, me, name):
            nodes[name] = without(nodes[name], frozenset((me,)))
            nodes[name] = nodes[name]._replace(off=nodes[name].off | {me})
    return world._replace(nodes=nodes)


def boot(world: World, me: str, rng: Random, _: Rules) -> World | None:
    """A node is switched on, and finds those that it can reach."""
    node = world.nodes[me]
    if node.is_up:
        return None
    world = change(world, me, is_up=True, members=frozenset((me,)))
    return joined(world, rng)


def break_network(world: World, me: str, _: Random, __: Rules) -> World | None:
    """A node is cut off, or goes over to another side."""
    if len({node.side for node in world.nodes.values()}) > 1:
        return None
    side = world.nodes[me].side + 1
    since = world.time if world.broken_at is None else world.broken_at
    return change(world._replace(broken_at=since), me, side=side)


def break_in_halves(world: World, me: str, rng: Random, rules: Rules) -> World | None:
    """The network breaks between two groups of nodes."""
    broken = break_network(world, me, rng, rules)
    if broken is None or len(world.nodes) < 4:
        return None
    other = rng.choice(sorted(set(world.nodes) - {me}))
    return change(broken, other, side=broken.nodes[me].side)


def heal_network(world: World, _: str, rng: Random, __: Rules) -> World | None:
    """The network is whole again."""
    if len({node.side for node in world.nodes.values()}) == 1:
        return None
    nodes = {name: node._replace(side=0) for name, node in world.nodes.items()}
    return joined(world._replace(nodes=nodes), rng)


def pass_time(world: World, _: str, __: Random, ___: Rules) -> World | None:
    """Time passes; a loss is noticed in time."""
    world = world._replace(time=world.time + 1)
    since = world.broken_at
    if since is not None and world.time - since >= NOTICE_S:
        return noticed(world)
    return world


def notice(world: World, _: str, __: Random, ___: Rules) -> World | None:
    """The cluster notices a loss."""
    return None if world.broken_at is None else noticed(world)


def joined(world: World, rng: Random) -> World:
    """Make one cluster of each side.

    Of several copies of the permanent record the one that was changed more often
    wins; of a node's transient attributes mostly those that it has itself.
    """
    world = noticed(world)
    for side in sorted({node.side for node in world.nodes.values()}):
        group = sorted(
            n for n, node in world.nodes.items() if node.is_up and node.side == side
        )
        if group:
            world = _joined_side(world, group, rng)
    return world


def _joined_side(world: World, group: list[str], rng: Random) -> World:
    found = [world.nodes[name] for name in group]
    best = max(found, key=lambda node: (node.epoch, rng.random()))
    source = rng.choice(found)
    transient = {
        node.name: (source if _knows(source, node.name, rng) else node).transient.get(
            node.name, {}
        )
        for node in found
    }
    off = frozenset().union(*(node.off for node in found)) - set(group)
    nodes = {
        node.name: node._replace(
            records=best.records,
            epoch=best.epoch,
            transient=transient,
            members=frozenset(group),
            off=off,
            shot=node.shot - set(group),
        )
        for node in found
    }
    return world._replace(nodes={**world.nodes, **nodes})


def _knows(node: Node, other: str, rng: Random) -> bool:
    return other in node.members and other in node.transient and rng.random() < 0.3
