# SPDX-License-Identifier: GPL-2.0-or-later
"""What the documentation says of managed replication, typed as it is there."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.cluster.documentation import (
    RESOURCE,
    STATUS,
    blocks,
    configure_server,
    debian_nodes,
    run,
    wait_for,
)
from tests.cluster.harness.cluster import Cluster
from tests.cluster.moving import BRING_BACK, DIVERGED, SET_UP, make_data

pytestmark = pytest.mark.namespaces_only


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Two nodes as Debian's packages leave them, with a cluster and fencing."""
    with debian_nodes(f"test-{os.getpid()}-managed") as made:
        yield made


def test_managed_replication_is_set_up_by_the_documented_steps(
    cluster: Cluster,
) -> None:
    node1, node2 = cluster.nodes
    same = blocks(SET_UP, "1. The same settings on all nodes")
    for node in cluster.nodes:
        configure_server(node, same)
    make_data(cluster)
    resources, *_ = blocks(SET_UP, "3. The resources")
    cluster.configure(resources.text)
    wait_for(cluster, node1, "promoted", "PRI")
    wait_for(cluster, node2, "unpromoted", "HS:sync")
    assert cluster.status().failures == ()
    said = node1.run("crm_resource", "--resource", RESOURCE, "--validate=10").stdout
    assert "WARNING" not in said


def test_a_switchover_goes_by_the_documented_steps(cluster: Cluster) -> None:
    node1, node2 = cluster.nodes
    [both] = blocks("howto/switchover.rst", "With managed replication")
    move, clear = both.text.splitlines()
    run(node1, both._replace(text=move))
    wait_for(cluster, node2, "promoted", "PRI")
    run(node1, both._replace(text=clear))
    wait_for(cluster, node1, "unpromoted", "HS:sync")
    node1.run("crm", "node", "standby", "node2")
    wait_for(cluster, node1, "promoted", "PRI")
    node1.run("crm", "node", "online", "node2")
    wait_for(cluster, node2, "unpromoted", "HS:sync")
    assert cluster.status().failures == ()


def test_a_refused_node_comes_back_by_the_documented_steps(cluster: Cluster) -> None:
    """node1 goes on alone, and is lost; node2 is promoted all the same."""
    node1, node2 = cluster.nodes
    node2.run("crm", "node", "standby", "node2")
    wait_for(cluster, node2, "stopped", "STOP")
    node1.run(
        *("runuser", "-u", "postgres", "--", "psql"),
        *("-c", "create table written_alone as select generate_series(1, 1000)"),
    )
    node1.cut_power()
    cluster.wait_for_fenced(node1)
    node2.run("crm", "node", "online", "node2")
    wait_for(cluster, node2, "unpromoted", "HS:waiting for node1")
    [force] = blocks("howto/cold-start.rst", "If the missing node is lost for good")
    run(node2, force)
    wait_for(cluster, node2, "promoted", "PRI")
    node1.power_on()
    wait_for(cluster, node1, "stopped", DIVERGED)
    rewind, _, clean_up = blocks(*BRING_BACK)
    run(node1, rewind)
    run(node1, clean_up)
    wait_for(cluster, node1, "unpromoted", "HS:sync")


def test_a_planned_stop_goes_by_the_documented_steps(cluster: Cluster) -> None:
    """Either may be promoted then: the standby has all that the primary wrote."""
    [stop] = blocks("howto/switchover.rst", "A planned stop with managed replication")
    node1, _ = cluster.nodes
    run(node1, stop)
    for node in cluster.nodes:
        wait_for(cluster, node, "stopped", "STOP")
    node1.run("crm", "resource", "start", "db-clone")
    cluster.wait_for(
        "a primary and its synchronous standby",
        lambda seen: (
            sorted(seen.attribute(n.name, STATUS) or "" for n in cluster.nodes)
            == ["HS:sync", "PRI"]
        ),
    )
    assert cluster.status().failures == ()
