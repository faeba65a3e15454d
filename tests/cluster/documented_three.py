# SPDX-License-Identifier: GPL-2.0-or-later
"""Steps that the pages leave to a person, on a cluster of three nodes.

They copy and edit files, and look whether all is well.
"""

from __future__ import annotations

from tests.cluster.documentation import (
    CONFIGURATION,
    RESOURCE,
    STATUS,
    Block,
    blocks,
    captioned,
    configure_server,
    for_node,
    run,
)
from tests.cluster.harness import postgres
from tests.cluster.harness.cluster import Cluster
from tests.cluster.harness.node import Node
from tests.cluster.harness.status import Status
from tests.cluster.harness.wait import wait_until
from tests.cluster.moving import BRING_BACK, SET_UP, make_data

CERTIFICATES = "/root/certificates"
ACCESS = str(CONFIGURATION / "pg_hba.conf")
# The writer of the scenarios is no part of the pages.
ACCESS_OF_THE_WRITER = "host all all 192.0.2.254/32 trust\n"
SECURITY = "howto/security.rst"
SYNCHRONOUS = ("HS:sync", "HS:quorum")


def wait_for_all(cluster: Cluster, count: int = 3) -> Status:
    """Wait for a primary with the address, and synchronous standbys beside it."""

    def is_whole(seen: Status) -> bool:
        primary = seen.where(RESOURCE, "promoted")
        states = [seen.attribute(node.name, STATUS) for node in cluster.nodes]
        standbys = [state for state in states if state in SYNCHRONOUS]
        has_address = primary != "" and seen.where("address") == primary
        return has_address and len(standbys) == count - 1

    return cluster.wait_for(f"a primary and {count - 1} standbys", is_whole)


def wait_for_readers_at(cluster: Cluster, *nodes: Node) -> Node:
    """Wait until the address for readers is on one of the nodes, and say on which."""
    names = [node.name for node in nodes]
    seen = cluster.wait_for(
        f"read-address on one of {names}",
        lambda seen: seen.where("read-address") in names,
    )
    return nodes[names.index(seen.where("read-address"))]


def roles(cluster: Cluster) -> tuple[Node, list[Node]]:
    """The primary's node, and the others, once all is well."""
    name = wait_for_all(cluster).where(RESOURCE, "promoted")
    primary, *standbys = sorted(cluster.nodes, key=lambda node: node.name != name)
    return primary, standbys


def prepare(cluster: Cluster) -> None:
    """Give all nodes the same settings and the same data."""
    same = blocks(SET_UP, "1. The same settings on all nodes")
    for node in cluster.nodes:
        configure_server(node, same)
        edit_access(node, "", "", last=ACCESS_OF_THE_WRITER)
    make_data(cluster)


def edit_access(node: Node, old: str, new: str, last: str = "") -> None:
    """Replace a text in pg_hba.conf, and append to it."""
    rules = node.machine.read(ACCESS)
    assert old in rules
    node.machine.write(ACCESS, rules.replace(old, new) + last, 0o640)


def in_certificates(block: Block, node: Node) -> Block:
    """The example, which is about node1, for another node and in a directory."""
    text = block.text.replace("node1", node.name)
    text = text.replace("IP:192.0.2.1,", f"IP:{node.address},")
    return block._replace(text=f"mkdir -p {CERTIFICATES}\ncd {CERTIFICATES}\n{text}")


def copy_certificates(source: Node, node: Node) -> None:
    """Copy what a node needs of the directory of certificates, as scp would."""
    names = ("root.crt", "replicator.crt", "replicator.key")
    for name in (*names, f"{node.name}.crt", f"{node.name}.key"):
        path = f"{CERTIFICATES}/{name}"
        node.machine.write(path, source.machine.read(path), 0o600)


def wait_for_tls(cluster: Cluster) -> Node:
    """Wait until all standbys stream over TLS, and return the primary's node."""
    statement = (
        "SELECT count(*) = 2 FROM pg_stat_replication JOIN pg_stat_ssl USING (pid)"
        " WHERE ssl AND client_dn = '/CN=replicator'"
    )

    def look() -> Node | None:
        primary, _ = roles(cluster)
        return primary if postgres.sql(primary, statement) == "t" else None

    found = wait_until("TLS of all standbys", look, 60.0, cluster.evidence)
    assert found is not None
    return found


def rewind_over_tls(node: Node, primary: Node) -> None:
    """Rewind a refused node's data as a role that may little, and have it started."""
    rewind = captioned(SECURITY, "rewind")
    postgres.sql(primary, "CHECKPOINT")
    run(node, rewind._replace(text=rewind.text.replace(" --dry-run", "")))
    *_, clean_up = blocks(*BRING_BACK)
    run(node, for_node(node, clean_up))


def run_and_join(node: Node, block: Block) -> str:
    """What an example shows and complains of."""
    shown = node.run("bash", "-euc", f"exec 2>&1\n{block.text}", timeout_s=60.0)
    return shown.stdout
