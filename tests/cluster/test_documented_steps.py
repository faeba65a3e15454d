# SPDX-License-Identifier: GPL-2.0-or-later
"""What the documentation says of the PGSR method, typed as it is there."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.cluster.documentation import (
    METHOD,
    RESOURCE,
    blocks,
    captioned,
    configure_server,
    debian_nodes_and_more,
    for_node,
    make_server,
    run,
    start_method,
    wait_for,
)
from tests.cluster.harness.cluster import Cluster
from tests.cluster.harness.node import Node

pytestmark = pytest.mark.namespaces_only

COLD_START = "howto/cold-start.rst"
NODES = "howto/nodes.rst"
REFUSED = "STOP:repressing start file exists"
BRING_BACK = ("howto/bring-back.rst", f"The PGSR method: {REFUSED}")


@pytest.fixture(scope="module")
def clusters() -> Iterator[tuple[Cluster, Cluster]]:
    """Two nodes as Debian's packages leave them, with a cluster, and a third one."""
    with debian_nodes_and_more(f"test-{os.getpid()}-documented", 2, 1) as made:
        yield made


@pytest.fixture
def cluster(clusters: tuple[Cluster, Cluster]) -> Cluster:
    """The cluster of the two nodes."""
    return clusters[0]


@pytest.fixture
def with_third(clusters: tuple[Cluster, Cluster]) -> Cluster:
    """What becomes a cluster of three nodes."""
    return clusters[1]


def bring_back(cluster: Cluster, node: Node) -> None:
    """What is documented for a node whose instance was refused."""
    wait_for(cluster, node, "stopped", REFUSED)
    for step in blocks(*BRING_BACK):
        run(node, for_node(node, step))
    wait_for(cluster, node, "unpromoted", "HS")


def test_a_cluster_is_set_up_by_the_documented_steps(cluster: Cluster) -> None:
    _, node2 = cluster.nodes
    start_method(cluster)
    wait_for(cluster, node2, "unpromoted", "HS")
    assert cluster.status().failures == ()


def test_a_failed_primary_comes_back_by_the_documented_steps(cluster: Cluster) -> None:
    node1, node2 = cluster.nodes
    node1.cut_power()
    wait_for(cluster, node2, "promoted", "PRI")
    node1.power_on()
    bring_back(cluster, node1)


def test_a_planned_switch_goes_by_the_documented_steps(cluster: Cluster) -> None:
    node1, node2 = cluster.nodes
    [standby] = blocks("howto/switchover.rst", "With the PGSR method")
    run(node1, for_node(node2, standby))
    wait_for(cluster, node1, "promoted", "PRI")
    *steps, _ = blocks(*BRING_BACK)
    for step in steps:
        run(node2, step)
    node2.run("crm", "node", "online", "node2")
    wait_for(cluster, node2, "unpromoted", "HS")


def test_a_planned_stop_goes_by_the_documented_steps(cluster: Cluster) -> None:
    node1, node2 = cluster.nodes
    [stop] = blocks("howto/switchover.rst", "A planned stop with the PGSR method")
    run(node1, stop)
    for node in cluster.nodes:
        cluster.wait_for_role(node, "stopped", RESOURCE)
    cluster.wait_until_idle()
    node1.run("crm", "resource", "start", "db-clone")
    wait_for(cluster, node1, "promoted", "PRI")
    wait_for(cluster, node2, "stopped", REFUSED)


def test_after_a_power_cut_of_all_the_documented_steps_find_and_start_the_primary(
    cluster: Cluster,
) -> None:
    node1, node2 = cluster.nodes
    bring_back(cluster, node2)
    for node in cluster.nodes:
        node.cut_power()
    for node in cluster.nodes:
        node.power_on()
    for node in cluster.nodes:
        wait_for(cluster, node, "stopped", REFUSED)
    question, restart = blocks(
        COLD_START, "With the PGSR method: both nodes lost power"
    )
    states = [run(node, question) for node in cluster.nodes]
    assert ["in production" in state for state in states] == [True, False], states
    run(node1, restart)
    wait_for(cluster, node1, "promoted", "PRI")
    bring_back(cluster, node2)


def test_the_last_standby_becomes_the_primary_by_the_documented_steps(
    cluster: Cluster,
) -> None:
    node1, node2 = cluster.nodes
    for node in cluster.nodes:
        node.cut_power()
    node2.power_on()
    wait_for(cluster, node2, "stopped", REFUSED)
    [promote] = blocks(COLD_START, "If only the standby's node is left")
    run(node2, promote)
    wait_for(cluster, node2, "promoted", "PRI")
    node1.power_on()
    bring_back(cluster, node1)


def test_a_third_node_comes_and_goes_by_the_documented_steps(
    cluster: Cluster, with_third: Cluster
) -> None:
    node1, _, node3 = with_third.nodes
    node3.boot_without_cluster()
    make_server(node3)
    same = blocks(METHOD, "2. The same configuration (both nodes)")
    configure_server(node3, same)
    run(node3, captioned(NODES, "with the PGSR method"))
    with_third.write_configuration()
    _, reload = blocks(NODES, "Add: the node joins")
    run(node1, reload)
    node3.start_cluster()
    with_third.wait_for_online(*with_third.nodes)
    wait_for(with_third, node3, "unpromoted", "HS")
    away, _, leave = blocks(NODES, "Remove a node")
    run(node1, away)
    wait_for(with_third, node3, "stopped", "STOP")
    node3.stop_cluster()
    cluster.write_configuration()
    run(node1, leave)
    cluster.wait_for_online(*cluster.nodes)
    assert cluster.status().failures == ()


def test_a_standby_is_rebuilt_by_the_documented_steps(cluster: Cluster) -> None:
    node1, _ = cluster.nodes
    rebuild, _, marks = blocks(NODES, "Rebuild a standby", without="nothing")
    *steps, online = rebuild.text.replace("node3", node1.name).splitlines()
    run(node1, rebuild._replace(text="\n".join(steps)))
    run(node1, marks)
    run(node1, rebuild._replace(text=online))
    wait_for(cluster, node1, "unpromoted", "HS")
