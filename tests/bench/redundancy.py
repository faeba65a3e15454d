# SPDX-License-Identifier: GPL-2.0-or-later
"""After a fault: does the cluster become redundant again, or is a hand needed?

The hand does what the system's documentation tells an administrator to do, and it is
counted. Power that was cut comes back first: that is nobody's merit.
"""

from __future__ import annotations

import sys
import time
from typing import NamedTuple

from tests.bench.systems import System
from tests.cluster.harness import managed, postgres
from tests.cluster.harness.cluster import RESOURCE, Cluster
from tests.cluster.harness.node import Node
from tests.cluster.harness.process import CommandFailed
from tests.cluster.harness.status import Status
from tests.cluster.harness.wait import NeverHappened

BY_ITSELF = "by itself"
UNLOCKED = "lock file removed"
COPIED = "data copied anew"
NOT_EVEN_THEN = "not even with data copied anew"
BY_ITSELF_S = 45.0
STOPPING_S = 45.0


class Redundancy(NamedTuple):
    """How the cluster became redundant again, and how long that took by itself."""

    how: str
    took_s: float


def restore(
    system: System, cluster: Cluster, served_at: float, *, was_planned: bool
) -> Redundancy:
    """Bring a cluster that takes writes since served_at back to all its standbys."""
    try:
        return _restore(system, cluster, served_at, was_planned=was_planned)
    except (NeverHappened, CommandFailed) as reason:
        print(f"{system.name} is not redundant again: {reason}", file=sys.stderr)
        return Redundancy(NOT_EVEN_THEN, 0.0)


def _restore(
    system: System, cluster: Cluster, served_at: float, *, was_planned: bool
) -> Redundancy:
    began = _power_on(cluster) or served_at
    if _becomes_redundant(system, cluster):
        return Redundancy(BY_ITSELF, time.time() - began)
    if was_planned and _unlock(cluster) and _becomes_redundant(system, cluster):
        return Redundancy(UNLOCKED, 0.0)
    primary = _primary(cluster)
    for node in cluster.nodes:
        if node is not primary and not _streams(node, primary):
            _copy_by_hand(system, cluster, node, primary)
    is_redundant = _becomes_redundant(system, cluster)
    return Redundancy(COPIED if is_redundant else NOT_EVEN_THEN, 0.0)


def _power_on(cluster: Cluster) -> float:
    """Switch on what is off; return when, or 0 when all had power."""
    switched_at = 0.0
    for node in cluster.nodes:
        if not node.is_on:
            cluster.wait_for_fenced(node)
            switched_at = time.time()
            node.power_on()
    return switched_at


def _becomes_redundant(system: System, cluster: Cluster) -> bool:
    """Wait until the cluster is redundant; False when it has given up, or it is late.

    A node that was fenced again, or on which the start failed, is not tried any more.
    """

    def look(seen: Status) -> bool:
        return _has_given_up(cluster, seen) or not system.missing(cluster, seen)

    try:
        seen = cluster.wait_for("a redundant cluster", look, BY_ITSELF_S)
    except NeverHappened:
        return False
    return not _has_given_up(cluster, seen)


def _has_given_up(cluster: Cluster, seen: Status) -> bool:
    is_off = any(not node.is_on for node in cluster.nodes)
    return is_off or any(f"{RESOURCE}_start_0" in text for text in seen.failures)


def _primary(cluster: Cluster) -> Node:
    seen = cluster.wait_for(
        "a primary", lambda seen: seen.where(RESOURCE, "promoted") != ""
    )
    name = seen.where(RESOURCE, "promoted")
    return next(node for node in cluster.nodes if node.name == name)


def _streams(node: Node, primary: Node) -> bool:
    asked = "SELECT client_addr FROM pg_stat_replication WHERE state = 'streaming'"
    return node.address in postgres.sql(primary, asked).split()


def _unlock(cluster: Cluster) -> bool:
    """Remove the stock agent's lock files; tell whether there were any."""
    locked = [
        node
        for node in cluster.nodes
        if node is not _primary(cluster)
        and node.run("test", "-e", managed.LOCK_FILE, check=False).returncode == 0
    ]
    for node in locked:
        node.run("rm", managed.LOCK_FILE)
        _clean_up(node)
    return bool(locked)


def _clean_up(node: Node) -> None:
    node.run("crm_resource", "--cleanup", "--resource", RESOURCE, "--node", node.name)


def _copy_by_hand(system: System, cluster: Cluster, node: Node, primary: Node) -> None:
    """Copy the primary's data to a node, with nothing running on it meanwhile."""
    standby = ("crm_standby", "--node", node.name)
    primary.run(*standby, "--update", "on")
    if node.is_on and not _stops(cluster, node):
        node.cut_power()
    if not node.is_on:
        cluster.wait_for_fenced(node)
        node.boot_without_cluster()
        postgres.make_home(node)
        system.copy_data(node, primary)
        node.start_cluster()
        cluster.wait_for_online(*cluster.nodes)
    else:
        system.copy_data(node, primary)
    _clean_up(node)
    primary.run(*standby, "--delete")


def _stops(cluster: Cluster, node: Node) -> bool:
    """Wait until the resource is stopped on a node; False when it does not stop."""
    try:
        cluster.wait_for(
            f"{RESOURCE} stopped on {node}, or {node} fenced",
            lambda seen: not node.is_on or seen.role(RESOURCE, node.name) == "stopped",
            STOPPING_S,
        )
    except NeverHappened:
        return False
    return True
