# SPDX-License-Identifier: GPL-2.0-or-later
"""Clusters for the scenarios.

Bringing one up takes a quarter of a minute, so the scenarios of a module share one;
each finds it as it is after a first start, whichever node is the primary. A module of
managed replication says with REPLICATION and NODES which one it wants.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from itertools import count
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.cluster.harness import managed, method, record
from tests.cluster.harness.cluster import RESOURCE, Cluster
from tests.cluster.harness.construction import Construction, construct, constructed
from tests.cluster.harness.fencing import PowerSwitch
from tests.cluster.harness.managed import Managed, Replication
from tests.cluster.harness.node import Node

# Root directory of the system that the nodes run; another one than the machine's own
# tries another distribution's Pacemaker and PostgreSQL.
NODE_ROOT = Path(os.environ.get("PGSR_NODE_ROOT", "/"))
# The agent that the scenarios of managed replication judge: the stock one for once.
AGENT = os.environ.get("PGSR_AGENT", managed.OURS)

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


class Lender:
    """The cluster that a module's scenarios share.

    A scenario that fails leaves one behind by which no other can be judged.
    """

    def __init__(self, replication: Replication, count: int) -> None:
        self._replication = replication._replace(agent=AGENT)
        self._count = count
        self._failures = 0
        self._lent: Construction | None = None

    def lend(self, failures: int) -> tuple[Construction, Managed]:
        """Return a cluster that is whole; `failures` have been seen in this run."""
        if self._lent is not None and failures != self._failures:
            self.close()
        self._failures = failures
        if self._lent is not None:
            switch = self._lent.power_switch
            switch.delay_s, switch.failures_to_come = 0.0, 0
            return self._lent, managed.repaired(self._lent.cluster)
        self._lent = construct(_new_name(), self._count, lower=NODE_ROOT)
        return self._lent, managed.start_cluster(self._lent.cluster, self._replication)

    def close(self) -> None:
        """Take the cluster down."""
        if self._lent is not None:
            self._lent.close()
        self._lent = None


@pytest.fixture(scope="module")
def _lender(request: pytest.FixtureRequest) -> Iterator[Lender]:
    record.sweep()
    lender = Lender(request.module.REPLICATION, request.module.NODES)
    yield lender
    lender.close()


@pytest.fixture
def lent(
    _lender: Lender, request: pytest.FixtureRequest
) -> tuple[Construction, Managed]:
    """The module's cluster of managed replication, whole, with what it is made of."""
    return _lender.lend(request.session.testsfailed)


@pytest.fixture
def here(lent: tuple[Construction, Managed]) -> Managed:
    """The module's cluster of managed replication: a primary, and standbys."""
    return lent[1]


@pytest.fixture
def fencing(lent: tuple[Construction, Managed]) -> PowerSwitch:
    """The power switch of that cluster's nodes."""
    return lent[0].power_switch


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
    return constructed(_new_name(), lower=NODE_ROOT)


def _new_name() -> str:
    return f"test-{os.getpid()}-{next(serial)}"
