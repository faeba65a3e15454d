# SPDX-License-Identifier: GPL-2.0-or-later
"""What the method refuses, with status attribute and exit reason, and what it finds."""

from __future__ import annotations

import pytest

from tests.postgres.conftest import MAIN_VERSIONS, Pair
from tests.postgres.node import Node

main_versions = pytest.mark.parametrize("major", MAIN_VERSIONS)


def assert_nothing_was_started(node: Node) -> None:
    assert node.probe().code == 7
    assert not node.monitor_flag.exists()


@main_versions
def test_a_used_data_directory_is_not_started_again(replicating: Pair) -> None:
    cluster, _, node2 = replicating
    node2.operate("stop")
    answer = node2.agent("start")
    assert answer.code == 1
    assert str(node2.start_flag) in answer.reason
    assert "backup" in answer.reason
    assert cluster.status("node2") == "STOP:repressing start file exists"
    for action in ("demote", "stop"):
        node2.operate(action)
        assert cluster.status("node2") == "STOP:repressing start file exists"
    assert_nothing_was_started(node2)


@main_versions
def test_a_second_primary_is_not_started(pair: Pair) -> None:
    cluster, node1, node2 = pair
    node1.operate("start")
    node1.operate("promote")
    answer = node2.agent("start")
    assert answer.code == 1
    assert "node1" in answer.reason
    assert cluster.status("node2") == "STOP:master already exists"
    assert_nothing_was_started(node2)


@main_versions
def test_a_standby_is_not_started_without_a_primary(pair: Pair) -> None:
    cluster, node1, node2 = pair
    node2.follow(node1)
    answer = node2.agent("start")
    assert answer.code == 1
    assert "primary" in answer.reason
    assert cluster.status("node2") == "STOP:master doesn't exist"
    assert not node2.start_flag.exists(), "a refused copy was not used"
    assert_nothing_was_started(node2)


def test_promotion_is_refused_from_a_used_data_directory(pair: Pair) -> None:
    cluster, node1, _ = pair
    node1.operate("start")
    node1.write(node1.start_flag, "")
    answer = node1.agent("promote")
    assert answer.code == 1
    assert cluster.status("node1") == "STOP:repressing start file exists"
    assert node1.probe().code == 7


def test_promotion_is_refused_while_another_primary_is_seen(replicating: Pair) -> None:
    _, _, node2 = replicating
    answer = node2.agent("promote")
    assert answer.code == 1
    assert "node1" in answer.reason
    assert node2.sql("select pg_is_in_recovery()") is True


def test_promotion_of_a_server_that_died_is_refused(replicating: Pair) -> None:
    cluster, node1, node2 = replicating
    node2.kill_server()
    node1.kill_server()
    cluster.power_off("node1")
    answer = node2.agent("promote")
    assert answer.code == 1
    assert "not running" in answer.reason


def test_promotion_of_a_stopped_standby_is_refused(pair: Pair) -> None:
    _, node1, node2 = pair
    node1.operate("start")
    node1.follow(node2)
    answer = node1.agent("promote")
    assert answer.code == 1
    assert "standby" in answer.reason
    assert node1.probe().code == 7


@pytest.mark.parametrize("major", [15, 18])
def test_a_standby_that_never_streamed_gets_no_score(pair: Pair) -> None:
    cluster, node1, node2 = pair
    node2.follow(node1)
    cluster.set_node("node1", role="Promoted")
    node2.operate("start")
    assert cluster.status("node2") == "HS:alone"
    assert cluster.score("node2") == "-INFINITY"
    assert node2.agent("monitor").code == 0
    assert cluster.score("node2") == "-INFINITY"


def test_a_standby_gets_its_score_when_it_streams_first_and_keeps_it(
    pair: Pair,
) -> None:
    cluster, node1, node2 = pair
    node2.follow(node1)
    cluster.set_node("node1", role="Promoted")
    node2.operate("start")
    assert cluster.score("node2") == "-INFINITY"
    cluster.set_node("node1", role="Stopped")
    node1.operate("start")
    node1.operate("promote")
    streams = "select count(*) from pg_stat_wal_receiver where status = 'streaming'"
    node2.wait_for("streaming", lambda: node2.sql(streams) == 1)
    for _ in ("score", "status"):
        assert node2.agent("monitor").code == 0
    assert (cluster.status("node2"), cluster.score("node2")) == ("HS", "100")
    node1.kill_server()
    assert node2.agent("monitor").code == 0
    assert (cluster.status("node2"), cluster.score("node2")) == ("HS", "100")


@main_versions
def test_a_probe_adopts_a_running_primary(pair: Pair) -> None:
    cluster, node1, _ = pair
    node1.operate("start")
    node1.operate("promote")
    cluster.set_node("node1", attributes={})
    node1.start_flag.unlink()
    node1.write(node1.monitor_flag, "")
    node1.write(node1.trigger, "")
    answer = node1.probe()
    assert answer.code == 8
    assert "WARNING" in answer.log
    assert node1.start_flag.exists()
    assert not node1.monitor_flag.exists()
    assert not node1.trigger.exists()
    assert (cluster.status("node1"), cluster.score("node1")) == ("PRI", "1000")


@main_versions
def test_a_probe_adopts_a_running_standby(replicating: Pair) -> None:
    cluster, _, node2 = replicating
    cluster.set_node("node2", attributes={})
    node2.start_flag.unlink()
    assert node2.probe().code == 0
    assert node2.start_flag.exists()
    if node2.major >= 10:
        assert (cluster.status("node2"), cluster.score("node2")) == ("HS", "100")


def test_start_answers_by_the_real_state_of_a_running_server(pair: Pair) -> None:
    cluster, node1, _ = pair
    node1.operate("start")
    node1.operate("promote")
    node1.start_flag.unlink()
    assert node1.agent("start").code == 8
    assert cluster.status("node1") == "PRI"
    assert node1.start_flag.exists()


def test_a_monitor_tells_a_dead_server_and_a_hung_one(replicating: Pair) -> None:
    cluster, node1, node2 = replicating
    node2.kill_server()
    assert node2.agent("monitor").code == 7
    assert cluster.status("node2") == "STOP:with errors"
    node1.suspend()
    answer = node1.agent("monitor", CRM_meta_timeout="5000")
    node1.resume()
    assert answer.code == 1
    assert "did not answer in time" in answer.reason
    assert cluster.status("node1") == "UNKNOWN:with errors"


def test_a_monitor_repairs_lost_attributes(pair: Pair) -> None:
    cluster, node1, _ = pair
    node1.operate("start")
    node1.operate("promote")
    cluster.set_node("node1", attributes={})
    assert node1.agent("monitor").code == 8
    assert (cluster.status("node1"), cluster.score("node1")) == ("PRI", "1000")


def test_a_monitor_tells_the_truth_when_the_cluster_cannot_be_asked(
    replicating: Pair,
) -> None:
    cluster, node1, node2 = replicating
    cluster.set(broken=True)
    assert node1.agent("monitor").code == 8
    assert node2.agent("monitor").code == 0


def test_a_server_stops_when_the_cluster_cannot_be_asked(replicating: Pair) -> None:
    cluster, node1, _ = replicating
    cluster.set(broken=True)
    assert node1.agent("stop").code == 0
    cluster.set(broken=False)
    assert node1.probe().code == 7
    assert node1.start_flag.exists(), "nobody could say that no other is active"


def test_a_full_primary_stays_promoted_and_a_full_standby_can_be_promoted(
    replicating: Pair,
) -> None:
    cluster, node1, node2 = replicating
    with node1.connections_exhausted():
        answer = node1.agent("monitor")
        assert answer.code == 8
        assert "takes no connection" in answer.log
    with node2.connections_exhausted():
        assert node2.agent("monitor").code == 0
        node1.kill_server()
        cluster.power_off("node1")
        assert node2.agent("promote").code == 0
    assert node2.sql("select pg_is_in_recovery()") is False


def test_start_warns_when_fencing_is_disabled(pair: Pair) -> None:
    cluster, node1, _ = pair
    cluster.set(fencing=False)
    answer = node1.operate("start")
    assert "WARNING: Fencing is disabled" in answer.log
    node1.operate("promote")
    node1.operate("demote")
    node1.operate("stop")
    assert node1.start_flag.exists(), "without fencing nothing proves the newest data"


def test_a_suspended_server_is_stopped_cleanly(pair: Pair) -> None:
    node1 = pair.node1
    node1.operate("start")
    node1.operate("promote")
    node1.suspend()
    node1.operate("demote")
    node1.operate("stop")
    assert not node1.start_flag.exists(), "it was shut down, not killed"


def test_the_primary_is_checked_by_the_administrators_statement(
    replicating: Pair,
) -> None:
    _, node1, node2 = replicating
    writes = "create temporary table t (n int)"
    assert node1.agent("monitor", monitor_sql=writes).code == 8
    assert node2.agent("monitor", monitor_sql=writes).code == 0
    answer = node1.agent("monitor", monitor_sql="select 'it''s', 1/0")
    assert answer.code == 1
    assert "division by zero" in answer.reason
