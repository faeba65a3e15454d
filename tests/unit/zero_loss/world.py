# SPDX-License-Identifier: GPL-2.0-or-later
"""The world of the model as immutable values, and how its parts see it.

Each node has its own copy of the cluster's state: what one writes reaches those that
it can talk to.  A node that was lost is noticed after a while, and is in an unknown
state until fencing confirms that it is off.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from pgsr.decide import managed
from pgsr.decide.managed import Setting, Write
from pgsr.decide.names import EMPTY, SyncNames, render
from pgsr.state import (
    Peer,
    Position,
    PrimarySide,
    Role,
    Sender,
    Server,
    Service,
    StandbySide,
)

DOWN, STANDBY, PRIMARY = "Stopped", "Unpromoted", "Promoted"
IDENTIFIER = 7301234567890123456
NOTICE_S = 3


class Effect(Protocol):
    """One thing that an agent does; between two of them anything may happen."""

    def __call__(self, world: World, me: str, /) -> World: ...


class Row(NamedTuple):
    """A standby's connection, as the primary knows it.

    The process that serves it goes by ``names``, maybe a setting of before.
    """

    flush: int
    is_streaming: bool
    names: SyncNames


class Node(NamedTuple):
    """A node: its data, its server, its copy of the cluster's state, its agent.

    ``is_promoted`` is what Pacemaker believes, also once the server has failed.
    ``wal`` has a number for each record; that of a commit is positive.  ``waits`` is
    false until the server's own processes have learnt of a setting that was empty.
    ``shot`` are nodes that it had fenced and has no confirmation of yet.
    """

    name: str
    is_up: bool = True
    side: int = 0
    server: str = STANDBY
    is_promoted: bool = False
    wal: tuple[int, ...] = ()
    timeline: int = 1
    names: SyncNames = EMPTY
    waits: bool = False
    rows: Mapping[str, Row] = {}
    records: Mapping[str, str] = {}
    epoch: int = 0
    transient: Mapping[str, Mapping[str, str]] = {}
    members: frozenset[str] = frozenset()
    off: frozenset[str] = frozenset()
    shot: frozenset[str] = frozenset()
    action: str = ""
    todo: tuple[Effect, ...] = ()
    unrecorded: Mapping[str, int] = {}


class World(NamedTuple):
    """Everything.  ``broken_at`` is when a loss happened that is not noticed yet.

    ``lonely`` are those that have written something since then.
    """

    nodes: Mapping[str, Node]
    setting: Setting
    time: int = 0
    broken_at: int | None = None
    lonely: frozenset[str] = frozenset()
    serial: int = 0
    acknowledged: frozenset[int] = frozenset()


def change(world: World, name: str, **values: Any) -> World:
    """Return the world with some values of a node changed."""
    node = world.nodes[name]._replace(**values)
    return world._replace(nodes={**world.nodes, name: node})


def reach(world: World, one: str, other: str) -> bool:
    """Tell whether two nodes are up with a network between them."""
    a, b = world.nodes[one], world.nodes[other]
    return a.is_up and b.is_up and a.side == b.side


def noticed(world: World) -> World:
    """Let each node know who is lost; what those had of transient life goes."""
    nodes = dict(world.nodes)
    for name, node in world.nodes.items():
        lost = frozenset(n for n in node.members if not reach(world, name, n))
        nodes[name] = without(node, lost) if node.is_up else node
    return world._replace(nodes=nodes, broken_at=None, lonely=frozenset())


def without(node: Node, lost: frozenset[str]) -> Node:
    """Return a node after it has noticed that some are lost."""
    transient = {n: each for n, each in node.transient.items() if n not in lost}
    return node._replace(members=node.members - lost, transient=transient)


def written(world: World, me: str, each: Write) -> World:
    """Write an attribute in each copy that ``me`` reaches; an empty value deletes.

    What was on its way when a node was lost may have missed it.  After that, nothing
    is written until the loss is noticed: messages have their order in the whole group.
    """
    members = world.nodes[me].members
    if any(not reach(world, me, name) for name in members):
        lonely = me in world.lonely
        world = noticed(world) if lonely else world._replace(lonely=world.lonely | {me})
        members = world.nodes[me].members
    if each.name != managed.RECORD and each.node not in members:
        return world
    nodes = dict(world.nodes)
    for name in members:
        if reach(world, me, name):
            nodes[name] = _with(nodes[name], each)
    return world._replace(nodes=nodes)


def _with(node: Node, each: Write) -> Node:
    if each.name == managed.RECORD:
        records = {**node.records, each.node: each.value}
        return node._replace(records=records, epoch=node.epoch + 1)
    mine = {**node.transient.get(each.node, {}), each.name: each.value}
    if not each.value:
        del mine[each.name]
    return node._replace(transient={**node.transient, each.node: mine})


def peers_of(world: World, me: str) -> tuple[Peer, ...]:
    """Return the other nodes as ``me`` sees them."""
    return tuple(_peer(world, me, name) for name in world.nodes if name != me)


def _peer(world: World, me: str, name: str) -> Peer:
    node = world.nodes[me]
    is_online = name in node.members
    own = dict(node.transient.get(name, {})) if is_online else {}
    score = own.pop("score", "")
    if name in node.records:
        own[managed.RECORD] = node.records[name]
    role = world.nodes[name].server if is_online else DOWN
    if is_online and not reach(world, me, name) and role == DOWN:
        role = STANDBY  # as it was last seen
    return Peer(name, is_online, name in node.off, False, role, own, score)


def own_attribute(world: World, me: str, name: str) -> str:
    """Return an attribute of ``me`` in its own copy."""
    node = world.nodes[me]
    if name == managed.RECORD:
        return node.records.get(me, "")
    return node.transient.get(me, {}).get(name, "")


def position_of(node: Node) -> Position:
    """Return how far the data of a node goes."""
    return Position(IDENTIFIER, node.timeline, len(node.wal))


def server_of(node: Node) -> Server:
    """Return a node's server as its agent sees it."""
    if node.server != STANDBY:
        return Server(Service.STOPPED if node.server == DOWN else Service.ANSWERS)
    end = len(node.wal)
    side = StandbySide(end, end, False, ())
    return Server(Service.ANSWERS, Role.STANDBY, standby=side)


def side_of(node: Node) -> PrimarySide:
    """Return what a primary says of replication."""
    senders = tuple(_sender(node, name, row) for name, row in node.rows.items())
    names = render(node.names, (15,))
    return PrimarySide(node.timeline, len(node.wal), names, senders, ())


def _sender(node: Node, name: str, row: Row) -> Sender:
    state = "streaming" if row.is_streaming else "catchup"
    kind = "potential" if name.lower() in row.names.names else "async"
    if name in _synchronous(node, node.names):
        kind = "quorum" if node.names.kind == "ANY" else "sync"
    return Sender(name, state, kind, row.flush, row.flush)


def _synchronous(node: Node, names: SyncNames) -> list[str]:
    """Return the synchronous standbys as a process sees them that goes by ``names``.

    Each has the place that the process has given it that serves it.
    """
    places = {
        name: row.names.names.index(name.lower())
        for name, row in node.rows.items()
        if row.is_streaming and name.lower() in row.names.names
    }
    found = sorted(places, key=lambda name: places[name])
    return found if names.kind == "ANY" else found[: names.number]


def with_acknowledged(world: World) -> World:
    """Let each primary acknowledge what those have for whom it waits."""
    found: set[int] = set()
    for node in world.nodes.values():
        if node.is_up and node.server == PRIMARY:
            found |= {each for each in node.wal[: confirmed(node)] if each > 0}
    return world._replace(acknowledged=world.acknowledged | found)


def confirmed(node: Node) -> int:
    """Return up to where a primary's commits return to their clients.

    Each process that serves a standby lets go those that may, by what it knows.
    """
    if not node.waits or not node.names.names:
        return len(node.wal)
    return max((_released(node, name) for name in node.rows), default=0)


def _released(node: Node, by: str) -> int:
    names = node.rows[by].names
    found = _synchronous(node, names)
    if by not in found or len(found) < names.number:
        return 0
    ends = sorted((node.rows[name].flush for name in found), reverse=True)
    return ends[names.number - 1]


def is_prefix(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Tell whether WAL is the beginning of other WAL."""
    return other[: len(one)] == one
