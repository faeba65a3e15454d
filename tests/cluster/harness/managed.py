# SPDX-License-Identifier: GPL-2.0-or-later
"""A cluster with managed replication as users of the stock agent configure it.

Either agent runs on it: what the administrator types is the same for both.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from tests.cluster.harness import configuration, postgres, stock
from tests.cluster.harness.cluster import RESOURCE, Cluster
from tests.cluster.harness.lan import Lan
from tests.cluster.harness.node import Node
from tests.cluster.harness.status import Status

OURS = "ocf:pgsr:pgsr"
STOCK = "ocf:heartbeat:pgsql"
DIRECTORY = f"{postgres.HOME}/tmp"
LOCK_FILE = f"{DIRECTORY}/PGSQL.lock"
STATUS = f"{RESOURCE}-status"
DATA_STATUS = f"{RESOURCE}-data-status"
SYNCHRONOUS = ("HS:sync", "HS:quorum")
REPLICATING = (*SYNCHRONOUS, "HS:async", "HS:potential")
CONNINFO_OPTIONS = (
    "keepalives_idle=60 keepalives_interval=5 keepalives_count=5 connect_timeout=2"
)
REDUNDANT_TIMEOUT_S = 90.0
# How long a standby may take to stream again by itself before it is copied anew.
BY_ITSELF_S = 30.0
NO_PARAMETERS: Mapping[str, str] = MappingProxyType({})


class Replication(NamedTuple):
    """What distinguishes one managed cluster from another."""

    rep_mode: str = "sync"
    agent: str = OURS
    parameters: Mapping[str, str] = NO_PARAMETERS  # more of them, or others
    settings: str = ""  # lines for postgresql.conf


class Managed(NamedTuple):
    """A cluster with a primary and streaming standbys."""

    cluster: Cluster
    primary: Node
    standbys: tuple[Node, ...]

    @property
    def standby(self) -> Node:
        """Return the standby that a failover makes the primary."""
        return self.standbys[0]


def settings() -> str:
    """Return postgresql.conf as the stock agent's documentation has it."""
    return (
        "listen_addresses = '*'\n"
        f"port = {postgres.PORT}\n"
        f"unix_socket_directories = '{postgres.SOCKET_DIRECTORY}'\n"
        "wal_level = replica\n"
        "hot_standby = on\n"
        "max_wal_senders = 10\n"
        "max_replication_slots = 10\n"
        "wal_keep_size = 512MB\n"
        "wal_sender_timeout = 5s\n"
        "wal_receiver_timeout = 5s\n"
        "wal_receiver_status_interval = 2s\n"
        "wal_retrieve_retry_interval = 500ms\n"
        "restart_after_crash = off\n"
        "log_line_prefix = '%m [%p] '\n"
    )


def crm_managed(
    found: postgres.Installation,
    lan: Lan,
    nodes: tuple[str, ...],
    replication: Replication,
) -> str:
    """Return the configuration of the resources, for crm(8)."""
    parameters = {
        "pgctl": found.program("pg_ctl"),
        "psql": found.program("psql"),
        "pgdata": postgres.DATA_DIRECTORY,
        "logfile": postgres.LOG_FILE,
        "socketdir": postgres.SOCKET_DIRECTORY,
        "tmpdir": DIRECTORY,
        "rep_mode": replication.rep_mode,
        "node_list": " ".join(nodes),
        "master_ip": lan.virtual_address,
        "restart_on_promote": "false",
        "primary_conninfo_opt": CONNINFO_OPTIONS,
        **replication.parameters,
    }
    given = " \\\n        ".join(f'{name}="{parameters[name]}"' for name in parameters)
    return f"""\
primitive {RESOURCE} {replication.agent} \\
    params {given} \\
    op start timeout=60s interval=0 op stop timeout=60s interval=0 \\
    op promote timeout=60s interval=0 op demote timeout=60s interval=0 \\
    op notify timeout=60s interval=0 \\
    op monitor role=Unpromoted interval=2s timeout=30s \\
    op monitor role=Promoted interval=3s timeout=30s
clone {RESOURCE}-clone {RESOURCE} meta promotable=true promoted-max=1 \\
    promoted-node-max=1 clone-max={len(nodes)} clone-node-max=1 notify=true \\
    interleave=true
{configuration.crm_address(lan)}
colocation address-with-primary inf: address {RESOURCE}-clone:Promoted
order address-after-promote Mandatory: \
    {RESOURCE}-clone:promote address:start symmetrical=false
order address-until-demoted Optional: \
    {RESOURCE}-clone:demote address:stop symmetrical=false
"""


def start_cluster(cluster: Cluster, replication: Replication) -> Managed:
    """Start a new cluster: all its nodes hold copies of the first one's data."""
    first, *others = cluster.nodes
    for node in cluster.nodes:
        node.boot_without_cluster()
        postgres.make_home(node)
    if replication.agent == STOCK:
        for node in cluster.nodes:
            stock.teach_minus_infinity(node)
    postgres.initialise(first, settings_text=settings() + replication.settings)
    postgres.control(first, "start")
    for node in others:
        copy_data(node, first)
    postgres.control(first, "stop")
    for node in cluster.nodes:
        node.start_cluster()
    cluster.wait_for_online(*cluster.nodes)
    # A schema that knows the current names of the roles, as a new cluster's does.
    first.run("cibadmin", "--upgrade", "--force")
    cluster.configure(configuration.crm_properties(cluster.fencing))
    found = postgres.installation(first)
    cluster.configure(crm_managed(found, cluster.lan, names(cluster), replication))
    return wait_until_redundant(cluster)


def names(cluster: Cluster) -> tuple[str, ...]:
    """Return the names of a cluster's nodes."""
    return tuple(node.name for node in cluster.nodes)


def copy_data(node: Node, source: Node) -> None:
    """Copy a running server's data over the node's own, as for a new standby."""
    found = postgres.installation(node)
    node.run("rm", "-rf", postgres.DATA_DIRECTORY, LOCK_FILE)
    conninfo = f"host={source.address} port={postgres.PORT} user={postgres.USER}"
    postgres.as_user(
        *(node, found.program("pg_basebackup"), "--checkpoint=fast", "--no-sync"),
        *("-d", conninfo, "-D", postgres.DATA_DIRECTORY),
    )


def wait_until_redundant(
    cluster: Cluster, timeout_s: float = REDUNDANT_TIMEOUT_S
) -> Managed:
    """Wait for a primary with the address to which every other node streams."""
    is_sync = is_synchronous(cluster)
    seen = cluster.wait_for(
        "a primary to which every standby streams",
        lambda seen: not missing(cluster, seen, is_sync=is_sync),
        timeout_s,
    )
    return described(cluster, seen)


def described(cluster: Cluster, seen: Status) -> Managed:
    """Say which node is what in a cluster's state; the best standby comes first."""
    name = seen.where(RESOURCE, "promoted")
    primary = next(node for node in cluster.nodes if node.name == name)
    standbys = [node for node in cluster.nodes if node is not primary]
    ranked = sorted(standbys, key=lambda node: score(seen, node), reverse=True)
    return Managed(cluster, primary, tuple(ranked))


def score(seen: Status, node: Node) -> float:
    """Return a node's promotion score."""
    value = seen.attribute(node.name, f"master-{RESOURCE}")
    return float(value.replace("INFINITY", "inf") or "-inf")


def missing(cluster: Cluster, seen: Status, *, is_sync: bool) -> tuple[str, ...]:
    """Return what a redundant cluster has and this state has not."""
    primary = seen.where(RESOURCE, "promoted")
    if not primary or seen.where("address") != primary:
        return ("a primary with the address",)
    standbys = [node for node in cluster.nodes if node.name != primary]
    lacking = [f"{node} streaming" for node in standbys if not streams(seen, node)]
    states = {seen.attribute(node.name, STATUS) for node in standbys}
    if is_sync and not states.intersection(SYNCHRONOUS):
        lacking.append("a synchronous standby")
    return tuple(lacking)


def streams(seen: Status, node: Node) -> bool:
    """Tell whether a node is a standby that streams, as its attributes say."""
    return (
        seen.role(RESOURCE, node.name) == "unpromoted"
        and seen.attribute(node.name, STATUS) in REPLICATING
        and seen.attribute(node.name, DATA_STATUS).startswith("STREAMING|")
    )


def is_synchronous(cluster: Cluster) -> bool:
    """Tell whether the cluster is configured to lose nothing."""
    node = cluster.living_node()
    asked = ("crm_resource", "--resource", RESOURCE, "--get-parameter", "rep_mode")
    return node.run(*asked, check=False).stdout.strip() == "sync"


def repaired(cluster: Cluster) -> Managed:
    """Bring a cluster back to a primary and its standbys after a scenario.

    What does not come back by itself is copied anew: whether it has to is for the
    scenario to judge, not for the next one.
    """
    for node in cluster.nodes:
        node.plug()
    _power_on_all(cluster)
    cluster.wait_for_online(*cluster.nodes)
    seen = cluster.wait_for(
        "a primary with the address",
        lambda seen: (
            seen.where(RESOURCE, "promoted") != ""
            and seen.where("address") == seen.where(RESOURCE, "promoted")
        ),
    )
    primary, standbys = described(cluster, seen)[1:]
    for node in standbys:
        if not _streams_by_itself(cluster, node):
            rejoin(cluster, node, primary)
    cluster.wait_until_idle()
    return wait_until_redundant(cluster)


def rejoin(cluster: Cluster, node: Node, primary: Node) -> None:
    """Copy the primary's data to a node whose own cannot be used, and clean up.

    The node is in standby meanwhile, so that nothing is started on half a copy.
    """
    node.run("crm_standby", "--node", node.name, "--update", "on")
    cluster.wait_for_role(node, "stopped")
    copy_data(node, primary)
    node.run("crm_resource", "--cleanup", "--resource", RESOURCE, "--node", node.name)
    node.run("crm_standby", "--node", node.name, "--delete")
    cluster.wait_for(f"{node} streaming", lambda seen: streams(seen, node))


def _power_on_all(cluster: Cluster) -> None:
    """Switch on what is off; peers that live must know first that it was off."""
    off = [node for node in cluster.nodes if not node.is_on]
    for node in off:
        if len(off) < len(cluster.nodes):
            cluster.wait_for_fenced(node)
    for node in off:
        node.power_on()


def _streams_by_itself(cluster: Cluster, node: Node) -> bool:
    """Wait a while for a standby; False when it failed or takes too long."""
    try:
        seen = cluster.wait_for(
            f"{node} streaming or refused",
            lambda seen: streams(seen, node) or _has_failed(seen, node),
            BY_ITSELF_S,
        )
    except AssertionError:
        return False
    return not _has_failed(seen, node)


def _has_failed(seen: Status, node: Node) -> bool:
    marks = (f" {node.name} ", "start")
    return any(all(mark in text for mark in marks) for text in seen.failures)
