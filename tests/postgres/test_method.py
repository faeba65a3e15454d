# SPDX-License-Identifier: GPL-2.0-or-later
"""The PGSR method's states and transitions, on real servers."""

from __future__ import annotations

import pytest

from tests.postgres.conftest import MAIN_VERSIONS, Pair
from tests.provision.postgresql import installations

every_version = pytest.mark.parametrize("major", sorted(installations()))
main_versions = pytest.mark.parametrize("major", MAIN_VERSIONS)


@every_version
def test_a_cluster_starts_fails_over_and_stops_by_the_method(pair: Pair) -> None:
    cluster, node1, node2 = pair
    node1.operate("start")
    assert cluster.status("node1") == "STOP:waiting for promote op"
    node1.operate("promote")
    node1.sql("create table t (n int)")
    node2.follow(node1)
    node2.operate("start")
    node1.sql("insert into t values (1)")
    replayed = f"pg_last_{'xlog' if node2.major < 10 else 'wal'}_replay_lsn()"
    position = node1.sql("select pg_current_wal_lsn()")
    node2.wait_for(
        "replay", lambda: node2.sql(f"select {replayed} >= '{position}'::pg_lsn")
    )
    node1.kill_server()
    cluster.power_off("node1")
    node2.operate("promote")
    assert node2.agent("monitor").code == 8
    assert node2.sql("select count(*) from t") == 1
    node2.sql("insert into t values (2)")
    node2.operate("demote")
    node2.operate("stop")
    assert node2.probe().code == 7


@main_versions
def test_the_initial_primary_waits_stopped_until_it_is_promoted(pair: Pair) -> None:
    cluster, node1, _ = pair
    node1.operate("start")
    assert node1.monitor_flag.exists()
    assert not node1.start_flag.exists()
    assert not (node1.data / "postmaster.pid").exists()
    assert node1.agent("monitor").code == 0
    assert cluster.status("node1") == "STOP:waiting for promote op"
    assert cluster.score("node1") == "1000"
    assert node1.probe().code == 7, "a probe says what is there"


@main_versions
def test_promotion_starts_the_waiting_primary(pair: Pair) -> None:
    cluster, node1, _ = pair
    node1.operate("start")
    node1.operate("promote")
    assert node1.sql("select pg_is_in_recovery()") is False
    assert not node1.monitor_flag.exists()
    assert node1.start_flag.exists()
    assert cluster.status("node1") == "PRI"
    assert cluster.score("node1") == "1000"
    assert node1.agent("monitor").code == 8


@main_versions
def test_a_standby_is_started_as_a_hot_standby(replicating: Pair) -> None:
    cluster, _, node2 = replicating
    assert node2.sql("select pg_is_in_recovery()") is True
    assert node2.start_flag.exists()
    assert not node2.monitor_flag.exists()
    assert cluster.status("node2") == "HS"
    assert cluster.score("node2") == "100"
    assert node2.agent("monitor").code == 0


@main_versions
def test_failover_promotes_the_standby(replicating: Pair) -> None:
    cluster, node1, node2 = replicating
    node1.kill_server()
    cluster.power_off("node1")
    node2.operate("promote")
    assert node2.sql("select pg_is_in_recovery()") is False
    assert not node2.trigger.exists(), "the server removes its trigger file"
    assert cluster.status("node2") == "PRI"
    assert cluster.score("node2") == "1000"
    assert node2.start_flag.exists()


@main_versions
def test_a_demoted_primary_is_stopped_and_counts_as_unpromoted(pair: Pair) -> None:
    cluster, node1, _ = pair
    node1.operate("start")
    node1.operate("promote")
    node1.operate("demote")
    assert not (node1.data / "postmaster.pid").exists()
    assert node1.monitor_flag.exists()
    assert node1.start_flag.exists(), "demote alone never removes repress_start"
    assert cluster.status("node1") == "STOP"
    assert cluster.score("node1") == "-INFINITY"
    assert node1.agent("monitor").code == 0
    assert cluster.status("node1") == "STOP"


def test_promoting_a_primary_again_changes_nothing(pair: Pair) -> None:
    _, node1, _ = pair
    node1.operate("start")
    node1.operate("promote")
    pid = node1.pid()
    node1.operate("promote")
    assert node1.pid() == pid


def test_demoting_and_stopping_twice_succeeds(pair: Pair) -> None:
    _, node1, _ = pair
    node1.operate("start")
    node1.operate("promote")
    for action in ("demote", "demote", "stop", "stop"):
        node1.operate(action)
    assert not node1.monitor_flag.exists()


def test_stop_ends_each_state(replicating: Pair) -> None:
    cluster, node1, node2 = replicating
    node2.operate("stop")
    assert node2.probe().code == 7
    assert cluster.status("node2") == "STOP"
    node1.operate("stop")
    assert node1.probe().code == 7
    assert cluster.score("node1") == "-INFINITY"


def test_the_last_primary_to_stop_cleanly_may_start_again(pair: Pair) -> None:
    cluster, node1, _ = pair
    node1.operate("start")
    node1.operate("promote")
    node1.operate("demote")
    node1.operate("stop")
    assert not node1.start_flag.exists()
    node1.operate("start")
    assert cluster.status("node1") == "STOP:waiting for promote op"


def test_a_primary_that_stops_first_says_why_its_flag_stays(replicating: Pair) -> None:
    """Pacemaker on a busy node begins the standby's stop after the primary's."""
    cluster, node1, _ = replicating
    node1.operate("demote")
    cluster.set(target_role="Stopped")
    answer = node1.agent("stop", CRM_meta_timeout="6000")
    assert answer.code == 0
    assert node1.start_flag.exists()
    assert "Other instances did not stop meanwhile" in answer.log


def test_a_primary_that_crashed_may_not_start_again(pair: Pair) -> None:
    _, node1, _ = pair
    node1.operate("start")
    node1.operate("promote")
    node1.kill_server()
    node1.operate("demote")
    node1.operate("stop")
    assert node1.start_flag.exists()
    assert node1.agent("start").code == 1


def test_a_primary_does_not_start_again_after_another_was_promoted(
    replicating: Pair,
) -> None:
    _, node1, node2 = replicating
    node1.operate("demote")
    node2.operate("promote")
    node2.operate("demote")
    node2.operate("stop")
    node1.operate("stop")
    assert node1.start_flag.exists(), "node2 took writes after node1"
    assert node2.start_flag.exists(), "node1 was active when node2 stopped"


@pytest.mark.parametrize("old", [False, True], ids=["current roles", "Master/Slave"])
def test_role_names_of_every_pacemaker_are_known(pair: Pair, old: bool) -> None:
    cluster, node1, node2 = pair
    cluster.set(old=old)
    node1.operate("start")
    node1.operate("promote")
    assert node2.agent("start").code == 1
    assert cluster.status("node2") == "STOP:master already exists"
