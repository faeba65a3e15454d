# SPDX-License-Identifier: GPL-2.0-or-later
"""What each action costs: the programs that it launches, itself included.

Numbers, not times: they are the same on a busy machine. A monitor is what runs all day.
"""

from __future__ import annotations

import pytest

from tests.bench.launches import Launches, launches_of
from tests.postgres.conftest import Pair
from tests.postgres.node import AGENT, Node

STAND_ALONE = {"rep_mode": "none", "CRM_meta_promotable": "false"}
MOST_FOR_STANDBY = 3
MOST_FOR_PRIMARY = 5
ITSELF = ("pgsr",)
LOOK = ("crm_mon",)
WRITE = ("attrd_updater",)
VERSION_CHECK = ("pg_ctl",)
# pg_ctl asks the server for its version, and starts it, each through /bin/sh.
SERVER_START = ("pg_ctl", "sh", "postgres", "sh", "postgres")


def cost(node: Node, action: str, **changes: str) -> Launches:
    """Run an action that must succeed and return what it launched."""
    launches = launches_of([str(AGENT), action], node.environment(**changes))
    assert launches.code == 0, (action, launches)
    assert launches.processes <= len(launches.programs)
    return launches


def monitor_cost(node: Node, code: int, **changes: str) -> Launches:
    launches = launches_of([str(AGENT), "monitor"], node.environment(**changes))
    assert launches.code == code, launches
    return launches


@pytest.mark.parametrize(
    "action",
    ["meta-data", "methods", "notify", "reload-agent", "usage", "validate-all"],
)
def test_an_action_that_only_tells_is_one_process(pair: Pair, action: str) -> None:
    assert cost(pair.node1, action) == Launches(0, ITSELF, 1)


def test_a_monitor_of_a_stand_alone_server_is_one_process(pair: Pair) -> None:
    node = pair.node1
    assert monitor_cost(node, 7, **STAND_ALONE) == Launches(7, ITSELF, 1)
    node.agent("start", **STAND_ALONE)
    assert monitor_cost(node, 0, **STAND_ALONE) == Launches(0, ITSELF, 1)
    assert cost(node, "status", **STAND_ALONE) == Launches(0, ITSELF, 1)


def test_a_stand_alone_server_is_started_by_pg_ctl_and_stopped_by_a_signal(
    pair: Pair,
) -> None:
    node = pair.node1
    started = (*ITSELF, *VERSION_CHECK, *SERVER_START)
    assert cost(node, "start", **STAND_ALONE).programs == started
    assert cost(node, "start", **STAND_ALONE).programs == ITSELF
    assert cost(node, "stop", **STAND_ALONE).programs == ITSELF
    assert cost(node, "stop", **STAND_ALONE).programs == ITSELF


def test_a_monitor_of_a_waiting_primary_is_one_process(pair: Pair) -> None:
    pair.node1.operate("start")
    assert monitor_cost(pair.node1, 0) == Launches(0, ITSELF, 1)


def test_a_steady_monitor_of_a_standby_looks_once(replicating: Pair) -> None:
    standby = replicating.node2
    standby.wait_for("score", lambda: replicating.cluster.score("node2") == "100")
    steady = monitor_cost(standby, 0)
    assert steady == Launches(0, (*ITSELF, *LOOK), 2)
    assert steady.processes <= MOST_FOR_STANDBY


def test_a_steady_monitor_of_the_primary_looks_once(replicating: Pair) -> None:
    steady = monitor_cost(replicating.node1, 8)
    assert steady == Launches(8, (*ITSELF, *LOOK), 2)
    assert steady.processes <= MOST_FOR_PRIMARY


def test_a_monitor_writes_only_what_changed(replicating: Pair) -> None:
    cluster, primary, standby = replicating
    kept = {**cluster.attributes("node2"), "db-status": "HS:alone"}
    cluster.set_node("node2", attributes=kept)
    one_change = monitor_cost(standby, 0)
    assert one_change.programs == (*ITSELF, *LOOK, *WRITE)
    assert one_change.processes <= MOST_FOR_STANDBY
    cluster.set_node("node2", attributes={"db-status": "HS:alone"})
    both_changed = monitor_cost(standby, 0)
    assert both_changed.processes <= MOST_FOR_STANDBY
    assert cluster.score("node2") == "100", "the score comes first"
    assert monitor_cost(standby, 0).processes <= MOST_FOR_STANDBY
    assert cluster.status("node2") == "HS"
    cluster.set_node("node1", attributes={})
    all_changed = monitor_cost(primary, 8)
    assert all_changed.programs == (*ITSELF, *LOOK, *WRITE, *WRITE)
    assert all_changed.processes <= MOST_FOR_PRIMARY


def test_a_primary_is_started_and_promoted_with_one_look_each(pair: Pair) -> None:
    node = pair.node1
    started = (*ITSELF, *VERSION_CHECK, *LOOK, *WRITE, *WRITE)
    assert cost(node, "start").programs == started
    promoted = (*ITSELF, *LOOK, *WRITE, *SERVER_START, *WRITE, *WRITE)
    assert cost(node, "promote").programs == promoted


def test_a_demotion_and_a_stop_launch_nothing_of_postgresql(replicating: Pair) -> None:
    cluster, primary, _ = replicating
    assert cost(primary, "demote").programs == (*ITSELF, *WRITE, *WRITE)
    cluster.set_node("node1", role="Unpromoted")
    assert cost(primary, "stop").programs == (*ITSELF, *WRITE, *LOOK, *WRITE)


# Where there is a trigger file, the stopped server is asked which one it watches; where
# there is none, pg_ctl promotes.
@pytest.mark.parametrize(
    ("major", "question", "promotion"),
    [(10, (), ()), (15, ("postgres",), ()), (18, (), ("pg_ctl",))],
)
def test_a_standby_is_started_and_promoted_with_one_look_each(
    pair: Pair, question: tuple[str, ...], promotion: tuple[str, ...]
) -> None:
    cluster, primary, standby = pair
    primary.operate("start")
    primary.operate("promote")
    standby.follow(primary)
    before = (*ITSELF, *VERSION_CHECK, *question, *LOOK)
    started = (*before, *SERVER_START, *WRITE, *WRITE)
    assert cost(standby, "start").programs == started
    primary.kill_server()
    cluster.power_off("node1")
    promoted = (*ITSELF, *LOOK, *WRITE, *promotion, *WRITE, *WRITE)
    assert cost(standby, "promote").programs == promoted
