# SPDX-License-Identifier: GPL-2.0-or-later
"""Clusters that are moved by the documentation's commands, for crmsh and for pcs.

They are set up as the documentation says for managed replication, for whichever agent
they are to be moved from.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Callable

from tests.cluster import documentation
from tests.cluster.documentation import (
    ADDRESS,
    CONFIGURATION,
    CRMSH,
    PASSWORD,
    PCS,
    RESOURCE,
    STATUS,
    all_blocks,
    blocks,
    configure_server,
    run,
    wait_for,
)
from tests.cluster.harness import managed, postgres
from tests.cluster.harness.cluster import Cluster
from tests.cluster.harness.node import Node
from tests.cluster.harness.writer import Writer
from tests.provision import whole_postgresql

SET_UP = "howto/set-up-managed.rst"
CLONE = f"{RESOURCE}-clone"
DIVERGED = "STOP:diverged"
BRING_BACK = ("howto/bring-back.rst", f"Managed replication: {DIVERGED}")
DATA = "/var/lib/postgresql/15/main"
LANGUAGES = (CRMSH, PCS)
ROWS = 50


@contextmanager
def nodes(name: str) -> Iterator[Cluster]:
    """Two nodes as Debian's packages leave them; clients may connect."""
    with documentation.debian_nodes(f"test-{os.getpid()}-{name}") as cluster:
        same = blocks(SET_UP, "1. The same settings on all nodes")
        for node in cluster.nodes:
            configure_server(node, same)
            allow_clients(node)
        cluster.clients = cluster.clients._replace(host=ADDRESS)
        yield cluster


def allow_clients(node: Node) -> None:
    path = str(CONFIGURATION / "pg_hba.conf")
    rules = f"host all postgres {node.lan.network} trust\n{node.machine.read(path)}"
    node.machine.write(path, rules, 0o640)


def make_primary(node: Node) -> None:
    """Start the node's server by hand, with the role that replicates."""
    role, *_ = blocks(SET_UP, "2. The same data on all nodes")
    run(node, role, f"{PASSWORD}\n{PASSWORD}\n")
    postgres.sql(node, f"alter role postgres password '{PASSWORD}'")


def copy_data(node: Node, source: Node) -> None:
    """Copy a running server's data over the node's own, as it is documented."""
    _, copy, _ = blocks(SET_UP, "2. The same data on all nodes")
    run(node, copy._replace(text=copy.text.replace("node1", source.name)))


def make_data(cluster: Cluster, copy: Callable[[Node, Node], None] = copy_data) -> None:
    """Make the first node's data and copy it to the others, no server left running."""
    first, *others = cluster.nodes
    make_primary(first)
    for node in others:
        copy(node, first)
    run(first, blocks(SET_UP, "2. The same data on all nodes")[-1])


def install_postgresql_18(node: Node) -> None:
    """Lay PostgreSQL 18 beside the node's 15."""
    assert hasattr(node.machine, "file")
    where: Path = node.machine.file("/usr/lib")
    shutil.copytree(whole_postgresql.library_directory(), where, dirs_exist_ok=True)


def version(node: Node) -> str:
    """Return the major version of the node's server."""
    return postgres.sql(node, "SHOW server_version").partition(".")[0]


def start_managed(cluster: Cluster) -> None:
    """Start managed replication as it is documented, its primary on the first node."""
    make_data(cluster)
    resources, *_ = blocks(SET_UP, "3. The resources")
    cluster.configure(resources.text)
    wait_until_whole(cluster)


def start_alone(cluster: Cluster, name: str = managed.OURS) -> None:
    """Start a server alone on the first of two nodes, run by the agent of that name."""
    node, other = cluster.nodes
    node.run("crm", "node", "standby", other.name)
    resource, *_ = blocks("howto/stand-alone.rst", "A server alone, without storage")
    run(node, resource._replace(text=resource.text.replace(managed.OURS, name)))
    cluster.wait_for_role(node, "started", RESOURCE)
    cluster.wait_until_idle()


def wait_until_whole(cluster: Cluster) -> None:
    """Wait for a primary and its synchronous standby; nothing has failed."""
    primary, standby = roles(cluster)
    wait_for(cluster, primary, "promoted", "PRI")
    wait_for(cluster, standby, "unpromoted", "HS:sync")
    cluster.wait_until_idle()
    assert cluster.status().failures == (), cluster.evidence()


def follow(node: Node, page: str, section: str, language: str = CRMSH) -> None:
    """Type in what a section has for everybody and for a command language.

    A text with the name of a file in its caption is written there; without one it
    shows what a person sees.
    """
    for block in all_blocks(page, section):
        said, _, name = block.caption.partition(", ")
        if said not in ("", language):
            continue
        if block.language != "text":
            run(node, block._replace(text=f"cd /root\n{block.text}"))
        elif name:
            node.run("tee", f"/root/{name}", stdin_text=block.text)


def roles(cluster: Cluster) -> tuple[Node, Node]:
    """Return the node of the primary and the other one."""
    seen = cluster.wait_for(
        "a primary with the address",
        lambda seen: seen.where(RESOURCE, "promoted") == seen.where("address") != "",
    )
    name = seen.where("address")
    primary, standby = sorted(cluster.nodes, key=lambda node: node.name != name)
    return primary, standby


def agent(node: Node) -> str:
    """Return the agent that the configuration names for the resource."""
    shown = node.run("crm_resource", "--resource", RESOURCE, "--query-xml-raw").stdout
    words = dict(
        word.rstrip("/>").replace('"', "").split("=", 1)
        for line in shown.splitlines()
        if "<primitive" in line
        for word in line.split()
        if "=" in word
    )
    return ":".join(words[name] for name in ("class", "provider", "type"))


def wait_for_takeover(cluster: Cluster, node: Node, writer: Writer) -> None:
    """Wait until the node is the primary's and a client's rows are acknowledged."""
    cluster.wait_for(
        f"{RESOURCE} promoted on {node}, with the address",
        lambda seen: (
            seen.where(RESOURCE, "promoted") == node.name == seen.where("address")
        ),
    )
    writer.wait_for_new_row()


def bring_back(
    cluster: Cluster, node: Node, copy: Callable[[Node, Node], None] = copy_data
) -> None:
    """Switch a lost primary's node on; give it new data where it has to be refused.

    It may have written last what nobody received, and what no client was told of.
    """
    node.power_on()
    cluster.wait_for_online(*cluster.nodes)
    seen = cluster.wait_for(
        f"{node} streaming, or refused",
        lambda seen: seen.attribute(node.name, STATUS) in ("HS:sync", DIVERGED),
    )
    if seen.attribute(node.name, STATUS) == DIVERGED:
        primary, _ = roles(cluster)
        node.run("crm_standby", "--node", node.name, "--update", "on")
        cluster.wait_until_idle()
        copy(node, primary)
        failed = ("--resource", RESOURCE, "--node", node.name)
        node.run("crm_resource", "--cleanup", *failed)
        node.run("crm_standby", "--node", node.name, "--delete")
    wait_until_whole(cluster)


def lead(cluster: Cluster, node: Node) -> None:
    """Make a node the primary's, by taking the other one's resources for a while."""
    primary, _ = roles(cluster)
    if primary is node:
        return
    node.run("crm", "node", "standby", primary.name)
    wait_for(cluster, node, "promoted", "PRI")
    node.run("crm", "node", "online", primary.name)
    wait_until_whole(cluster)


def fail_over(cluster: Cluster, writer: Writer) -> tuple[Node, Node]:
    """Cut the primary's power; return the new primary's node and the lost one."""
    primary, standby = roles(cluster)
    primary.cut_power()
    wait_for_takeover(cluster, standby, writer)
    cluster.wait_for_fenced(primary)
    return standby, primary
