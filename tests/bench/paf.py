# SPDX-License-Identifier: GPL-2.0-or-later
"""A cluster under PAF, `ocf:heartbeat:pgsqlms`, set up as its documentation says.

PAF changes no file of PostgreSQL's, so what differs between the nodes, and outlives a
new copy of the primary's data, is beside the data directory.
"""

from __future__ import annotations

from tests.cluster.harness import configuration, managed, postgres
from tests.cluster.harness.cluster import RESOURCE, Cluster
from tests.cluster.harness.lan import Lan
from tests.cluster.harness.node import Node
from tests.cluster.harness.status import Status

AGENT = "ocf:heartbeat:pgsqlms"
OWN_SETTINGS = f"{postgres.HOME}/own.conf"
OWN_ACCESS = f"{postgres.HOME}/pg_hba.conf"
STANDBY_SIGNAL = f"{postgres.DATA_DIRECTORY}/standby.signal"


def crm_paf(found: postgres.Installation, lan: Lan, count: int) -> str:
    """Return the configuration of the resources, for crm(8).

    Timeouts are those that PAF's meta-data advises, intervals those of all contestants.
    """
    return f"""\
primitive {RESOURCE} {AGENT} \\
    params bindir={found.bin_directory} pgdata={postgres.DATA_DIRECTORY} \\
        pghost={postgres.SOCKET_DIRECTORY} pgport={postgres.PORT} \\
    op start timeout=60s interval=0 op stop timeout=60s interval=0 \\
    op promote timeout=30s interval=0 op demote timeout=120s interval=0 \\
    op notify timeout=60s interval=0 \\
    op monitor role=Unpromoted interval=2s timeout=10s \\
    op monitor role=Promoted interval=3s timeout=10s
clone {RESOURCE}-clone {RESOURCE} meta promotable=true promoted-max=1 \\
    promoted-node-max=1 clone-max={count} clone-node-max=1 notify=true interleave=true
{configuration.crm_address(lan)}
colocation address-with-primary inf: address {RESOURCE}-clone:Promoted
order address-after-promote Mandatory: \
    {RESOURCE}-clone:promote address:start symmetrical=false
order address-after-demote Mandatory: \
    {RESOURCE}-clone:demote address:stop symmetrical=false
"""


def start_cluster(cluster: Cluster) -> None:
    """Start a new cluster: all its nodes hold copies of the first one's data."""
    first, *others = cluster.nodes
    for node in cluster.nodes:
        node.boot_without_cluster()
        postgres.make_home(node)
        _write_own_files(node)
    text = (
        f"{managed.settings()}recovery_target_timeline = latest\n"
        f"hba_file = '{OWN_ACCESS}'\ninclude '{OWN_SETTINGS}'\n"
    )
    postgres.initialise(first, settings_text=text)
    postgres.control(first, "start")
    for node in others:
        copy_data(node, first)
    postgres.control(first, "stop")
    for node in cluster.nodes:
        node.start_cluster()
    cluster.wait_for_online(*cluster.nodes)
    first.run("cibadmin", "--upgrade", "--force")  # as managed.start_cluster does
    cluster.configure(configuration.crm_properties(cluster.fencing))
    found = postgres.installation(first)
    cluster.configure(crm_paf(found, cluster.lan, len(cluster.nodes)))


def copy_data(node: Node, source: Node) -> None:
    """Copy a running server's data over the node's own, as for a new standby.

    It runs once as a standby by hand: PAF does not start a mere copy, whose control
    file says that it is in production.
    """
    managed.copy_data(node, source)
    postgres.as_user(node, "touch", STANDBY_SIGNAL)
    for action in ("start", "stop"):
        postgres.control(node, action)


def missing(cluster: Cluster, seen: Status) -> tuple[str, ...]:
    """Return what a redundant cluster has and this one has not.

    PAF shows the replication nowhere, so the primary's server is asked.
    """
    name = seen.where(RESOURCE, "promoted")
    if not name or seen.where("address") != name:
        return ("a primary with the address",)
    primary = next(node for node in cluster.nodes if node.name == name)
    asked = "SELECT application_name FROM pg_stat_replication WHERE state = 'streaming'"
    streaming = postgres.sql(primary, asked).split()
    return tuple(
        f"{node} streaming, and fit for promotion"
        for node in cluster.nodes
        if node is not primary
        and not (
            node.name in streaming
            and seen.role(RESOURCE, node.name) == "unpromoted"
            and managed.score(seen, node) > 0
        )
    )


def _write_own_files(node: Node) -> None:
    """Write what is the node's own: its name, and that it never follows itself."""
    host, port = node.lan.virtual_address, postgres.PORT
    conninfo = (
        f"host={host} port={port} user={postgres.USER} application_name={node.name}"
        f" {managed.CONNINFO_OPTIONS}"
    )
    refused = "".join(
        f"host replication all {address}/32 reject\n"
        for address in (host, node.address)
    )
    access = (
        "local all all trust\n"
        f"{refused}host all,replication all {node.lan.network} trust\n"
    )
    postgres.append(node, OWN_SETTINGS, f"primary_conninfo = '{conninfo}'\n")
    postgres.append(node, OWN_ACCESS, access)
