# SPDX-License-Identifier: GPL-2.0-or-later
"""A rolling upgrade: one node has this agent, the other one still the stock agent.

Both read and write the same attributes and files under the same resource.
"""

from __future__ import annotations

from tests.cluster.harness import managed, scenario
from tests.cluster.harness.construction import Construction, install_agent
from tests.cluster.harness.managed import Managed, Replication
from tests.cluster.harness.scenario import ROWS_BEFORE


def fail_over(before: Managed) -> Managed:
    """Cut the primary's power; the other node loses nothing and is redundant again."""
    with before.cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        before.primary.cut_power()
        assert scenario.wait_for_takeover(before, writer) is before.standby
    assert writer.verdict().lost_rows == ()
    return managed.repaired(before.cluster)


def test_both_agents_fail_over_to_each_other(new_nodes: Construction) -> None:
    cluster = new_nodes.cluster
    ours, stock = cluster.nodes
    install_agent(new_nodes.machines[0], "DROPIN=1")
    replication = Replication("sync", agent=managed.STOCK)
    here = managed.start_cluster(cluster, replication)
    assert here.primary is ours, "it has the newest data"
    here = fail_over(here)
    assert here.primary is stock
    here = fail_over(here)
    assert here.primary is ours
