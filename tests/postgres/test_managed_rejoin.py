# SPDX-License-Identifier: GPL-2.0-or-later
"""A former primary comes back: on data that is proven, or not at all."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from pgsr.postgres import control
from pgsr.state import ControlState
from tests.postgres.managed import Group, cut_off, roles
from tests.postgres.node import Answer, Node, make_template
from tests.postgres.servers import (
    await_replay,
    be_quiet,
    end_of_wal,
    is_standby,
    lock_of,
    rows,
    write_rows,
)
from tests.programs import must

ASYNC = {"rep_mode": "async"}


def fail_over_with_loss(group: Group, *, checkpoint: bool) -> tuple[Node, Node]:
    """Let a primary die with commits that its asynchronous standby lacks.

    Return the former and the new primary.
    """
    group.begin()
    primary, standby = roles(group)
    write_rows(primary, 1)
    be_quiet(primary, standby)
    cut_off(group, standby)
    write_rows(primary, 10)
    if checkpoint:
        primary.sql("checkpoint")
    group.fence(primary)
    group.change(promote=[standby])
    assert rows(standby) == 1
    write_rows(standby, 1)
    group.cluster.power_on(primary.name)
    return primary, standby


def rewind_command(answer: Answer) -> list[str]:
    """Return the command that the log tells to type."""
    found = re.search(r"(runuser -u .*?) ;", answer.log)
    assert found, answer.log
    return shlex.split(found[1])


@pytest.mark.parametrize("major", [10, 12, 15, 18])
@pytest.mark.parametrize("checkpoint", [False, True], ids=["crash", "checkpoint"])
def test_a_former_primary_with_more_data_is_refused_and_told_how_to_rewind(
    group: Group, major: int, checkpoint: bool
) -> None:
    group = group.having(**ASYNC)
    former, primary = fail_over_with_loss(group, checkpoint=checkpoint)
    answer = group.try_to_change(start=[former])
    assert answer.code == 1
    assert f"commits that {primary.name} lacks" in answer.reason
    assert group.status(former) == "STOP:diverged"
    assert group.probe(former).code == 7, "nothing was left running"
    assert lock_of(former).exists()
    group.change(stop=[former])
    assert group.status(former) == "STOP:diverged", "the reason stays to be seen"
    if major == 15:
        configuration = (former.data / "postgresql.conf").read_text()
        primary.sql("checkpoint")
        must(rewind_command(answer), 60)
        former.write(former.data / "postgresql.conf", configuration)
        group.change(start=[former])
        assert not lock_of(former).exists()
        group.settle_with(1)
        assert group.status(former) == "HS:async"
        await_replay(former, end_of_wal(primary))
        assert rows(former) == 2


def test_a_former_primary_waits_with_its_lock_until_it_can_ask(group: Group) -> None:
    group.begin()
    former, standby = roles(group)
    be_quiet(former, standby)
    group.fence(former)
    group.change(promote=[standby])
    group.cluster.power_on(former.name)
    group.release_address(standby)
    answer = group.try_to_change(start=[former])
    assert answer.code == 1
    assert f"The primary at {group.address} cannot be asked" in answer.reason
    assert lock_of(former).exists()
    assert group.probe(former).code == 7
    data = control.read(str(former.data))
    assert data
    assert data.state is ControlState.IN_PRODUCTION, "its server was never started"
    group.take_role(standby, "promote")
    group.change(stop=[former], start=[former])
    assert not lock_of(former).exists()
    assert is_standby(former)


def test_a_lock_of_a_node_that_was_never_a_primary_goes_when_it_streams(
    group: Group,
) -> None:
    group.begin()
    _, standby = roles(group)
    standby.write(lock_of(standby), "")
    group.change(stop=[standby], start=[standby])
    assert not lock_of(standby).exists()


def test_a_former_primary_that_was_promoted_by_restart_is_refused(
    group: Group,
) -> None:
    """Its records cannot be told from those of the new one: same timeline."""
    group = group.having(restart_on_promote="true")
    group.begin()
    former, standby = roles(group)
    group.fence(former)
    group.change(promote=[standby])
    group.cluster.power_on(former.name)
    answer = group.try_to_change(start=[former])
    assert answer.code == 1
    assert f"commits that {standby.name} lacks" in answer.reason


@pytest.fixture
def foreign(group: Group, workspace: Path) -> Group:
    """The second node has the data of another database cluster."""
    node = group.nodes[1]
    other = make_template(node.programs, workspace / "other")
    configuration = (node.data / "postgresql.conf").read_text()
    must(["rm", "--recursive", str(node.data)])
    must(["cp", "--archive", str(other), str(node.data)])
    node.write(node.data / "postgresql.conf", configuration)
    return group


def identifier(node: Node) -> str:
    data = control.read(str(node.data))
    assert data
    return str(data.system_identifier)


def test_data_of_another_database_does_not_follow_a_primary(foreign: Group) -> None:
    node1, node2 = foreign.nodes
    foreign.cluster.power_off("node2")
    foreign.change(start=[node1])
    foreign.settle()
    assert foreign.primary() == node1
    foreign.cluster.power_on("node2")
    answer = foreign.try_to_change(start=[node2])
    assert answer.code == 1
    for word in ("Other database", identifier(node1), identifier(node2)):
        assert word in answer.reason
    assert foreign.probe(node2).code == 7


def test_data_of_another_database_takes_part_in_no_election(foreign: Group) -> None:
    node1, node2 = foreign.nodes
    answer = foreign.try_to_change(start=[node1, node2])
    assert answer.code == 1
    assert "of another database than that of node1" in answer.reason
    for word in (f"node1 {identifier(node1)}", f"here {identifier(node2)}"):
        assert word in answer.log
    assert foreign.candidate() is None
