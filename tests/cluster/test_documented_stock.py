# SPDX-License-Identifier: GPL-2.0-or-later
"""From the stock agent and back by the documented commands, without a package.

The way of the packages is tried in tests/packages.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cluster import moving
from tests.cluster.documentation import (
    CRMSH,
    PCS,
    RESOURCE,
    all_blocks,
    blocks,
    run,
)
from tests.cluster.harness import managed, postgres, stock
from tests.cluster.harness.cluster import Cluster
from tests.cluster.harness.limits import UNDISTURBED_S
from tests.cluster.moving import LANGUAGES, follow

pytestmark = pytest.mark.namespaces_only

PAGE = "howto/from-stock.rst"
THERE = "Without the second package: another type of resource"
BACK = "Back to the stock agent"
OF_OURS_ALONE = " slot_retain_limit=10737418240"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A cluster that the stock agent runs: a primary on node1, its standby on node2."""
    with moving.nodes("stock") as made:
        for node in made.nodes:
            stock.teach_minus_infinity(node)
        moving.make_data(made)
        resources, *_ = blocks(moving.SET_UP, "3. The resources")
        text = resources.text.replace("ocf:pgsr:pgsr", managed.STOCK)
        assert OF_OURS_ALONE in text
        made.configure(text.replace(OF_OURS_ALONE, ""))
        moving.wait_until_whole(made)
        yield made


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_moved_and_moved_back_while_the_servers_run(
    cluster: Cluster, language: str
) -> None:
    node1, _ = cluster.nodes
    running = postgres.start_times(cluster.nodes)
    with cluster.writer() as writer:
        writer.wait_for_rows(moving.ROWS)
        follow(node1, PAGE, THERE, language)
        assert moving.agent(node1) == managed.OURS
        moving.wait_until_whole(cluster)
        follow(node1, PAGE, BACK, language)
        assert moving.agent(node1) == managed.STOCK
        moving.wait_until_whole(cluster)
        writer.wait_for_new_row()
    assert postgres.start_times(cluster.nodes) == running
    verdict = writer.verdict()
    assert verdict.lost_rows == ()
    print(f"moved from the stock agent and back: {verdict}")
    assert verdict.longest_pause.length_s < UNDISTURBED_S, verdict


def test_without_the_documented_look_the_servers_are_restarted(
    cluster: Cluster,
) -> None:
    """It is why the page says not to leave that command out."""
    node1, _ = cluster.nodes
    running = postgres.start_times(cluster.nodes)
    commands, end = (block for block in all_blocks(PAGE, THERE) if block.caption == PCS)
    before, look, _ = commands.text.partition("pcs resource refresh")
    assert look
    run(node1, commands._replace(text=before))
    cluster.wait_until_idle()
    run(node1, end)
    cluster.wait_until_idle()
    moving.wait_until_whole(cluster)
    assert moving.agent(node1) == managed.OURS
    assert set(postgres.start_times(cluster.nodes)).isdisjoint(running)


def test_after_the_move_a_failover_loses_nothing(
    cluster: Cluster,
) -> None:
    with cluster.writer() as writer:
        writer.wait_for_rows(moving.ROWS)
        _, lost = moving.fail_over(cluster, writer)
    assert writer.verdict().lost_rows == ()
    moving.bring_back(cluster, lost)


def test_a_server_alone_is_moved_and_moved_back_while_it_runs() -> None:
    with moving.nodes("stock-alone") as made:
        node1, _ = made.nodes
        moving.start_alone(made, managed.STOCK)
        running = postgres.start_times([node1])
        for section, agent in ((THERE, managed.OURS), (BACK, managed.STOCK)):
            for block in all_blocks(PAGE, section):
                if block.caption == CRMSH:
                    text = block.text.replace(moving.CLONE, RESOURCE)
                    run(node1, block._replace(text=text))
            assert moving.agent(node1) == agent
            made.wait_for_role(node1, "started", RESOURCE)
            made.wait_until_idle()
            assert made.status().failures == (), made.evidence()
        assert postgres.start_times([node1]) == running
