# SPDX-License-Identifier: GPL-2.0-or-later
"""A managed agent killed before each of its effects: what Pacemaker does next succeeds.

After it the pair is a pair again, and has every row that was acknowledged.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.postgres.managed import Group, roles
from tests.postgres.node import Node
from tests.postgres.servers import (
    await_replay,
    be_quiet,
    end_of_wal,
    is_standby,
    rows,
    write_rows,
)
from tests.postgres.test_interrupted import Effect, effects_of, killed_before
from tests.programs import DATABASE_USER, must

ROWS = 3
PLACES = ("data", "flags")
NO_TRACE = Path("/dev/null")


class Case(NamedTuple):
    """An action that is killed, on a node, in a transition."""

    node: Node
    action: str
    meta: Mapping[str, str]


class Frozen(NamedTuple):
    """A pair that serves, to begin from again and again."""

    group: Group
    primary: Node
    cluster: dict[str, Any]


@pytest.fixture
def frozen(group: Group) -> Frozen:
    """A pair with rows on both nodes; its servers are stopped beside the agent."""
    group.begin()
    primary, standby = roles(group)
    write_rows(primary, ROWS)
    be_quiet(primary, standby)
    for node in (standby, primary):
        pg_ctl = [str(node.programs / "pg_ctl"), "-D", str(node.data)]
        must([*pg_ctl, "-w", "-m", "fast", "stop"], user=DATABASE_USER)
        for name in PLACES:
            must(["cp", "--archive", str(node.top / name), str(saved(node, name))])
    return Frozen(group, primary, group.cluster.read())


def saved(node: Node, name: str) -> Path:
    return node.top / f"saved-{name}"


def thaw(frozen: Frozen) -> None:
    """Let the pair serve again as when it was frozen."""
    group, primary, cluster = frozen
    for node in group.nodes:
        node.end_server()
        for name in PLACES:
            shutil.rmtree(node.top / name)
            must(["cp", "--archive", str(saved(node, name)), str(node.top / name)])
    group.cluster.set(**cluster)
    group.take_role(primary, "promote")
    primary.start_server()
    for node in group.nodes:
        if node != primary:
            node.start_server()
    group.await_streaming(1)


def start_of_a_standby(group: Group) -> Case:
    """A standby starts beside a primary."""
    _, standby = roles(group)
    group.change(stop=[standby])
    group.settle()
    return Case(standby, "start", group.meta({"start": [standby]}))


def promotion_by_right(group: Group) -> Case:
    """The primary's node lost its power."""
    primary, standby = roles(group)
    be_quiet(primary, standby)
    group.fence(primary)
    return Case(standby, "promote", group.meta({"promote": [standby]}))


def demotion(group: Group) -> Case:
    """The primary hands over."""
    primary, standby = roles(group)
    meta = group.meta({"demote": [primary], "promote": [standby]})
    return Case(primary, "demote", meta)


def stop_of_a_primary(group: Group) -> Case:
    """The primary is demoted and stopped in one transition: the stop."""
    primary, _ = roles(group)
    plan = {"demote": [primary], "stop": [primary]}
    return Case(primary, "stop", group.meta(plan))


def recover(group: Group, case: Case) -> None:
    """Do what Pacemaker does after an action that failed, until all is well."""
    node = case.node
    group.release_address(node)
    if case.action in ("promote", "demote"):
        group.change(demote=[node], stop=[node])
    else:
        group.change(stop=[node])
    assert group.probe(node).code == 7
    for other in group.nodes:
        if not group.cluster.is_online(other.name):
            group.cluster.power_on(other.name)
    down = [n for n in group.nodes if group.cluster.role(n.name) == "Stopped"]
    group.settle()
    group.change(start=down)
    group.settle_with(1)


def assert_whole(group: Group) -> None:
    """Assert that a pair serves and that no row is lost."""
    primary, standby = roles(group)
    assert not is_standby(primary)
    assert rows(primary) == ROWS
    assert (group.status(standby), group.score(standby)) == ("HS:sync", "100")
    await_replay(standby, end_of_wal(primary))
    assert rows(standby) == ROWS


def effects(group: Group, prepare: Callable[[Group], Case]) -> list[Effect]:
    """Run the action to its end once, and return its effects."""
    case = prepare(group)
    changes = {**group.parameters(), **case.meta}
    found = effects_of(case.node, case.action, **changes)
    # Whatever is written is in use only from the renaming on.
    return [effect for effect in found if effect.name != "fsync"]


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "prepare",
    [start_of_a_standby, promotion_by_right, demotion, stop_of_a_primary],
)
def test_a_killed_action_loses_nothing_and_blocks_nothing(
    frozen: Frozen, prepare: Callable[[Group], Case]
) -> None:
    group = frozen.group
    thaw(frozen)
    for effect in effects(group, prepare):
        thaw(frozen)
        case = prepare(group)
        changes = {**group.parameters(), **case.meta}
        killed_before(case.node, case.action, effect, NO_TRACE, **changes)
        recover(group, case)
        assert_whole(group)
