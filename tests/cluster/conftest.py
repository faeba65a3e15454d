# SPDX-License-Identifier: GPL-2.0-or-later
"""Clusters for the scenarios.

Bringing one up takes a quarter of a minute, so the scenarios of a module share one;
each finds it as it is after a first start, whichever node is the primary.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from itertools import count
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.cluster.harness import method, record
from tests.cluster.harness.cluster import RESOURCE, Cluster
from tests.cluster.harness.construction import Construction, constructed
from tests.cluster.harness.fencing import PowerSwitch
from tests.cluster.harness.node import Node

# Root directory of the system that the nodes run; another one than the machine's own
# tries another distribution's Pacemaker and PostgreSQL.
NODE_ROOT = Path(os.environ.get("PGSR_NODE_ROOT", "/"))

serial = count(1)


class Replicated(NamedTuple):
    """A cluster with a primary and a streaming standby."""

    cluster: Cluster
    primary: Node
    standby: Node


@pytest.fixture
def new_nodes() -> Iterator[Construction]:
    """Two new nodes without power, for one scenario."""
    with _construction() as construction:
        yield construction


@pytest.fixture(scope="module")
def _shared() -> Iterator[Construction]:
    with _construction() as construction:
        method.start_cluster(construction.cluster)
        yield construction


@pytest.fixture
def pgsr_cluster(_shared: Construction) -> Replicated:
    """A cluster that runs by the method, repaired after the scenario before."""
    _shared.power_switch.delay_s = 0.0
    return repaired(_shared.cluster)


@pytest.fixture
def power_switch(_shared: Construction) -> PowerSwitch:
    """The power switch of the nodes of pgsr_cluster."""
    return _shared.power_switch


def repaired(cluster: Cluster) -> Replicated:
    """Bring a cluster with a surviving primary back to a primary and a standby."""
    for node in cluster.nodes:
        if not node.is_on:
            cluster.wait_for_fenced(node)
            node.power_on()
    cluster.wait_for_online(*cluster.nodes)
    cluster.wait_until_idle()
    status = cluster.status()
    primary, standby = sorted(
        cluster.nodes,
        key=lambda node: status.role(RESOURCE, node.name) != "promoted",
    )
    cluster.wait_for_promoted(primary)
    if status.role(RESOURCE, standby.name) != "unpromoted" or status.failures:
        method.rejoin(cluster, standby)
    method.wait_for_hot_standby(cluster, standby)
    return Replicated(cluster, primary, standby)


def _construction() -> AbstractContextManager[Construction]:
    record.sweep()
    return constructed(f"test-{os.getpid()}-{next(serial)}", lower=NODE_ROOT)
