# SPDX-License-Identifier: GPL-2.0-or-later
"""Managed replication as a test configures it, and validate-all called for it."""

from __future__ import annotations

from tests.postgres.cluster import Cluster
from tests.postgres.node import Answer, Node

SYNC = {
    "rep_mode": "sync",
    "node_list": "node1 node2",
    "master_ip": "127.0.0.1",
    "CRM_meta_notify": "true",
}
ASYNC = {**SYNC, "rep_mode": "async"}


def validate(node: Node, **changes: str) -> Answer:
    """Call validate-all for this node too."""
    return node.agent("validate-all", **{"CHECK_LEVEL": "10", **SYNC, **changes})


def append(node: Node, name: str, text: str) -> None:
    """Append to a file in the data directory as the database's user would."""
    path = node.data / name
    before = path.read_text() if path.exists() else ""
    node.write(path, before + text)


def rename(cluster: Cluster, *names: str) -> None:
    """Let the cluster have nodes of other names."""
    [node, *_] = cluster.read()["nodes"].values()
    cluster.set(nodes={name: node for name in names})
