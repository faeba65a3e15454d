# SPDX-License-Identifier: GPL-2.0-or-later
"""Random histories of the model, and what is judged after each of their steps."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Container, Sequence
from random import Random
from typing import NamedTuple

from pgsr.decide import election, managed
from pgsr.decide.managed import Setting
from pgsr.decide.names import EMPTY, SyncNames
from pgsr.state import Peer
from tests.unit.zero_loss import network, pacemaker, servers
from tests.unit.zero_loss.rules import Rules, candidate
from tests.unit.zero_loss.world import (
    PRIMARY,
    STANDBY,
    Node,
    Row,
    World,
    change,
    is_prefix,
    own_attribute,
    peers_of,
    position_of,
    reach,
)

Event = Callable[[World, str, Random, Rules], "World | None"]

NAMES = ("node1", "Node10", "node2", "node20")


# What may happen, and how often it does beside the others.
EVENTS: tuple[tuple[Event, float], ...] = (
    (servers.commit, 8),
    (servers.receive, 16),
    (pacemaker.control, 8),
    (servers.learn_setting, 4),
    (pacemaker.vote, 4),
    (pacemaker.promote, 6),
    (pacemaker.start, 4),
    (network.pass_time, 6),
    (pacemaker.fence, 4),
    (pacemaker.confirm_fencing, 4),
    (network.boot, 3),
    (network.heal_network, 1),
    (network.notice, 2),
    (servers.lose_connection, 2),
    (servers.crash_server, 0.7),
    (pacemaker.demote, 1),
    (pacemaker.stop, 0.5),
    (pacemaker.kill_agent, 0.5),
    (pacemaker.pause, 0.5),
    (network.cut_power, 0.7),
    (network.cut_all_power, 0.15),
    (network.leave, 0.5),
    (network.break_network, 2),
    (network.break_in_halves, 0.5),
    (servers.rewind, 1),
)


class Loss(AssertionError):
    """A step after which an acknowledged commit is lost, or could be."""


class Story(NamedTuple):
    """A history so far, and the world that came of it."""

    world: World
    steps: tuple[str, ...] = ()


def beginning(number: int, setting: Setting) -> World:
    """Return a cluster of ``number`` nodes with a primary on the first.

    Commits wait for one standby, or for a quorum of all, as they do after some time.
    """
    names = NAMES[:number]
    first, waited_for = names[0], names[1:] if setting.quorum else names[1:2]
    right = managed.QUORUM if setting.quorum else managed.SYNC
    node = Node(
        "",
        wal=(1, 2),
        records={first: managed.LATEST, **{name: right for name in waited_for}},
        transient={
            first: {"score": managed.SCORE_PRIMARY},
            **{name: {"score": "100"} for name in waited_for},
        },
        members=frozenset(names),
    )
    nodes = {name: node._replace(name=name) for name in names}
    world = World(nodes, setting, serial=2, acknowledged=frozenset((1, 2)))
    lower = tuple(sorted(name.lower() for name in waited_for))
    kind = "ANY" if setting.quorum else ""
    in_force = SyncNames(kind, setting.quorum or 1, lower)
    return change(
        world,
        first,
        server=PRIMARY,
        is_promoted=True,
        names=in_force,
        waits=True,
        rows={name: Row(2, True, in_force) for name in names[1:]},
    )


def cold(world: World, rng: Random) -> World:
    """Return a cluster after a power cut, with any record: all data are the same."""
    words = (managed.LATEST, managed.SYNC, managed.DISCONNECT)
    records = {name: rng.choice(words) for name in world.nodes}
    records[rng.choice(NAMES[: len(records)])] = managed.LATEST
    nodes = {
        name: node._replace(
            server=STANDBY, is_promoted=False, rows={}, records=records, transient={}
        )
        for name, node in world.nodes.items()
    }
    return world._replace(nodes=nodes)


def fresh(world: World, _: Random) -> World:
    """Return a cluster whose primary has not yet looked at its standbys."""
    nodes = {
        name: node._replace(
            names=EMPTY,
            waits=False,
            rows={n: row._replace(names=EMPTY) for n, row in node.rows.items()},
            records={NAMES[0]: managed.LATEST},
            transient={NAMES[0]: {"score": managed.SCORE_PRIMARY}},
        )
        for name, node in world.nodes.items()
    }
    return world._replace(nodes=nodes)


def random_setting(rng: Random, number: int) -> Setting:
    """Return one synchronous standby or quorum commit, now and then strict."""
    quorum = rng.choice((0, 0, 1, 2))
    return Setting(True, rng.random() < 0.2, min(quorum, number - 1))


def lived(
    seed: int,
    length: int,
    rules: Rules,
    often: Container[str] = (),
    first: Sequence[tuple[Event, str]] = (),
) -> Story:
    """Live through one history; Loss when it loses a commit.

    Events named in ``often`` are more likely than otherwise; those in ``first`` happen
    before all others, as far as they can.
    """
    rng = Random(seed)
    number = rng.choice((2, 2, 3, 3, 4))
    world = beginning(number, random_setting(rng, number))
    begin = rng.choice((lambda world, _: world, lambda world, _: world, fresh, cold))
    story = Story(begin(world, rng))
    for event, name in first:
        found = event(story.world, name, rng, rules) or story.world
        story = Story(found, (*story.steps, f"{event.__name__} {name}"))
    weights = likelihoods(rng, often)
    for _ in range(length):
        story = _next(story, rng, rules, weights)
        problem = judged(story.world, rules)
        if problem:
            raise Loss(_told(seed, story, problem))
    return story


def likelihoods(rng: Random, often: Container[str]) -> list[float]:
    """Return how likely each event is in one history.

    Each history has much of some things and nothing of others: what goes wrong
    together does so more often than if all were always possible.
    """
    found = [
        4 * weight
        if event.__name__ in often
        else weight * rng.choice((0, 0.3, 1, 1, 3))
        for event, weight in EVENTS
    ]
    return [*itertools.accumulate(each or 0.001 for each in found)]


def _told(seed: int, story: Story, problem: str) -> str:
    lines = [f"seed {seed}, {story.world.setting}: {problem}", *story.steps]
    return "\n  ".join(lines)


def _next(story: Story, rng: Random, rules: Rules, weights: list[float]) -> Story:
    busy = [name for name, node in story.world.nodes.items() if node.action]
    if busy and rng.random() < 0.6:
        return stepped(story, rng.choice(busy))
    for event, _ in rng.choices(EVENTS, cum_weights=weights, k=20):
        name = rng.choice(list(story.world.nodes))
        is_possible = story.world.nodes[name].is_up or event is network.boot
        found = event(story.world, name, rng, rules) if is_possible else None
        if found is not None:
            return Story(found, (*story.steps, f"{event.__name__} {name}"))
    world = network.pass_time(story.world, "", rng, rules) or story.world
    return Story(world, (*story.steps, "pass_time"))


def stepped(story: Story, name: str) -> Story:
    """Let an agent do one thing."""
    node = story.world.nodes[name]
    if not node.todo:
        return story._replace(world=change(story.world, name, action=""))
    effect = node.todo[0]
    world = effect(change(story.world, name, todo=node.todo[1:]), name)
    if not world.nodes[name].todo:
        world = change(world, name, action="")
    return Story(world, (*story.steps, f"  {name} {node.action}: {_word(effect)}"))


def _word(effect: object) -> str:
    name = getattr(effect, "__qualname__", "")
    cells = getattr(effect, "__closure__", None) or ()
    values = [c.cell_contents for c in cells]
    told = [repr(v) for v in values if type(v).__name__ in ("Write", "SyncNames")]
    return " ".join([name.replace("<locals>.", ""), *told])


def judged(world: World, rules: Rules) -> str:
    """Return what is wrong: who could be promoted, or is, without all commits."""
    for name, node in world.nodes.items():
        if not node.is_up:
            continue
        if node.server == PRIMARY:
            if not world.acknowledged <= frozenset(node.wal):
                return f"{name} is the primary and lacks {_lacks(world, node.wal)}"
        elif node.server == STANDBY:
            problem = _if_promoted(world, name, rules)
            if problem:
                return problem
    return ""


def _lacks(world: World, wal: tuple[int, ...]) -> str:
    return str(sorted(world.acknowledged - frozenset(wal)))


def _notified(world: World, peer: Peer) -> Peer:
    """Return a peer before a promotion: what it said is taken back if it is old."""
    said = peer.own.get(managed.POSITION)
    if not said or said == managed.position_text(position_of(world.nodes[peer.name])):
        return peer
    own = {n: v for n, v in peer.own.items() if n != managed.POSITION}
    return peer._replace(own=own)


def _if_promoted(world: World, me: str, rules: Rules) -> str:
    """Promote ``me`` in thought, with all that it does not reach fenced."""
    if not rules.is_able(own_attribute(world, me, "score")):
        return ""
    alone = change(
        world,
        me,
        members=frozenset(
            name
            for name, node in world.nodes.items()
            if name in world.nodes[me].members
            and reach(world, me, name)
            and node.server != PRIMARY
        ),
    )
    node = alone.nodes[me]
    alone = change(alone, me, off=frozenset(world.nodes) - node.members)
    own = candidate(alone, me)
    peers = tuple(_notified(alone, peer) for peer in peers_of(alone, me))
    if not rules.may_promote(own, peers, me, world.setting).is_allowed:
        return ""
    better = election.ahead(own.position, peers)
    wal = node.wal
    if better:
        theirs = world.nodes[better.name].wal
        wal = theirs if is_prefix(wal, theirs) else wal
    if world.acknowledged <= frozenset(wal):
        return ""
    return f"{me} could be promoted and lacks {_lacks(world, wal)}"
