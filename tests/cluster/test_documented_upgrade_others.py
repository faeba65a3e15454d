# SPDX-License-Identifier: GPL-2.0-or-later
"""Upgrades of the PGSR method, and of a server alone, by the documented commands."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.cluster import moving
from tests.cluster.documentation import (
    RESOURCE,
    Block,
    all_blocks,
    debian_nodes,
    run,
    start_method,
    wait_for,
)
from tests.cluster.harness import postgres
from tests.cluster.harness.cluster import Cluster
from tests.cluster.moving import CLONE, follow
from tests.cluster.test_documented_upgrade import (
    BEFOREHAND,
    PAGE,
    ROWS,
    STANDBY,
    START,
    STOP,
    TABLE,
    UPGRADE,
)

pytestmark = pytest.mark.namespaces_only

MINOR = "A minor version: the PGSR method"
WITH_METHOD = "With the PGSR method"


@pytest.fixture(scope="module")
def by_method() -> Iterator[Cluster]:
    """A primary on node1 and its standby on node2, as documented for the method."""
    with debian_nodes(f"test-{os.getpid()}-upgrade-method") as made:
        node1, _ = made.nodes
        for node in made.nodes:
            moving.install_postgresql_18(node)
        start_method(made)
        wait_for_method(made)
        postgres.sql(node1, TABLE)
        yield made


def wait_for_method(cluster: Cluster) -> None:
    node1, node2 = cluster.nodes
    wait_for(cluster, node1, "promoted", "PRI")
    wait_for(cluster, node2, "unpromoted", "HS")
    cluster.wait_until_idle()
    assert cluster.status().failures == (), cluster.evidence()


def alone(block: Block) -> Block:
    """Return the commands as they are for a server alone."""
    return block._replace(text=block.text.replace(CLONE, RESOURCE))


def test_servers_of_the_method_are_restarted_for_a_minor_version_in_their_roles(
    by_method: Cluster,
) -> None:
    node1, node2 = by_method.nodes
    running = postgres.start_times(by_method.nodes)
    begin, restart, end = all_blocks(PAGE, MINOR)
    run(node1, begin)
    run(node2, restart)
    run(node1, restart)
    run(node1, end)
    wait_for_method(by_method)
    assert set(postgres.start_times(by_method.nodes)).isdisjoint(running)


def test_a_major_upgrade_of_the_method_keeps_every_row(by_method: Cluster) -> None:
    node1, node2 = by_method.nodes
    make, _ = all_blocks(PAGE, BEFOREHAND)
    no_trigger, newest, marks = all_blocks(PAGE, WITH_METHOD)
    for node in by_method.nodes:
        run(node, make)
        run(node, no_trigger)
    follow(node1, PAGE, STOP)
    follow(node1, PAGE, UPGRADE)
    run(node1, newest)
    node1.run("crm", "node", "standby", "node2")
    _, start, statistics = all_blocks(PAGE, START)
    run(node1, start)
    wait_for(by_method, node1, "promoted", "PRI")
    run(node1, statistics)
    [copy] = all_blocks(PAGE, STANDBY)
    before, online, after = copy.text.partition("crm node online")
    run(node2, copy._replace(text=before))
    run(node2, marks)
    run(node2, copy._replace(text=online + after))
    wait_for_method(by_method)
    for node in by_method.nodes:
        assert moving.version(node) == "18"
        assert postgres.sql(node, ROWS) == "1000"


def test_a_major_upgrade_of_a_server_alone_keeps_every_row() -> None:
    with moving.nodes("upgrade-alone") as cluster:
        node1, _ = cluster.nodes
        moving.install_postgresql_18(node1)
        moving.start_alone(cluster)
        postgres.sql(node1, TABLE)
        make, check = all_blocks(PAGE, BEFOREHAND)
        run(node1, make)
        assert "Clusters are compatible" in run(node1, check)
        [stop] = all_blocks(PAGE, STOP)
        run(node1, alone(stop))
        follow(node1, PAGE, UPGRADE)
        _, start, statistics = all_blocks(PAGE, START)
        run(node1, alone(start))
        cluster.wait_for_role(node1, "started", RESOURCE)
        run(node1, statistics)
        assert cluster.status().failures == (), cluster.evidence()
        assert moving.version(node1) == "18"
        assert postgres.sql(node1, ROWS) == "1000"
