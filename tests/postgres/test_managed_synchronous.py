# SPDX-License-Identifier: GPL-2.0-or-later
"""rep_mode=sync: for whom commits wait, and when they go on without a standby."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor, wait

import pytest

from pgsr.decide.names import EMPTY
from pgsr.postgres import sync_names
from tests.postgres.in_process import instance_of
from tests.postgres.managed import MINUS_INFINITY, Group, cut_off
from tests.postgres.node import Node
from tests.postgres.servers import (
    await_replay,
    commit_waits,
    end_of_wal,
    hanging,
    names_in_force,
    rows,
    write_rows,
)

THREE = ("node1", "node2", "node3")
# Long enough for a monitor that did not wait to have ended.
HANGS_S = 0.2
# Until then a cluster notices no loss.
LONG_MS = 60_000


def begun(group: Group) -> tuple[Node, list[Node]]:
    """Start everything; return the primary and the standbys."""
    group.begin()
    primary = group.primary()
    assert primary
    write_rows(primary, 1)
    return primary, [node for node in group.nodes if node != primary]


def lose(group: Group, node: Node) -> None:
    """Let a node vanish: nobody knows yet whether it is off."""
    group.kill(node)
    group.cluster.set_node(node.name, online=False, unclean=True, private={})


def test_commits_wait_for_a_lost_standby_until_it_is_fenced(group: Group) -> None:
    primary, (standby,) = begun(group)
    lose(group, standby)
    answer = group.monitor(primary)
    assert "its node is lost and not fenced yet" in answer.log
    assert standby.name in names_in_force(primary)
    assert commit_waits(primary)
    group.fence(standby)
    group.monitor(primary)
    assert names_in_force(primary) == ""
    assert not commit_waits(primary)
    assert group.record(standby) == "DISCONNECT"


def serving(standby: Node) -> str:
    """Return the condition for the row of the process that serves a standby."""
    return f"from pg_stat_replication where application_name = '{standby.name}'"


def begin_anew(group: Group) -> tuple[Node, Node]:
    """Let commits wait for nobody, and nobody have a right; return the pair."""
    primary, (standby,) = begun(group)
    group.cluster.set_permanent(standby.name, "data-status", "DISCONNECT")
    group.cluster.set_attribute(standby.name, "score", MINUS_INFINITY)
    instance = instance_of(primary)
    sync_names.apply(instance, EMPTY, instance.deadline)
    state = f"select sync_state {serving(standby)}"
    primary.wait_for("an empty setting", lambda: primary.sql(state) == "async")
    return primary, standby


def test_a_standby_gets_its_right_in_the_monitor_that_makes_it_synchronous(
    group: Group,
) -> None:
    """Not before the process that serves it has learnt of the setting, but then."""
    primary, standby = begin_anew(group)
    sender = primary.sql(f"select pid {serving(standby)}")
    with ThreadPoolExecutor(1) as executor:
        with hanging(sender):
            monitor = executor.submit(group.monitor, primary)
            primary.wait_for("the setting", lambda: names_in_force(primary) != "")
            wait((monitor,), timeout=HANGS_S)
            assert group.record(standby) == "DISCONNECT"
            assert group.score(standby) == MINUS_INFINITY
        monitor.result()
    assert group.record(standby) == "STREAMING|SYNC"
    assert group.score(standby) == "100"


def test_commits_go_on_at_once_without_fencing_and_start_says_so(group: Group) -> None:
    group.cluster.set(fencing=False)
    primary, (standby,) = begun(group)
    lose(group, standby)
    group.monitor(primary)
    assert names_in_force(primary) == ""
    assert not commit_waits(primary)
    group.cluster.set_node(standby.name, online=True, unclean=False, role="Stopped")
    answer = group.change(start=[standby])
    assert "Fencing is disabled (stonith-enabled=false)" in answer.log


@pytest.mark.parametrize("role", ["Unpromoted", "Stopped"])
def test_commits_go_on_once_a_member_must_know_that_it_lost_its_right(
    group: Group, role: str
) -> None:
    """Its server died, and its node is up: after the cluster's timeouts it knows.

    It is seen stopped, and stop was not called, while the resource is unmanaged.
    """
    primary, (standby,) = begun(group)
    group.kill(standby)
    group.cluster.set_node(standby.name, role=role)
    began = time.monotonic()
    answer = group.monitor(primary)
    assert "its node is up, and must be for" in answer.log
    assert standby.name in names_in_force(primary)
    assert group.score(standby) == MINUS_INFINITY

    def has_gone_on() -> bool:
        group.monitor(primary)
        return names_in_force(primary) == ""

    primary.wait_for("going on", has_gone_on)
    assert time.monotonic() - began > 1.3
    assert not commit_waits(primary)


def test_time_counts_anew_once_a_standby_has_got_its_right_back(group: Group) -> None:
    """It cannot know yet that it lost it again, however long ago the first time was."""
    group.cluster.set(token=LONG_MS)
    primary, (standby,) = begun(group)
    cut_off(group, standby)
    group.monitor(primary)
    assert group.score(standby) == MINUS_INFINITY
    counted = primary.flags / "PGSQL.unrecorded"
    counted.write_text(json.dumps({standby.name: 0.0}))
    group.address.symlink_to(primary.top)
    group.await_streaming(1)
    group.monitor(primary)
    assert group.score(standby) == "100"
    cut_off(group, standby)
    group.monitor(primary)
    answer = group.monitor(primary)
    assert "its node is up, and must be for" in answer.log
    assert commit_waits(primary)


def test_commits_go_on_at_once_when_a_standby_is_stopped(group: Group) -> None:
    primary, (standby,) = begun(group)
    group.change(stop=[standby])
    assert names_in_force(primary) == "", "the notification is reason enough"
    assert not commit_waits(primary)


def test_strict_commits_never_go_on_without_a_standby(group: Group) -> None:
    group = group.having(sync_strict="true")
    primary, (standby,) = begun(group)
    group.change(stop=[standby])
    group.settle()
    assert commit_waits(primary)
    group.fence(standby)
    group.settle()
    assert commit_waits(primary)
    group.cluster.power_on(standby.name)
    group.change(start=[standby])
    group.settle_with(1)
    assert not commit_waits(primary)
    assert group.status(standby) == "HS:sync"


@pytest.mark.parametrize("names", [THREE], ids=["three nodes"])
def test_another_standby_takes_over_the_part_of_a_lost_one(group: Group) -> None:
    primary, standbys = begun(group)
    (first,) = (node for node in standbys if group.score(node) == "100")
    (second,) = (node for node in standbys if node != first)
    assert group.record(second) != "STREAMING|SYNC"
    assert group.score(second) == MINUS_INFINITY
    group.fence(first)
    group.settle()
    assert (group.status(second), group.score(second)) == ("HS:sync", "100")
    assert group.record(second) == "STREAMING|SYNC"
    assert group.record(first) == "DISCONNECT"
    group.fence(primary)
    group.change(promote=[second])
    assert rows(second) == 1


@pytest.mark.parametrize("major", [10, 15])
@pytest.mark.parametrize("names", [THREE], ids=["three nodes"])
def test_a_quorum_of_standbys_keeps_each_commit(group: Group, major: int) -> None:
    group = group.having(sync_quorum="1")
    primary, standbys = begun(group)
    # After the election the first commits wait for all, as long as one may not know.
    primary.wait_for(
        "quorum commit",
        lambda: (
            group.monitor(primary) and names_in_force(primary).startswith("ANY 1 (")
        ),
    )
    group.settle()
    for node in standbys:
        assert group.record(node) == "STREAMING|QUORUM"
        assert group.status(node) == "HS:quorum"
    left, staying = standbys
    group.change(stop=[left])
    group.settle_with(1)
    assert names_in_force(primary).replace('"', "") == f"ANY 1 ({staying.name})"
    write_rows(primary, 2)
    group.fence(primary)
    group.settle()
    assert group.primary() == staying
    assert rows(staying) == 3


@pytest.mark.parametrize("names", [THREE], ids=["three nodes"])
def test_a_standby_outside_of_the_cluster_is_waited_for_too(group: Group) -> None:
    """The third node is no member: its server follows by itself."""
    *members, outside = group.nodes
    inside = group._replace(nodes=tuple(members)).having(
        external_standby_node_list=outside.name
    )
    primary, (standby,) = begun(inside)
    assert names_in_force(primary).replace('"', "") == standby.name
    outside.follow(primary)
    outside.start_server()
    inside.settle_with(2)
    assert names_in_force(primary).replace('"', "") == (
        f"FIRST 2 ({standby.name}, {outside.name})"
    )
    inside.change(stop=[standby])
    inside.settle_with(1)
    assert names_in_force(primary).replace('"', "").endswith(outside.name) or (
        names_in_force(primary).replace('"', "") == f"FIRST 1 ({outside.name})"
    )
    await_replay(outside, end_of_wal(primary))
    assert rows(outside) == 1
