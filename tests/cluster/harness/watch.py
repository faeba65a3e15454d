# SPDX-License-Identifier: GPL-2.0-or-later
"""Watch a cluster and tell each change of it, as the cluster shows it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Callable

from tests.cluster.harness.cluster import ADDRESS_RESOURCE, RESOURCE, Cluster
from tests.cluster.harness.method import STATUS_ATTRIBUTE
from tests.cluster.harness.status import NOTHING, Status

INTERVAL_S = 0.05  # STATE2 lasts a few tenths of a second
UNDER_WAY = {  # roles that crm_mon shows during an action: the role before it, and it
    "starting": ("stopped", "; being started"),
    "promoting": ("unpromoted", "; being promoted"),
    "demoting": ("promoted", "; being demoted"),
    "stopping": ("unpromoted", "; being stopped"),
}


def describe(status: Status, node: str) -> str:
    """Return a node's state in the words of the method and of the cluster.

    It is empty for a moment, between two states, that cannot be told.
    """
    if node in status.unclean:
        return "UNCLEAN: nobody knows whether it runs, so it is fenced first"
    if node not in status.online:
        return "offline"
    role = status.role(RESOURCE, node)
    attribute = status.attribute(node, STATUS_ATTRIBUTE)
    role, action = UNDER_WAY.get(role, (role, ""))
    state = _state(role, attribute)
    address = "; has the address" if status.where(ADDRESS_RESOURCE) == node else ""
    shown = f"  [{STATUS_ATTRIBUTE}={attribute}]" if attribute else ""
    return f"{state}{action}{address}{shown}" if state else ""


def _state(role: str, attribute: str) -> str:
    """Return the method's name of a state, from the two that the cluster shows."""
    if role == "stopped":
        return "STATE1: stopped"
    if role == "unpromoted" and attribute.startswith("STOP"):
        return "STATE2: unpromoted, PostgreSQL stopped"
    if role == "unpromoted" and attribute.startswith("HS"):
        return "STATE3: unpromoted, PostgreSQL a hot standby"
    if role == "promoted" and attribute == "PRI":
        return "STATE4: promoted, PostgreSQL the primary"
    return "failed" if role == "failed" else ""


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
    status = cluster.status()
    if status == NOTHING:
        return {}
    states = {node.name: describe(status, node.name) for node in cluster.nodes}
    return {
        node: state
        for node, state in states.items()
        if state and told.get(node) != state
    }
