# SPDX-License-Identifier: GPL-2.0-or-later
"""The commands of the documentation, taken from its pages and run as they are there.

They are those for crmsh and Debian's PostgreSQL. What a person has to fill in, such as
a password, is filled in here.
"""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.cluster.harness import configuration, record
from tests.cluster.harness.cluster import Cluster
from tests.cluster.harness.construction import CHECKOUT, constructed
from tests.cluster.harness.node import Node

CONFIGURATION = Path("/etc/postgresql/15/main")
PASSWORD = "SECRET"  # as in the page
STEP_TIMEOUT_S = 120.0
RESOURCE = "db"
DIRECTIVE = ".. code-block:: "
STATUS = f"{RESOURCE}-status"
REFUSED = "STOP:repressing start file exists"
# Nothing to reload: a node of the harness is not run by systemd.
NO_SYSTEMD = "#!/bin/sh\nexit 0\n"


class Block(NamedTuple):
    """An example: its language, its caption, and its lines."""

    language: str
    caption: str
    text: str


def blocks(page: str, section: str) -> list[Block]:
    """The examples in a section of a page, without those for pcs."""
    lines = (CHECKOUT / "docs" / page).read_text().splitlines()
    starts = [n for n, line in enumerate(lines) if line.startswith(("---", "~~~"))]
    [start] = [n for n in starts if lines[n - 1] == section]
    end = next((n for n in starts if n > start), len(lines))
    found = (
        block_at(lines[n:end])
        for n in range(start, end)
        if lines[n].lstrip().startswith(DIRECTIVE)
    )
    return [block for block in found if block.caption != "pcs"]


def block_at(lines: list[str]) -> Block:
    """The example that begins with the first line: all that is indented more."""
    outside = indentation(lines[0])
    is_inside = (not line or indentation(line) > outside for line in lines)
    length = next((n for n, inside in enumerate(is_inside) if n and not inside), None)
    options, text = [], lines[1:length]
    while text[0]:
        options.append(text.pop(0).strip())
    caption = "".join(options).partition(":caption: ")[2]
    code = textwrap.dedent("\n".join(text)).strip()
    return Block(lines[0].strip()[len(DIRECTIVE) :], caption, f"{code}\n")


def indentation(line: str) -> int:
    return len(line) - len(line.lstrip())


def run(node: Node, block: Block, answers: str = "") -> str:
    """Type an example in at a node, and return what it shows."""
    assert block.language == "sh", block
    argv = ("bash", "-euc", block.text)
    return node.run(*argv, stdin_text=answers, timeout_s=STEP_TIMEOUT_S).stdout


def for_node(node: Node, block: Block) -> Block:
    """The example, in which it is node1 that has failed, for another node."""
    return block._replace(text=block.text.replace("node1", node.name))


def bring_back(cluster: Cluster, node: Node) -> None:
    """What is documented for a node whose instance was refused."""
    wait_for(cluster, node, "stopped", REFUSED)
    for step in blocks("operation.rst", "After a failover"):
        run(node, for_node(node, step))
    wait_for(cluster, node, "unpromoted", "HS")


def wait_for(cluster: Cluster, node: Node, role: str, status: str) -> None:
    cluster.wait_for(
        f"{RESOURCE} {role} on {node} with status {status}",
        lambda seen: (
            seen.role(RESOURCE, node.name) == role
            and seen.attribute(node.name, STATUS) == status
        ),
    )


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Two nodes as Debian's packages leave them, with a cluster and fencing."""
    record.sweep()
    with constructed(f"test-{os.getpid()}-documented") as construction:
        nodes = construction.cluster.nodes
        for node in nodes:
            node.power_on()
            # The machine may have a server of its own there.
            node.run("rm", "-rf", str(CONFIGURATION), "/var/lib/postgresql/15/main")
            node.run("pg_createcluster", "15", "main", timeout_s=STEP_TIMEOUT_S)
            node.machine.write("/usr/bin/systemctl", NO_SYSTEMD, 0o755)
        construction.cluster.wait_for_online(*nodes)
        names = [node.name for node in nodes]
        construction.cluster.configure(configuration.crm_properties(names))
        yield construction.cluster


def prepare(node: Node) -> None:
    """Steps 1 and 2: on both nodes."""
    not_by_system = "1. The cluster starts PostgreSQL, not the system (both nodes)"
    [step] = blocks("cluster.rst", not_by_system)
    node.run("pg_ctlcluster", "15", "main", "start")
    run(node, step)
    same = blocks("cluster.rst", "2. The same configuration (both nodes)")
    settings, access, password = (block.text for block in same)
    node.machine.write(str(CONFIGURATION / "conf.d/replication.conf"), settings)
    rules = node.machine.read(str(CONFIGURATION / "pg_hba.conf"))
    node.machine.write(str(CONFIGURATION / "pg_hba.conf"), rules + access, 0o640)
    node.machine.write("/var/lib/postgresql/.pgpass", password, 0o600)
    node.run("chown", "postgres:", "/var/lib/postgresql/.pgpass")


def test_a_cluster_is_set_up_by_the_documented_steps(cluster: Cluster) -> None:
    node1, node2 = cluster.nodes
    for node in cluster.nodes:
        prepare(node)
    [role] = blocks("cluster.rst", "3. The role for replication (node1)")
    run(node1, role, f"{PASSWORD}\n{PASSWORD}\n")
    alone, resources, _ = blocks(
        "cluster.rst", "4. The resources, with node2 in standby (node1)"
    )
    run(node1, alone)
    cluster.configure(resources.text)
    wait_for(cluster, node1, "promoted", "PRI")
    backup, online = blocks("cluster.rst", "5. The standby (node2)")
    run(node2, backup)
    run(node2, online)
    wait_for(cluster, node2, "unpromoted", "HS")
    assert cluster.status().failures == ()


def test_a_failed_primary_comes_back_by_the_documented_steps(cluster: Cluster) -> None:
    node1, node2 = cluster.nodes
    node1.cut_power()
    wait_for(cluster, node2, "promoted", "PRI")
    node1.power_on()
    bring_back(cluster, node1)


def test_a_planned_switch_goes_by_the_documented_steps(cluster: Cluster) -> None:
    node1, node2 = cluster.nodes
    [standby] = blocks("operation.rst", "A planned switch")
    run(node1, for_node(node2, standby))
    wait_for(cluster, node1, "promoted", "PRI")
    *steps, _ = blocks("operation.rst", "After a failover")
    for step in steps:
        run(node2, step)
    node2.run("crm", "node", "online", "node2")
    wait_for(cluster, node2, "unpromoted", "HS")


def test_a_planned_stop_goes_by_the_documented_steps(cluster: Cluster) -> None:
    node1, node2 = cluster.nodes
    [stop] = blocks("operation.rst", "A planned stop of the whole cluster")
    run(node1, stop)
    cluster.wait_until_idle()
    node1.run("crm", "resource", "start", "db-clone")
    wait_for(cluster, node1, "promoted", "PRI")
    wait_for(cluster, node2, "stopped", REFUSED)


def test_after_a_power_cut_of_all_the_documented_steps_find_and_start_the_primary(
    cluster: Cluster,
) -> None:
    node1, node2 = cluster.nodes
    bring_back(cluster, node2)
    for node in cluster.nodes:
        node.cut_power()
    for node in cluster.nodes:
        node.power_on()
    for node in cluster.nodes:
        wait_for(cluster, node, "stopped", REFUSED)
    question, restart = blocks("operation.rst", "Both nodes lost power")
    states = [run(node, question) for node in cluster.nodes]
    assert ["in production" in state for state in states] == [True, False], states
    run(node1, restart)
    wait_for(cluster, node1, "promoted", "PRI")
    bring_back(cluster, node2)


def test_the_last_standby_becomes_the_primary_by_the_documented_steps(
    cluster: Cluster,
) -> None:
    node1, node2 = cluster.nodes
    for node in cluster.nodes:
        node.cut_power()
    node2.power_on()
    wait_for(cluster, node2, "stopped", REFUSED)
    [promote] = blocks("operation.rst", "If only the standby's node is left")
    run(node2, promote)
    wait_for(cluster, node2, "promoted", "PRI")
    node1.power_on()
    bring_back(cluster, node1)
