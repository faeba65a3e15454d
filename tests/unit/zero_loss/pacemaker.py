# SPDX-License-Identifier: GPL-2.0-or-later
"""What Pacemaker has the agents do, when, and how it fences.

Events are as in servers.py.
"""

from __future__ import annotations

from random import Random

from pgsr.decide import managed
from tests.unit.zero_loss import control as primary
from tests.unit.zero_loss import roles
from tests.unit.zero_loss.network import killed
from tests.unit.zero_loss.rules import Rules
from tests.unit.zero_loss.world import (
    DOWN,
    PRIMARY,
    STANDBY,
    World,
    change,
    is_prefix,
    own_attribute,
    position_of,
    reach,
    written,
)


def is_calm(world: World, me: str) -> bool:
    """Tell whether no node is in an unknown state to ``me``, nor being changed."""
    node = world.nodes[me]
    everybody = node.members | node.off
    busy = [
        name
        for name in node.members
        if world.nodes[name].action in ("promote", "demote", "start", "stop")
    ]
    return everybody == set(world.nodes) and not busy


def control(world: World, me: str, rng: Random, rules: Rules) -> World | None:
    """A primary's monitor."""
    node = world.nodes[me]
    if node.server != PRIMARY or node.action:
        return None
    return primary.control(world, me, rules, rng.choice((3, 3, 99)))


def vote(world: World, me: str, _: Random, rules: Rules) -> World | None:
    """A standby's monitor."""
    if world.nodes[me].action:
        return None
    return roles.vote(world, me, rules)


def pause(world: World, me: str, _: Random, __: Rules) -> World | None:
    """An administrator pauses replay on a standby, or lets it go on."""
    node = world.nodes[me]
    if node.server != STANDBY or node.action:
        return None
    if roles.is_paused(world, me):
        return roles.resume(world, me)
    return roles.pause(world, me)


def promote(world: World, me: str, rng: Random, rules: Rules) -> World | None:
    """Pacemaker promotes a node with a positive score."""
    node = world.nodes[me]
    primaries = [n for n in node.members - {me} if world.nodes[n].is_promoted]
    scored = rules.is_able(own_attribute(world, me, "score"))
    if not scored or primaries or node.server != STANDBY or not is_calm(world, me):
        return None
    for name in sorted(node.members - {me}):
        other = world.nodes[name]
        if other.server == STANDBY and reach(world, me, name):
            world = _notified(world, name, rng.random() < 0.7)
    return roles.promote(world, me, rules)


def _notified(world: World, name: str, is_answering: bool) -> World:
    """Let a standby say what it has; its old word goes, also if its server hangs."""
    before = own_attribute(world, name, managed.POSITION)
    text = managed.position_text(position_of(world.nodes[name])) if is_answering else ""
    if before == text:
        return world
    return written(world, name, managed.Write(name, managed.POSITION, text))


def demote(world: World, me: str, _: Random, __: Rules) -> World | None:
    """A switchover, or a primary or a promotion that Pacemaker takes for failed."""
    node = world.nodes[me]
    if not node.is_promoted or node.action:
        return None
    return roles.demote(world, me)


def start(world: World, me: str, rng: Random, _: Rules) -> World | None:
    """Pacemaker starts a server, perhaps to promote it in the same transition."""
    node = world.nodes[me]
    if node.server != DOWN or node.action:
        return None
    for name in node.members - {me}:
        other = world.nodes[name]
        if other.server == PRIMARY and not is_prefix(node.wal, other.wal):
            return None
    scored = managed.may_take_over(own_attribute(world, me, "score"))
    others = [n for n in node.members - {me} if world.nodes[n].is_promoted]
    is_next = scored and not others and is_calm(world, me) and rng.random() < 0.5
    if node.is_promoted and not is_next:
        return None
    return roles.start(world, me, is_next)


def stop(world: World, me: str, _: Random, __: Rules) -> World | None:
    """Pacemaker stops a standby."""
    node = world.nodes[me]
    if node.server == PRIMARY or node.action:
        return None
    return roles.stop(world, me)


def kill_agent(world: World, me: str, _: Random, __: Rules) -> World | None:
    """An agent is killed in the middle; a demotion ends by stopping the server."""
    node = world.nodes[me]
    if not node.action:
        return None
    is_ending = node.action in ("demote", "stop")
    server = DOWN if is_ending else node.server
    rows = {} if is_ending else node.rows
    return change(
        world,
        me,
        action="",
        todo=(),
        server=server,
        rows=rows,
        is_promoted=node.is_promoted or node.action == "promote",
    )


def fence(world: World, me: str, rng: Random, _: Rules) -> World | None:
    """A side has a lost node fenced: it is off, which nobody knows yet."""
    node = world.nodes[me]
    lost = set(world.nodes) - node.members - node.off - node.shot
    if not node.is_up or not lost:
        return None
    target = rng.choice(sorted(lost))
    if world.nodes[target].is_up:
        world = killed(world, target)
    return _for_members(world, me, shot=target)


def confirm_fencing(world: World, me: str, rng: Random, _: Rules) -> World | None:
    """Fencing is confirmed to a side."""
    shot = world.nodes[me].shot
    return _for_members(world, me, off=rng.choice(sorted(shot))) if shot else None


def _for_members(world: World, me: str, shot: str = "", off: str = "") -> World:
    nodes = dict(world.nodes)
    for name in world.nodes[me].members:
        if reach(world, me, name):
            node = nodes[name]
            nodes[name] = node._replace(
                shot=(node.shot | {shot}) - {"", off}, off=(node.off | {off}) - {""}
            )
    return world._replace(nodes=nodes)
