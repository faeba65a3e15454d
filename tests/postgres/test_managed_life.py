# SPDX-License-Identifier: GPL-2.0-or-later
"""The life of a managed pair: first start, switchover, failover, and back again."""

from __future__ import annotations

import pytest

from tests.postgres.managed import MINUS_INFINITY, Group, cut_off, roles
from tests.postgres.servers import (
    await_replay,
    be_quiet,
    end_of_wal,
    hanging,
    is_standby,
    lock_of,
    names_in_force,
    process_of,
    rows,
    write_rows,
)

ALL_IS_REPLAYED = "select pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn()"
VERSIONS = pytest.mark.parametrize("major", [10, 12, 15, 18])


def assert_well(group: Group) -> None:
    """Assert that a pair is as it shall be: the standby may take over at once."""
    primary, standby = roles(group)
    attributes = (group.status(primary), group.score(primary), group.record(primary))
    assert attributes == ("PRI", "1000", "LATEST")
    attributes = (group.status(standby), group.score(standby), group.record(standby))
    assert attributes == ("HS:sync", "100", "STREAMING|SYNC")
    assert names_in_force(primary).strip('"') == standby.name.lower()
    assert (is_standby(primary), is_standby(standby)) == (False, True)


def test_a_switch_back_right_after_a_node_has_returned(group: Group) -> None:
    """The node that returned was demoted before, and no monitor of its has run yet."""
    group.begin()
    first, second = roles(group)
    write_rows(first, 1)
    group.change(demote=[first], stop=[first], promote=[second])
    group.change(start=[first])
    first.wait_for(
        "the right to take over",
        lambda: group.monitor(second).code == 8 and group.score(first) == "100",
    )
    group.change(demote=[second], stop=[second], promote=[first])
    assert rows(first) == 1


def test_a_refused_successor_is_promoted_once_it_has_all_of_the_stopped_primary(
    group: Group,
) -> None:
    group.begin()
    first, second = roles(group)
    write_rows(first, 1)
    group.change(demote=[first], stop=[first])
    group.cluster.set_attribute(second.name, "score", MINUS_INFINITY)
    # It may sleep before it replays, as below.
    second.wait_for("replay", lambda: second.sql(ALL_IS_REPLAYED))
    group.settle()
    assert group.primary() == second
    assert rows(second) == 1


def test_a_switchover_wakes_a_successor_that_sleeps_before_it_has_replayed_all(
    group: Group,
) -> None:
    """Its startup process did not look before its receiver was gone."""
    group.begin()
    first, second = roles(group)
    write_rows(first, 1)
    second.sql("alter system set wal_retrieve_retry_interval = '1h'")
    second.sql("select pg_reload_conf()")
    with hanging(process_of(second, "startup")):
        group.change(demote=[first], stop=[first])
    group.change(promote=[second])
    assert rows(second) == 1


@VERSIONS
def test_a_pair_starts_switches_over_and_back_and_fails_over(
    group: Group, major: int
) -> None:
    group.begin()
    assert_well(group)
    write_rows(roles(group)[0], 3)
    for there_and_back in (1, 2):
        primary, standby = roles(group)
        group.change(demote=[primary], promote=[standby])
        assert rows(standby) == 2 + there_and_back
        group.settle_with(1)
        assert roles(group) == (standby, primary)
        assert_well(group)
        write_rows(standby, 1)
    primary, standby = roles(group)
    be_quiet(primary, standby)
    group.fence(primary)
    group.change(promote=[standby])
    assert rows(standby) == 5
    group.settle()
    write_rows(standby, 1)
    assert group.record(primary) == "DISCONNECT"
    group.cluster.power_on(primary.name)
    assert lock_of(primary).exists()
    group.change(start=[primary])
    assert not lock_of(primary).exists(), "its data is proven to be the new primary's"
    group.settle_with(1)
    assert_well(group)
    await_replay(primary, end_of_wal(standby))
    assert rows(primary) == 6


@VERSIONS
def test_a_primary_that_crashed_recovers_in_place_without_a_write(
    group: Group, major: int
) -> None:
    """Each change of an attribute would make Pacemaker break off and begin anew."""
    group.begin()
    primary, _ = roles(group)
    write_rows(primary, 1)
    before = group.cluster.writes()
    group.kill(primary)
    group.change(demote=[primary], stop=[primary], start=[primary], promote=[primary])
    assert group.cluster.writes() == before
    assert rows(primary) == 1
    group.settle_with(1)
    assert_well(group)


def test_a_standby_without_the_last_wal_is_refused_and_the_old_primary_goes_on(
    group: Group,
) -> None:
    group.begin()
    primary, standby = roles(group)
    write_rows(primary, 1)
    cut_off(group, standby)
    answer = group.try_to_change(demote=[primary], promote=[standby])
    assert answer.code == 1
    assert f"the last WAL of {primary.name} did not arrive here" in answer.reason
    assert is_standby(standby)
    group.change(stop=[standby], start=[standby])
    group.settle_with(1)
    assert roles(group) == (primary, standby)
    assert_well(group)
    assert rows(primary) == 1


def test_a_promotion_by_restart_keeps_the_timeline(group: Group) -> None:
    group = group.having(restart_on_promote="true")
    group.begin()
    primary, standby = roles(group)
    write_rows(primary, 1)
    group.change(demote=[primary], promote=[standby])
    group.settle_with(1)
    assert_well(group)
    timeline = "select timeline_id from pg_control_checkpoint()"
    assert standby.sql(timeline) == 1
    assert rows(standby) == 1


def test_stop_ends_a_pair_and_the_last_to_stop_leaves_no_lock(group: Group) -> None:
    group.begin()
    primary, standby = roles(group)
    group.change(stop=[standby])
    assert group.status(standby) == "STOP"
    assert group.score(standby) == MINUS_INFINITY
    group.monitor(primary)
    assert group.record(standby) == "DISCONNECT"
    assert names_in_force(primary) == ""
    group.change(demote=[primary], stop=[primary])
    assert not lock_of(primary).exists()
    assert group.probe(primary).code == 7
    assert group.call(primary, "stop").code == 0, "stop is done twice at times"


def test_the_primary_of_a_pair_that_was_stopped_is_the_primary_again(
    group: Group,
) -> None:
    group.begin()
    primary, standby = roles(group)
    write_rows(primary, 2)
    group.change(stop=[standby])
    group.monitor(primary)
    write_rows(primary, 1)
    group.change(demote=[primary], stop=[primary])
    for node in (primary, standby):
        group.cluster.power_off(node.name)
        group.cluster.power_on(node.name)
    group.change(start=[standby, primary])
    group.settle_with(1)
    assert roles(group) == (primary, standby)
    assert rows(primary) == 3


def test_a_standby_that_comes_back_alone_waits_for_the_primary(group: Group) -> None:
    group.begin()
    primary, standby = roles(group)
    group.change(stop=[standby])
    group.monitor(primary)
    write_rows(primary, 1)
    group.fence(primary)
    group.change(start=[standby])
    group.monitor(standby)
    assert group.candidate() is None
    assert group.status(standby) == f"HS:waiting for {primary.name}"
    answer = group.try_to_change(promote=[standby])
    assert answer.code == 1
    assert f"{primary.name} may have newer data" in answer.reason
    group.cluster.power_on(primary.name)
    group.change(start=[primary])
    group.settle_with(1)
    assert roles(group) == (primary, standby)


def test_a_primary_that_runs_already_is_adopted_by_its_probe(group: Group) -> None:
    group.begin()
    primary, standby = roles(group)
    group.cluster.set_node(primary.name, role="Stopped", attributes={})
    assert group.probe(primary).code == 8
    assert (group.score(primary), group.status(primary)) == ("1000", "PRI")
    assert group.probe(standby).code == 0
    group.cluster.set_node(primary.name, role="Promoted")
    group.settle()
    assert_well(group)


@pytest.mark.parametrize("names", [("node1", "Node10", "node2.example")])
def test_names_are_compared_whole_and_without_regard_to_case(group: Group) -> None:
    group.begin()
    primary = group.primary()
    assert primary
    one, other = (node for node in group.nodes if node != primary)
    group.change(stop=[one])
    group.settle_with(1)
    assert group.status(one) == "STOP"
    assert group.status(other) == "HS:sync"
    assert names_in_force(primary).strip('"') == other.name.lower()
    group.change(demote=[primary], promote=[other])
    group.change(start=[one])
    group.settle_with(2)
    assert group.primary() == other
