# SPDX-License-Identifier: GPL-2.0-or-later
"""The PGSR method as an administrator carries it out: first start, and rejoining.

Every step is the command that the documentation tells a person to type.
"""

from __future__ import annotations

from typing import NamedTuple

from tests.cluster.harness import configuration, postgres
from tests.cluster.harness.cluster import RESOURCE, Cluster
from tests.cluster.harness.lan import Lan
from tests.cluster.harness.node import Node

REPRESS_START = f"{postgres.HOME}/PGSQL.{postgres.PORT}.repress_start"
REPRESS_MONITOR = f"{postgres.HOME}/PGSQL.{postgres.PORT}.repress_monitor"
STATUS_ATTRIBUTE = f"{RESOURCE}-status"
REFUSED = "STOP:repressing start file exists"


class Words(NamedTuple):
    """How a version of the configuration calls the roles."""

    promoted: str
    unpromoted: str
    promotable: str


CURRENT_WORDS = Words(
    "Promoted", "Unpromoted", "clone {0}-clone {0} meta promotable=true"
)
FORMER_WORDS = Words("Master", "Slave", "ms {0}-clone {0} meta master-max=1")


def crm_pgsr(
    found: postgres.Installation, lan: Lan, words: Words = CURRENT_WORDS
) -> str:
    """Return the configuration of the method's resources, for crm(8).

    There is no notify=true: the agent does nothing then, and each notification takes
    time in a failover. The address stays until the primary is down: through it the
    standby receives the last of the WAL. Both orders are asymmetrical, or they
    contradict each other.
    """
    promotable = words.promotable.format(RESOURCE)
    return f"""\
primitive {RESOURCE} ocf:pgsr:pgsr \\
    params rep_mode=async \\
        pgctl={found.program("pg_ctl")} psql={found.program("psql")} \\
        pgdata={postgres.DATA_DIRECTORY} logfile={postgres.LOG_FILE} \\
        socketdir={postgres.SOCKET_DIRECTORY} \\
        tmpdir={postgres.HOME} trigger_file={postgres.TRIGGER_FILE} \\
    op start timeout=60s interval=0 op stop timeout=60s interval=0 \\
    op promote timeout=60s interval=0 op demote timeout=60s interval=0 \\
    op monitor role={words.unpromoted} interval=2s timeout=30s \\
    op monitor role={words.promoted} interval=3s timeout=30s
{promotable} interleave=true
{configuration.crm_address(lan)}
colocation address-with-primary inf: address {RESOURCE}-clone:{words.promoted}
order address-after-promote Mandatory: \
    {RESOURCE}-clone:promote address:start symmetrical=false
order address-until-demoted Optional: \
    {RESOURCE}-clone:demote address:stop symmetrical=false
"""


def start_primary(cluster: Cluster, node: Node, words: Words = CURRENT_WORDS) -> None:
    """Step 1: with Pacemaker up on this node only, PostgreSQL becomes a primary."""
    node.boot_without_cluster()
    postgres.make_home(node)
    postgres.initialise(node)
    node.start_cluster()
    cluster.wait_for_online(node)
    cluster.configure(
        configuration.crm_properties(cluster.fencing)
        + crm_pgsr(postgres.installation(node), cluster.lan, words)
    )
    cluster.wait_for_promoted(node)


def start_standby(cluster: Cluster, node: Node) -> None:
    """Step 2: a backup of the primary, restored here, becomes a hot standby."""
    node.boot_without_cluster()
    postgres.make_home(node)
    postgres.restore_backup_of_primary(node)
    node.start_cluster()
    wait_for_hot_standby(cluster, node)


def start_cluster(cluster: Cluster, words: Words = CURRENT_WORDS) -> None:
    """Start a new cluster by the method: its first node is the primary."""
    primary, *standbys = cluster.nodes
    start_primary(cluster, primary, words)
    for standby in standbys:
        start_standby(cluster, standby)


def roles(cluster: Cluster) -> tuple[Node, Node]:
    """Return the primary's node and the other one of two."""
    seen = cluster.wait_for(
        "a primary", lambda seen: seen.where(RESOURCE, "promoted") != ""
    )
    promoted = seen.where(RESOURCE, "promoted")
    primary, standby = sorted(cluster.nodes, key=lambda node: node.name != promoted)
    return primary, standby


def rejoin(cluster: Cluster, node: Node) -> None:
    """Bring a refused node back: new backup, flag removed, failure cleaned up."""
    postgres.restore_backup_of_primary(node)
    start_again(node)
    wait_for_hot_standby(cluster, node)


def start_again(node: Node) -> None:
    """Let a node use its data directory: flag removed, failure cleaned up.

    During the cleanup it is in standby: Pacemaker 2.1.5 may start the resource before
    the cleanup is complete, fails then, and fences the node.
    """
    node.run("rm", "-f", REPRESS_START)
    node.run("crm_standby", "--node", node.name, "--update", "on")
    node.run("crm_resource", "--cleanup", "--resource", RESOURCE, "--node", node.name)
    node.run("crm_standby", "--node", node.name, "--delete")


def wait_for_hot_standby(cluster: Cluster, node: Node) -> None:
    """Wait until the node is a streaming standby that may be promoted."""
    cluster.wait_for_role(node, "unpromoted")
    cluster.wait_for_attribute(node, STATUS_ATTRIBUTE, "HS")


def has_file(node: Node, path: str) -> bool:
    """Tell whether a file, a flag of the method say, is on the node's disk."""
    return node.run("test", "-e", path, check=False).returncode == 0
