# SPDX-License-Identifier: GPL-2.0-or-later
"""The systems whose failovers are compared, and how each of them is set up.

Token, monitor intervals, PostgreSQL's settings, addresses and the client are the same
for all; what an agent's documentation asks for differs.
"""

from __future__ import annotations

from typing import Callable, NamedTuple

from tests.bench import paf
from tests.cluster.harness import managed
from tests.cluster.harness.cluster import Cluster
from tests.cluster.harness.node import Node
from tests.cluster.harness.status import Status

START_TIMEOUT_S = 120.0


class System(NamedTuple):
    """One of them; `program` is the file name of its agent."""

    name: str
    program: str
    node_count: int
    start: Callable[[Cluster], object]
    missing: Callable[[Cluster, Status], tuple[str, ...]]
    copy_data: Callable[[Node, Node], None]


def _managed(name: str, agent: str, rep_mode: str, node_count: int) -> System:
    replication = managed.Replication(rep_mode=rep_mode, agent=agent)

    def start(cluster: Cluster) -> object:
        return managed.start_cluster(cluster, replication)

    def missing(cluster: Cluster, seen: Status) -> tuple[str, ...]:
        return managed.missing(cluster, seen, is_sync=rep_mode == "sync")

    program = agent.rpartition(":")[2]
    return System(name, program, node_count, start, missing, managed.copy_data)


def _paf(name: str, node_count: int) -> System:
    return System(
        *(name, "pgsqlms", node_count),
        *(paf.start_cluster, paf.missing, paf.copy_data),
    )


SYSTEMS = {
    "pgsr-sync": _managed("PGSR, sync", managed.OURS, "sync", 2),
    "stock-sync": _managed("stock agent, sync", managed.STOCK, "sync", 2),
    "paf": _paf("PAF", 2),
    "pgsr-async-3": _managed("PGSR, async, 3 nodes", managed.OURS, "async", 3),
    "stock-async-3": _managed("stock agent, async, 3 nodes", managed.STOCK, "async", 3),
    "paf-3": _paf("PAF, 3 nodes", 3),
}


def start(system: System, cluster: Cluster) -> None:
    """Start a new cluster and wait until it is redundant."""
    system.start(cluster)
    cluster.wait_for(
        f"a redundant cluster: {system.name}",
        lambda seen: not system.missing(cluster, seen),
        START_TIMEOUT_S,
    )
    cluster.wait_until_idle()


def is_redundant(system: System, cluster: Cluster) -> bool:
    """Tell whether a cluster has all its standbys now."""
    return not system.missing(cluster, cluster.status())
