# SPDX-License-Identifier: GPL-2.0-or-later
"""Two nodes with real servers of one version, and the cluster's stand-in tools."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.postgres.cluster import Cluster, make_cluster
from tests.postgres.follower import Follower
from tests.postgres.managed import Group
from tests.postgres.node import Node, make_node, make_template
from tests.provision.postgresql import installations
from tests.workspaces import new_workspace

# The method as first described; Debian 12's, with both ways of promotion; the newest.
MAIN_VERSIONS = (10, 15, 18)

# What managed replication asks for beside that: WAL for standbys that were away, and
# pg_rewind.
MANAGED_CONFIGURATION = """
listen_addresses = '{addresses}'
{keep}
wal_log_hints = on
"""


class Pair(NamedTuple):
    """Two nodes of one cluster, with the same new database on both."""

    cluster: Cluster
    node1: Node
    node2: Node


@pytest.fixture(scope="session")
def templates() -> Iterator[Path]:
    """A directory for one new data directory of each version."""
    with new_workspace() as directory:
        yield directory


@functools.cache
def template(major: int, directory: Path) -> Path:
    """Create the template of a version when it is needed first."""
    return make_template(installations()[major], directory / str(major))


@pytest.fixture
def major() -> int:
    """The version of PostgreSQL; tests for several versions parametrize it."""
    return 15


@pytest.fixture
def pair(workspace: Path, templates: Path, major: int) -> Iterator[Pair]:
    """Two nodes whose servers were never started."""
    cluster = make_cluster(workspace / "tools", "node1", "node2")
    programs = installations()[major]
    nodes = [
        make_node(
            Node(name, workspace / name, programs, major, port, cluster),
            template(major, templates),
        )
        for name, port in (("node1", 5432), ("node2", 5433))
    ]
    yield Pair(cluster, *nodes)
    for node in nodes:
        node.end_server()


@pytest.fixture
def replicating(pair: Pair) -> Pair:
    """node1 is the primary (STATE4), node2 its hot standby (STATE3)."""
    pair.node1.operate("start")
    pair.node1.operate("promote")
    pair.node2.follow(pair.node1)
    pair.node2.operate("start")
    return pair


@pytest.fixture
def names() -> tuple[str, ...]:
    """The names of the nodes of a group; tests with others parametrize it."""
    return ("node1", "node2")


@pytest.fixture
def group(
    workspace: Path, templates: Path, major: int, names: tuple[str, ...]
) -> Iterator[Group]:
    """Nodes for managed replication whose servers were never started."""
    cluster = make_cluster(workspace / "tools", *names)
    programs, keep = installations()[major], "wal_keep_size = 128MB"
    nodes = tuple(
        make_node(
            Node(name, workspace / name, programs, major, 5432, cluster),
            template(major, templates),
        )
        for name in names
    )
    for node in nodes:
        addresses = node.name if node.name[0].isdigit() else ""
        with (node.data / "postgresql.conf").open("a") as file:
            file.write(
                MANAGED_CONFIGURATION.format(
                    addresses=addresses,
                    keep="wal_keep_segments = 8" if major < 13 else keep,
                )
            )
    yield Group(workspace, nodes, {})
    for node in nodes:
        node.end_server()


@pytest.fixture
def follower(pair: Pair) -> Follower:
    """A copy of a primary that runs; the copy's server was never started."""
    _, primary, node = pair
    primary.start_server()
    primary.sql("checkpoint")
    return Follower(node, primary)
