# SPDX-License-Identifier: GPL-2.0-or-later
"""The commands of the documentation, taken from its pages and typed as they are there.

They are those for crmsh and Debian's PostgreSQL. What a person has to fill in, such as
a password, is filled in here.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.cluster.harness import configuration, record
from tests.cluster.harness.cluster import Cluster
from tests.cluster.harness.construction import CHECKOUT, constructed
from tests.cluster.harness.node import Node

CONFIGURATION = Path("/etc/postgresql/15/main")
PASSWORD = "SECRET"  # as in the pages
ADDRESS = "192.0.2.10"  # as in the pages
STEP_TIMEOUT_S = 120.0
METHOD = "howto/set-up-method.rst"
RESOURCE = "db"
DIRECTIVE = ".. code-block:: "
CRMSH, PCS = "crmsh", "pcs"  # as captions name the command languages
STATUS = f"{RESOURCE}-status"
# A program that a node of the harness, not run by systemd, has no use for.
NOTHING_TO_DO = "#!/bin/sh\nexit 0\n"


class Block(NamedTuple):
    """An example: its language, its caption, and its lines."""

    language: str
    caption: str
    text: str


def examples(lines: list[str]) -> list[Block]:
    """Every example in lines of a page."""
    starts = [n for n, line in enumerate(lines) if line.lstrip().startswith(DIRECTIVE)]
    return [block_at(lines[n:]) for n in starts]


def page_examples(page: str) -> list[Block]:
    """Every example of a page."""
    return examples((CHECKOUT / "docs" / page).read_text().splitlines())


def all_blocks(page: str, section: str) -> list[Block]:
    """The examples in a section of a page, those for both command languages."""
    lines = (CHECKOUT / "docs" / page).read_text().splitlines()
    starts = [n for n, line in enumerate(lines) if line.startswith(("---", "~~~"))]
    [start] = [n for n in starts if lines[n - 1] == section]
    end = next((n for n in starts if n > start), len(lines))
    return examples(lines[start:end])


def blocks(page: str, section: str, without: str = PCS) -> list[Block]:
    """The examples in a section of a page, without those for the other language."""
    found = all_blocks(page, section)
    return [block for block in found if not block.caption.startswith(without)]


def captioned(page: str, caption: str) -> Block:
    """The only example of a page with that caption."""
    [wanted] = [block for block in page_examples(page) if block.caption == caption]
    return wanted


def block_at(lines: list[str]) -> Block:
    """The example that begins with the first line: all that is indented more."""
    options, text = [], lines[1 : end_of_block(lines, 0)]
    while text[0]:
        options.append(text.pop(0).strip())
    caption = "".join(options).partition(":caption: ")[2]
    code = textwrap.dedent("\n".join(text)).strip()
    return Block(lines[0].strip()[len(DIRECTIVE) :], caption, f"{code}\n")


def end_of_block(lines: list[str], start: int) -> int:
    """The number of the first line that is not of the block that begins at `start`."""
    outside = indentation(lines[start])
    after = range(start + 1, len(lines))
    outer = (n for n in after if lines[n] and indentation(lines[n]) <= outside)
    return next(outer, len(lines))


def indentation(line: str) -> int:
    """How many blanks a line begins with."""
    return len(line) - len(line.lstrip())


def run(node: Node, block: Block, answers: str = "") -> str:
    """Type an example in at a node, and return what it shows."""
    assert block.language == "sh", block
    argv = ("bash", "-euc", block.text)
    return node.run(*argv, stdin_text=answers, timeout_s=STEP_TIMEOUT_S).stdout


def for_node(node: Node, block: Block) -> Block:
    """The example, in which it is node1 that has failed, for another node."""
    return block._replace(text=block.text.replace("node1", node.name))


def wait_for(cluster: Cluster, node: Node, role: str, status: str) -> None:
    cluster.wait_for(
        f"{RESOURCE} {role} on {node} with status {status}",
        lambda seen: (
            seen.role(RESOURCE, node.name) == role
            and seen.attribute(node.name, STATUS) == status
        ),
    )


@contextmanager
def debian_nodes(name: str, count: int = 2) -> Iterator[Cluster]:
    """Nodes as Debian's packages leave them, with a cluster and fencing."""
    with debian_nodes_and_more(name, count, 0) as (cluster, _):
        yield cluster


@contextmanager
def debian_nodes_and_more(
    name: str, count: int, more: int
) -> Iterator[tuple[Cluster, Cluster]]:
    """Nodes as of debian_nodes, and all nodes, of which the last have no power."""
    record.sweep()
    with constructed(name, count + more) as construction:
        whole = construction.cluster
        nodes = whole.nodes[:count]
        cluster = Cluster(nodes, whole.lan, whole.clients, whole.fencing)
        cluster.write_configuration()
        for node in nodes:
            node.boot_without_cluster()
            make_server(node)
            node.start_cluster()
        cluster.wait_for_online(*nodes)
        cluster.configure(configuration.crm_properties(cluster.fencing))
        yield cluster, whole


def make_server(node: Node) -> None:
    """Make a new server on a node as Debian does."""
    # The machine may have one of its own there.
    node.run("rm", "-rf", str(CONFIGURATION), "/var/lib/postgresql/15/main")
    node.run("pg_createcluster", "15", "main", timeout_s=STEP_TIMEOUT_S)
    node.machine.write("/usr/bin/systemctl", NOTHING_TO_DO, 0o755)


def start_method(cluster: Cluster) -> None:
    """Start two nodes by the PGSR method, by its documented steps."""
    node1, node2 = cluster.nodes
    same = blocks(METHOD, "2. The same configuration (both nodes)")
    for node in cluster.nodes:
        configure_server(node, same)
    [role] = blocks(METHOD, "3. The role for replication (node1)")
    run(node1, role, f"{PASSWORD}\n{PASSWORD}\n")
    alone, resources, _ = blocks(
        METHOD, "4. The resources, with node2 in standby (node1)"
    )
    run(node1, alone)
    cluster.configure(resources.text)
    wait_for(cluster, node1, "promoted", "PRI")
    for step in blocks(METHOD, "5. The standby (node2)"):
        run(node2, step)


def configure_server(node: Node, same: list[Block]) -> None:
    """Leave starting to the cluster, and give the server the documented settings."""
    not_by_system = "1. The cluster starts PostgreSQL, not the system (both nodes)"
    [step] = blocks(METHOD, not_by_system)
    node.run("pg_ctlcluster", "15", "main", "start")
    run(node, step)
    settings, access, password = (block.text for block in same)
    node.machine.write(str(CONFIGURATION / "conf.d/replication.conf"), settings)
    rules = node.machine.read(str(CONFIGURATION / "pg_hba.conf"))
    node.machine.write(str(CONFIGURATION / "pg_hba.conf"), rules + access, 0o640)
    node.machine.write("/var/lib/postgresql/.pgpass", password, 0o600)
    node.run("chown", "postgres:", "/var/lib/postgresql/.pgpass")
