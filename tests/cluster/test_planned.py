# SPDX-License-Identifier: GPL-2.0-or-later
"""What an administrator does on purpose: stopping, maintenance, servers by hand."""

from __future__ import annotations

import pytest

from tests.cluster.catalogue.record import Fault
from tests.cluster.conftest import Replicated
from tests.cluster.harness import method, postgres
from tests.cluster.harness.cluster import RESOURCE
from tests.cluster.harness.construction import Construction

MODE = "pgsr"


@pytest.mark.parametrize(
    "words", [method.CURRENT_WORDS, method.FORMER_WORDS], ids=["current", "former"]
)
def test_first_start_by_the_method(
    new_nodes: Construction, words: method.Words
) -> None:
    cluster = new_nodes.cluster
    node1, node2 = cluster.nodes
    method.start_primary(cluster, node1, words)
    cluster.wait_for_attribute(node1, method.STATUS_ATTRIBUTE, "PRI")
    assert not postgres.is_in_recovery(node1)
    assert method.has_file(node1, method.REPRESS_START)
    assert not method.has_file(node1, method.REPRESS_MONITOR)
    method.start_standby(cluster, node2)
    assert postgres.is_in_recovery(node2)
    assert method.has_file(node2, method.REPRESS_START)
    assert cluster.status().failures == ()


def test_whole_cluster_stops_and_its_primary_starts_again_by_itself(
    pgsr_cluster: Replicated,
) -> None:
    cluster, primary, standby = pgsr_cluster
    with cluster.writer() as writer:
        writer.wait_for_rows(50)
    standby.stop_cluster()
    primary.stop_cluster()
    assert not method.has_file(primary, method.REPRESS_START)
    assert method.has_file(standby, method.REPRESS_START)
    for node in (primary, standby):
        node.start_cluster()
    cluster.wait_for_promoted(primary)
    cluster.wait_for_attribute(standby, method.STATUS_ATTRIBUTE, method.REFUSED)
    assert writer.verdict().lost_rows == ()


@pytest.mark.fault("switchover")
def test_planned_stop_of_the_primary_loses_nothing(
    pgsr_cluster: Replicated, fault: Fault
) -> None:
    cluster, primary, standby = pgsr_cluster
    with cluster.writer() as writer:
        writer.wait_for_rows(50)
        fault.strikes(pgsr_cluster, writer)
        primary.stop_cluster()
        cluster.wait_for_promoted(standby)
        writer.wait_for_new_row()
    assert writer.verdict().lost_rows == ()
    primary.start_cluster()
    cluster.wait_for_attribute(primary, method.STATUS_ATTRIBUTE, method.REFUSED)


def test_server_restarted_by_hand_in_maintenance_mode_stays_the_primary(
    pgsr_cluster: Replicated,
) -> None:
    cluster, primary, standby = pgsr_cluster
    with cluster.maintenance():
        postgres.control(primary, "restart")
        by_hand = postgres.postmaster_pid(primary)
    cluster.wait_until_idle()
    cluster.wait_for_promoted(primary)
    assert postgres.postmaster_pid(primary) == by_hand
    assert cluster.status().role(RESOURCE, standby.name) == "unpromoted"
    assert cluster.status().failures == ()


def test_cluster_software_restarted_in_maintenance_mode_finds_its_servers(
    pgsr_cluster: Replicated,
) -> None:
    cluster, primary, standby = pgsr_cluster
    before = [postgres.postmaster_pid(node) for node in (primary, standby)]
    with cluster.maintenance():
        for node in (standby, primary):
            node.stop_cluster()
        for node in (primary, standby):
            node.start_cluster()
        cluster.wait_for_online(primary, standby)
        cluster.wait_for_attribute(primary, method.STATUS_ATTRIBUTE, "PRI")
        cluster.wait_for_attribute(standby, method.STATUS_ATTRIBUTE, "HS")
    cluster.wait_until_idle()
    cluster.wait_for_promoted(primary)
    after = [postgres.postmaster_pid(node) for node in (primary, standby)]
    assert after == before
    assert cluster.status().failures == ()


def test_probe_finds_a_standby_that_was_started_by_hand(
    pgsr_cluster: Replicated,
) -> None:
    cluster, _, standby = pgsr_cluster
    standby.stop_cluster()
    postgres.control(standby, "start")
    by_hand = postgres.postmaster_pid(standby)
    standby.start_cluster()
    method.wait_for_hot_standby(cluster, standby)
    assert postgres.postmaster_pid(standby) == by_hand
    assert method.has_file(standby, method.REPRESS_START)
