# SPDX-License-Identifier: GPL-2.0-or-later
"""Watch a cluster and tell each change of it, as the cluster shows it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Callable

from tests.cluster.harness.cluster import ADDRESS_RESOURCE, RESOURCE, Cluster
from tests.cluster.harness.method import STATUS_ATTRIBUTE
from tests.cluster.harness.process import CommandFailed
from tests.cluster.harness.status import NOTHING, Status

INTERVAL_S = 0.1  # each look costs the watched cluster processor time
STATES = {
    ("promoted", "PRI"): "STATE4: promoted, PostgreSQL is the primary",
    ("unpromoted", "HS"): "STATE3: unpromoted, PostgreSQL is a hot standby",
}
STOPPED_STATES = {
    "promoted": "promoted",
    "unpromoted": "STATE2: unpromoted, PostgreSQL is stopped",
    "stopped": "STATE1: stopped",
    "failed": "failed",
}


def describe(status: Status, node: str) -> str:
    """Return a node's state in the words of the method and of the cluster."""
    if node in status.unclean:
        return "UNCLEAN: lost, to be fenced"
    if node not in status.online:
        return "offline"
    role = status.role(RESOURCE, node)
    attribute = status.attribute(node, STATUS_ATTRIBUTE)
    state = STATES.get((role, attribute), STOPPED_STATES.get(role, role))
    shown = f"  [{STATUS_ATTRIBUTE}={attribute}]" if attribute else ""
    holder = status.where(ADDRESS_RESOURCE) == node
    return f"{state}{'; has the address' if holder else ''}{shown}"


@contextmanager
def watching(cluster: Cluster, tell: Callable[[str, str], None]) -> Iterator[None]:
    """Call tell(node, state) at each change during the block, from a thread."""
    ended = threading.Event()
    told: dict[str, str] = {}
    thread = threading.Thread(
        target=_watch, args=(cluster, tell, told, ended), daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _watch(
    cluster: Cluster,
    tell: Callable[[str, str], None],
    told: dict[str, str],
    ended: threading.Event,
) -> None:
    while True:
        is_last = ended.is_set()
        for node, state in _changes(cluster, told).items():
            told[node] = state
            tell(node, state)
        if is_last:
            return
        ended.wait(INTERVAL_S)


def _changes(cluster: Cluster, told: Mapping[str, str]) -> dict[str, str]:
    try:
        status = cluster.status()
    except CommandFailed:  # the node that was asked lost its power
        return {}
    if status == NOTHING:
        return {}
    states = {node.name: describe(status, node.name) for node in cluster.nodes}
    return {node: state for node, state in states.items() if told.get(node) != state}
