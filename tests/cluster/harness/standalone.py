# SPDX-License-Identifier: GPL-2.0-or-later
"""A stand-alone server on shared storage, as an administrator sets it up."""

from __future__ import annotations

from tests.cluster.harness import configuration, postgres
from tests.cluster.harness.cluster import RESOURCE, Cluster
from tests.cluster.harness.lan import Lan
from tests.cluster.harness.machine import SHARED_STORAGE
from tests.cluster.harness.node import Node

HOME = f"{SHARED_STORAGE}/pgsql"
DATA_DIRECTORY = f"{HOME}/data"


def crm_standalone(found: postgres.Installation, lan: Lan) -> str:
    """Return the configuration, as it was for the stock agent, for crm(8)."""
    return f"""\
primitive {RESOURCE} ocf:heartbeat:pgsql \\
    params pgctl={found.program("pg_ctl")} psql={found.program("psql")} \\
        pgdata={DATA_DIRECTORY} logfile={HOME}/server.log \\
        socketdir={postgres.SOCKET_DIRECTORY} \\
    op start timeout=60s interval=0 op stop timeout=60s interval=0 \\
    op monitor interval=2s timeout=30s
{configuration.crm_address(lan)}
group server address {RESOURCE}
"""


def start_cluster(cluster: Cluster) -> None:
    """Start all nodes and the server on one of them."""
    for node in cluster.nodes:
        node.power_on()
    cluster.wait_for_online(*cluster.nodes)
    first = cluster.nodes[0]
    postgres.make_home(first, HOME)
    postgres.initialise(first, DATA_DIRECTORY)
    found = postgres.installation(first)
    cluster.configure(
        configuration.crm_properties(cluster.fencing)
        + crm_standalone(found, cluster.lan)
    )
    cluster.wait_for(f"{RESOURCE} started", lambda seen: seen.where(RESOURCE) != "")


def where_it_runs(cluster: Cluster) -> tuple[Node, Node]:
    """Return the node where the server runs, then the other."""
    name = cluster.status().where(RESOURCE)
    here, there = sorted(cluster.nodes, key=lambda node: node.name != name)
    return here, there
