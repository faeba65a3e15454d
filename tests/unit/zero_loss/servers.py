# SPDX-License-Identifier: GPL-2.0-or-later
"""Clients commit, standbys receive, servers fail.

An event takes the world, a node, a random generator and the rules, and returns what
comes of it; None when it cannot happen now.
"""

from __future__ import annotations

from random import Random

from pgsr.decide.names import EMPTY
from tests.unit.zero_loss.rules import Rules
from tests.unit.zero_loss.world import (
    DOWN,
    PRIMARY,
    STANDBY,
    Row,
    World,
    change,
    is_prefix,
    reach,
    with_acknowledged,
)


def commit(world: World, me: str, _: Random, __: Rules) -> World | None:
    """A client commits on a primary."""
    node = world.nodes[me]
    if node.server != PRIMARY:
        return None
    serial = world.serial + 1
    world = change(world._replace(serial=serial), me, wal=(*node.wal, serial))
    return with_acknowledged(world)


def receive(world: World, me: str, rng: Random, _: Rules) -> World | None:
    """A standby receives WAL from its primary, or connects to one."""
    node = world.nodes[me]
    primaries = [
        each
        for each in world.nodes.values()
        if each.server == PRIMARY and reach(world, me, each.name)
    ]
    if node.server != STANDBY or not primaries:
        return None
    primary = rng.choice(primaries)
    if not is_prefix(node.wal, primary.wal):
        return None
    end = rng.randint(len(node.wal), len(primary.wal))
    known = primary.rows.get(me)
    if known is None:
        row = Row(len(node.wal), False, primary.names)
    else:
        has_all = end == len(primary.wal)
        row = Row(end, known.is_streaming or has_all, known.names)
        world = change(world, me, wal=primary.wal[:end], timeline=primary.timeline)
    rows = {**primary.rows, me: row}
    return with_acknowledged(change(world, primary.name, rows=rows))


def learn_setting(world: World, me: str, rng: Random, _: Rules) -> World | None:
    """A primary's own processes learn of a setting: all of them, or only one."""
    node = world.nodes[me]
    if node.server != PRIMARY:
        return None
    late = [name for name, row in node.rows.items() if row.names != node.names]
    learning = late if rng.random() < 0.5 else late[:1]
    is_waiting_late = not node.waits and bool(node.names.names)
    if not late and not is_waiting_late:
        return None
    rows = {
        name: row._replace(names=node.names) if name in learning else row
        for name, row in node.rows.items()
    }
    return change(world, me, rows=rows, waits=node.waits or is_waiting_late)


def lose_connection(world: World, me: str, rng: Random, _: Rules) -> World | None:
    """A primary loses the connection to a standby, or notices that it did."""
    node = world.nodes[me]
    if not node.rows:
        return None
    unreached = [name for name in node.rows if not reach(world, me, name)]
    lost = rng.choice(sorted(unreached or node.rows))
    rows = {name: row for name, row in node.rows.items() if name != lost}
    return change(world, me, rows=rows)


def crash_server(world: World, me: str, _: Random, __: Rules) -> World | None:
    """A server dies; its node goes on."""
    node = world.nodes[me]
    if node.server == DOWN:
        return None
    return change(world, me, server=DOWN, rows={}, names=EMPTY, waits=False)


def rewind(world: World, me: str, _: Random, __: Rules) -> World | None:
    """An administrator rewinds data that left the primary's history."""
    node = world.nodes[me]
    for other in node.members - {me}:
        primary = world.nodes[other]
        if primary.server != PRIMARY or not reach(world, me, other):
            continue
        if node.server != PRIMARY and not is_prefix(node.wal, primary.wal):
            return change(world, me, wal=primary.wal, timeline=primary.timeline)
    return None
