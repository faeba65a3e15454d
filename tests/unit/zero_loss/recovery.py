# SPDX-License-Identifier: GPL-2.0-or-later
"""The end of a history: no more faults, and everything gets its turn."""

from __future__ import annotations

from random import Random

from pgsr.decide import managed
from tests.unit.zero_loss import network, pacemaker, roles, servers
from tests.unit.zero_loss.rules import Rules
from tests.unit.zero_loss.world import (
    DOWN,
    NOTICE_S,
    PRIMARY,
    STANDBY,
    World,
    change,
    own_attribute,
)

_ROUNDS = 4 * NOTICE_S + 12
_RECEIVES = 4


def recovered(world: World, rules: Rules) -> tuple[World, str]:
    """Return the world after all has been repaired, and what does not work then."""
    rng = Random(0)
    nodes = {name: node._replace(side=0) for name, node in world.nodes.items()}
    for name, node in nodes.items():
        if not node.is_up:
            nodes[name] = node._replace(is_up=True, members=frozenset((name,)))
    world = network.joined(world._replace(nodes=nodes), rng)
    for _ in range(_ROUNDS):
        world = _turn(world, rules, rng)
        if any(node.server == PRIMARY for node in world.nodes.values()):
            return _serving(world, rules, rng)
    return world, "nobody becomes the primary"


def _serving(world: World, rules: Rules, rng: Random) -> tuple[World, str]:
    primaries = [n for n, node in world.nodes.items() if node.server == PRIMARY]
    if len(primaries) != 1:
        return world, f"the primaries are {primaries}"
    world = servers.commit(world, primaries[0], rng, rules) or world
    wanted = world.serial
    for _ in range(_ROUNDS):
        world = _turn(world, rules, rng)
        if wanted in world.acknowledged:
            return world, ""
    return world, "" if world.setting.is_strict else "the primary takes no commit"


def _turn(world: World, rules: Rules, rng: Random) -> World:
    for name in world.nodes:
        world = _repaired(_finished(world, name), name, rng, rules)
    best = max(world.nodes, key=lambda name: _score(world, name))
    world = pacemaker.promote(world, best, rng, rules) or world
    world = _finished(world, best)
    for name in world.nodes:
        for _ in world.nodes:
            world = servers.learn_setting(world, name, rng, rules) or world
        for _ in range(_RECEIVES):
            world = servers.receive(world, name, _Last(), rules) or world
        world = pacemaker.vote(world, name, rng, rules) or world
        world = pacemaker.control(world, name, rng, rules) or world
        world = _finished(world, name)
    return network.pass_time(world, "", rng, rules) or world


class _Last(Random):
    """Draws the last one, so that a standby receives all there is."""

    def choice(self, seq):  # type: ignore[no-untyped-def]
        return seq[-1]

    def randint(self, a: int, b: int) -> int:
        return max(a, b)


def _repaired(world: World, name: str, rng: Random, rules: Rules) -> World:
    node = world.nodes[name]
    if node.is_promoted and node.server != PRIMARY:
        world = _finished(pacemaker.demote(world, name, rng, rules) or world, name)
    if node.server == STANDBY and roles.is_paused(world, name):
        world = _finished(roles.resume(world, name), name)
    if node.server == STANDBY:
        return servers.rewind(world, name, rng, rules) or world
    if node.server == DOWN:
        world = servers.rewind(world, name, rng, rules) or world
        world = pacemaker.start(world, name, rng, rules) or world
    return _finished(world, name)


def _finished(world: World, name: str) -> World:
    """Let an agent end what it does."""
    while world.nodes[name].todo:
        first, *rest = world.nodes[name].todo
        world = first(change(world, name, todo=tuple(rest)), name)
    return change(world, name, action="")


def _score(world: World, name: str) -> int:
    score = own_attribute(world, name, "score")
    is_able = managed.may_take_over(score) and world.nodes[name].server == STANDBY
    return int(score) if is_able else -1
