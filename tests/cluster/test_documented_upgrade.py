# SPDX-License-Identifier: GPL-2.0-or-later
"""Upgrades of managed replication by the documented commands.

Of a minor upgrade everything but the packages, of which there are no newer ones; of a
major one everything, from Debian's 15 to 18.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cluster import moving
from tests.cluster.documentation import RESOURCE, all_blocks, run, wait_for
from tests.cluster.harness import postgres
from tests.cluster.harness.cluster import Cluster
from tests.cluster.harness.node import Node
from tests.cluster.moving import follow

pytestmark = pytest.mark.namespaces_only

PAGE = "howto/upgrade.rst"
MINOR = "A minor version: managed replication"
BEFOREHAND = "1. Beforehand (every node)"
STOP = "2. Stop the database (any node)"
UPGRADE = "3. Upgrade the data (the primary's node)"
START = "4. Start the new primary (any node)"
STANDBY = "5. A new standby (each other node)"
BACK = "The way back"
TABLE = "CREATE TABLE written_before AS SELECT n FROM generate_series(1, 1000) n"
ROWS = "SELECT count(*) FROM written_before"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Managed replication as it is documented, with PostgreSQL 18 beside 15."""
    with moving.nodes("upgrade") as made:
        node1, _ = made.nodes
        for node in made.nodes:
            moving.install_postgresql_18(node)
        moving.start_managed(made)
        postgres.sql(node1, TABLE)
        yield made


def refuse_other_data(cluster: Cluster, node: Node) -> None:
    """See that a node is refused whose data is not a copy of the new primary's."""
    node.run("crm", "node", "online", node.name)
    cluster.wait_for(
        f"{node} refused, as its data is of another database",
        lambda seen: any("Other database: here" in text for text in seen.failures),
    )
    node.run("crm", "node", "standby", node.name)
    cluster.wait_until_idle()
    node.run("crm_resource", "--cleanup", "--resource", RESOURCE, "--node", node.name)


def copy_18(node: Node, _source: Node) -> None:
    """Copy the data of the upgraded primary, as it is documented."""
    [block] = all_blocks(PAGE, STANDBY)
    copy, _, _ = block.text.partition("crm node online")
    run(node, block._replace(text=copy))


def test_a_minor_upgrade_restarts_every_server_and_loses_nothing(
    cluster: Cluster,
) -> None:
    node1, _ = cluster.nodes
    running = postgres.start_times(cluster.nodes)
    standby_leaves, standby_returns, primary_leaves, primary_returns = all_blocks(
        PAGE, MINOR
    )
    with cluster.writer() as writer:
        writer.wait_for_rows(moving.ROWS)
        run(node1, standby_leaves)
        run(node1, standby_returns)
        moving.wait_until_whole(cluster)
        run(node1, primary_leaves)
        run(node1, primary_returns)
        moving.wait_until_whole(cluster)
        writer.wait_for_new_row()
    verdict = writer.verdict()
    assert verdict.lost_rows == ()
    assert set(postgres.start_times(cluster.nodes)).isdisjoint(running)
    print(f"minor upgrade: {verdict}")
    moving.lead(cluster, node1)


def test_a_major_upgrade_keeps_every_row_and_is_replicated_again(
    cluster: Cluster,
) -> None:
    node1, node2 = cluster.nodes
    make, check = all_blocks(PAGE, BEFOREHAND)
    for node in cluster.nodes:
        run(node, make)
    assert "Clusters are compatible" in run(node1, check)
    with cluster.writer() as writer:
        writer.wait_for_rows(moving.ROWS)
        follow(node1, PAGE, STOP)
        follow(node1, PAGE, UPGRADE)
        follow(node1, PAGE, START)
        wait_for(cluster, node1, "promoted", "PRI")
        writer.wait_for_new_row()
        refuse_other_data(cluster, node2)
        follow(node2, PAGE, STANDBY)
        moving.wait_until_whole(cluster)
    verdict = writer.verdict()
    assert verdict.lost_rows == ()
    print(f"major upgrade: {verdict}")
    for node in cluster.nodes:
        assert moving.version(node) == "18"
        assert postgres.sql(node, ROWS) == "1000"


def test_after_a_major_upgrade_a_failover_loses_nothing(cluster: Cluster) -> None:
    node1, _ = cluster.nodes
    with cluster.writer() as writer:
        writer.wait_for_rows(moving.ROWS)
        _, lost = moving.fail_over(cluster, writer)
    assert writer.verdict().lost_rows == ()
    moving.bring_back(cluster, lost, copy_18)
    moving.lead(cluster, node1)


def test_the_way_back_has_all_that_was_there_before_the_upgrade(
    cluster: Cluster,
) -> None:
    node1, _ = cluster.nodes
    assert moving.roles(cluster)[0] is node1
    follow(node1, PAGE, BACK)
    moving.wait_until_whole(cluster)
    for node in cluster.nodes:
        assert moving.version(node) == "15"
        assert postgres.sql(node, ROWS) == "1000"
    assert cluster.status().where(RESOURCE, "promoted") == node1.name
