# SPDX-License-Identifier: GPL-2.0-or-later
"""What the documentation says of a server on shared storage, typed as it is there.

A directory that both nodes bind-mount stands in for the storage.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.cluster.documentation import (
    ADDRESS,
    CONFIGURATION,
    CRMSH,
    NOTHING_TO_DO,
    Block,
    blocks,
    debian_nodes,
    run,
)
from tests.cluster.harness.cluster import Cluster
from tests.cluster.harness.machine import SHARED_STORAGE
from tests.cluster.harness.node import Node

pytestmark = pytest.mark.namespaces_only

PAGE = "howto/stand-alone.rst"
DEVICE = "/dev/disk/by-label/pgdata"
# The writer of the scenarios is no part of the page.
ACCESS_OF_THE_WRITER = "host all all 192.0.2.254/32 trust\n"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Two nodes as Debian's packages leave them, with a cluster and fencing."""
    with debian_nodes(f"test-{os.getpid()}-alone") as made:
        for node in made.nodes:
            # Filesystem wants the program, though a bind mount needs no module.
            node.machine.write("/usr/sbin/modprobe", NOTHING_TO_DO, 0o755)
        yield made


def on_a_directory(block: Block) -> Block:
    """The example with a directory in the place of the device."""
    text = block.text.replace(f"mount {DEVICE}", f"mount --bind {SHARED_STORAGE}")
    text = text.replace("fstype=ext4", "fstype=none options=bind")
    return block._replace(text=text.replace(DEVICE, SHARED_STORAGE))


def where(cluster: Cluster) -> Node | None:
    """The node that has the whole group, if one has."""
    seen = cluster.status()
    names = {seen.where(name) for name in ("storage", "db", "address")}
    return next((node for node in cluster.nodes if names == {node.name}), None)


def other_than(cluster: Cluster, node: Node) -> Node:
    [other] = [each for each in cluster.nodes if each is not node]
    return other


def wait_for(cluster: Cluster, node: Node) -> None:
    cluster.wait_for(f"all on {node}", lambda _: where(cluster) is node)


def test_a_server_on_shared_storage_is_set_up_by_the_documented_steps(
    cluster: Cluster,
) -> None:
    node1, _ = cluster.nodes
    not_by_system, fstab = blocks(
        PAGE, "1. The cluster mounts and starts, not the system (both nodes)"
    )
    copy, empty, settings = blocks(PAGE, "2. The data on the storage")
    for node in cluster.nodes:
        node.run("pg_ctlcluster", "15", "main", "start")
        run(node, not_by_system)
        assert run(node, fstab) == "not in fstab\n" * 2
        node.machine.write(str(CONFIGURATION / "conf.d/server.conf"), settings.text)
        rules = node.machine.read(str(CONFIGURATION / "pg_hba.conf"))
        node.machine.write(
            str(CONFIGURATION / "pg_hba.conf"), rules + ACCESS_OF_THE_WRITER, 0o640
        )
    run(node1, on_a_directory(copy))
    for node in cluster.nodes:
        run(node, empty)
    [resources] = blocks(PAGE, "3. The resources", without=CRMSH)[:1]
    run(node1, on_a_directory(resources))
    cluster.wait_for("all on one node", lambda _: where(cluster) is not None)
    assert cluster.status().failures == ()


def test_it_moves_by_the_documented_commands_of_both_languages(
    cluster: Cluster,
) -> None:
    here = where(cluster)
    assert here is not None
    there = other_than(cluster, here)
    [by_crm] = blocks(PAGE, "4. Try it")
    move, clear = by_crm.text.splitlines()
    run(here, by_crm._replace(text=move.replace("node2", there.name)))
    wait_for(cluster, there)
    run(here, by_crm._replace(text=clear))
    [by_pcs] = blocks(PAGE, "4. Try it", without=CRMSH)
    run(here, by_pcs._replace(text=by_pcs.text.replace("node2", here.name)))
    wait_for(cluster, here)
    constraints = here.run("cibadmin", "--query", "--scope=constraints").stdout
    assert "rsc_location" not in constraints


def test_a_power_cut_moves_it_and_loses_nothing(cluster: Cluster) -> None:
    here = where(cluster)
    assert here is not None
    cluster.clients = cluster.clients._replace(host=ADDRESS)
    with cluster.writer() as writer:
        writer.wait_for_rows(100)
        here.cut_power()
        wait_for(cluster, other_than(cluster, here))
        writer.wait_for_new_row()
    assert writer.verdict().lost_rows == ()
