# SPDX-License-Identifier: GPL-2.0-or-later
"""One server on storage that both nodes reach, configured as for the stock agent."""

from __future__ import annotations

from tests.cluster.harness import standalone
from tests.cluster.harness.construction import Construction


def test_power_cut_moves_the_server_and_its_data_to_the_other_node(
    new_nodes: Construction,
) -> None:
    cluster = new_nodes.cluster
    new_nodes.install_drop_in()
    standalone.start_cluster(cluster)
    first, second = standalone.where_it_runs(cluster)
    with cluster.writer() as writer:
        writer.wait_for_rows(100)
        first.cut_power()
        cluster.wait_for_role(second, "started")
        writer.wait_for_new_row()
    verdict = writer.verdict()
    assert verdict.lost_rows == ()
    first.power_on()
    cluster.wait_for_online(first, second)
    cluster.wait_until_idle()
    assert cluster.status().failures == ()
    assert standalone.where_it_runs(cluster) == (second, first)
