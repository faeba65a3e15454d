# SPDX-License-Identifier: GPL-2.0-or-later
"""Clusters for the scenarios.

Bringing one up takes a quarter of a minute, so the scenarios of a module share one;
each finds it as it is after a first start, whichever node is the primary. A module of
managed replication says with REPLICATION and NODES which one it wants.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.cluster import backends
from tests.cluster.backends import Made
from tests.cluster.catalogue.record import Fault
from tests.cluster.harness import managed, method, scenario
from tests.cluster.harness.cluster import RESOURCE, Cluster
from tests.cluster.harness.construction import Construction
from tests.cluster.harness.fencing import PowerSwitch
from tests.cluster.harness.managed import Managed, Replication
from tests.cluster.harness.node import Node

# The agent that the scenarios of managed replication judge: the stock one for once.
AGENT = os.environ.get("PGSR_AGENT", managed.OURS)

# Where the scenarios keep what they see of faults, and how often each of these strikes.
FAULTS_FILE = os.environ.get("PGSR_FAULTS", "")
RUNS = int(os.environ.get("PGSR_RUNS", "1"))

serial = count(1)


class Replicated(NamedTuple):
    """A cluster with a primary and a streaming standby."""

    cluster: Cluster
    primary: Node
    standby: Node

    @property
    def standbys(self) -> tuple[Node, ...]:
        """Return the standby, as a cluster with more of them does."""
        return (self.standby,)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Have a fault strike as often as is wanted, one that is not timed only once."""
    marker = metafunc.definition.get_closest_marker("fault")
    if RUNS > 1 and marker and not marker.kwargs.get("once"):
        metafunc.fixturenames.append("run")
        metafunc.parametrize("run", range(1, RUNS + 1))


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave out what cannot run on the machines that were chosen."""
    nodes = backends.node_count()
    left_out = [item for item in items if not backends.can_run(item, nodes)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if backends.can_run(item, nodes)]


def pytest_report_collectionfinish() -> str | None:
    """Say which number of nodes the scenarios are about, if not about any."""
    nodes = backends.node_count()
    if nodes is None:
        return None
    return f"left out: scenarios of another number of nodes than {nodes} (PGSR_NODES)"


@pytest.fixture
def fault(request: pytest.FixtureRequest) -> Iterator[Fault]:
    """The fault of the catalogue that the marker names; kept if the scenario passes.

    The module's MODE says how the cluster replicates, unless the marker does.
    """
    marker = request.node.get_closest_marker("fault")
    mode = marker.kwargs.get("mode") or request.module.MODE
    fault = Fault(marker.args[0], mode, Path(FAULTS_FILE) if FAULTS_FILE else None)
    failures = request.session.testsfailed
    yield fault
    if request.session.testsfailed == failures:
        fault.keep()


@pytest.fixture
def new_nodes() -> Iterator[Construction]:
    """Two new nodes without power, for one scenario."""
    with _made() as made:
        assert isinstance(made, Construction)
        yield made


class Shared:
    """The cluster of the PGSR method that a module's scenarios share."""

    def __init__(self, made: Made) -> None:
        self.made = made
        self._is_used = False

    def lend(self) -> Replicated:
        """Return the cluster, brought back after the scenario before."""
        is_restored = not self._is_used or self.made.bring_back()
        self._is_used = True
        return (restored if is_restored else repaired)(self.made.cluster)


@pytest.fixture(scope="module")
def _shared() -> Iterator[Shared]:
    with _made() as made:
        made.start("pgsr", lambda: method.start_cluster(made.cluster))
        yield Shared(made)


@pytest.fixture
def pgsr_cluster(_shared: Shared) -> Replicated:
    """A cluster that runs by the method, whole."""
    lent = _shared.lend()
    _forget_failures(lent.cluster)
    return lent


@pytest.fixture
def power_switch(_shared: Shared) -> PowerSwitch:
    """The power switch of the nodes of pgsr_cluster."""
    return _switch(_shared.made)


class Lender:
    """The cluster that a module's scenarios share.

    A scenario that fails leaves one behind by which no other can be judged.
    """

    def __init__(self, replication: Replication, count: int) -> None:
        self._replication = replication._replace(agent=AGENT)
        self._count = count
        self._failures = 0
        self._lent: Made | None = None

    def lend(self, failures: int) -> tuple[Made, Managed]:
        """Return a cluster that is whole; `failures` have been seen in this run."""
        if self._lent is not None and failures != self._failures:
            self.close()
        self._failures = failures
        if self._lent is not None:
            return self._lent, self._brought_back(self._lent)
        made = self._lent = backends.construct(_new_name(), self._count)
        kind = "sync" if self._replication == Replication("sync") else "another"
        made.start(kind, lambda: managed.start_cluster(made.cluster, self._replication))
        return made, managed.wait_until_redundant(made.cluster)

    def _brought_back(self, made: Made) -> Managed:
        if made.bring_back():
            return managed.wait_until_redundant(made.cluster)
        return managed.repaired(made.cluster)

    def close(self) -> None:
        """Take the cluster down."""
        if self._lent is not None:
            self._lent.close()
        self._lent = None


@pytest.fixture(scope="module")
def _lender(request: pytest.FixtureRequest) -> Iterator[Lender]:
    lender = Lender(request.module.REPLICATION, request.module.NODES)
    yield lender
    lender.close()


@pytest.fixture
def lent(_lender: Lender, request: pytest.FixtureRequest) -> tuple[Made, Managed]:
    """The module's cluster of managed replication, whole, with what it is made of."""
    made, whole = _lender.lend(request.session.testsfailed)
    _forget_failures(made.cluster)
    return made, whole


@pytest.fixture
def here(lent: tuple[Made, Managed]) -> Managed:
    """The module's cluster of managed replication: a primary, and standbys."""
    return lent[1]


@pytest.fixture
def fencing(lent: tuple[Made, Managed]) -> PowerSwitch:
    """The power switch of that cluster's nodes."""
    return _switch(lent[0])


def restored(cluster: Cluster) -> Replicated:
    """Wait until a cluster goes on as it was after its first start."""
    primary, standby = method.roles(cluster)
    cluster.wait_for_promoted(primary)
    method.wait_for_hot_standby(cluster, standby)
    return Replicated(cluster, primary, standby)


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


def _forget_failures(cluster: Cluster) -> None:
    """Have no failure of the scenario before among what this one records."""
    if FAULTS_FILE:
        scenario.clean_up(cluster)


def _switch(made: Made) -> PowerSwitch:
    assert isinstance(made, Construction)
    return made.power_switch


@contextmanager
def _made() -> Iterator[Made]:
    made = backends.construct(_new_name(), count=2)
    try:
        yield made
    finally:
        made.close()


def _new_name() -> str:
    return f"test-{os.getpid()}-{next(serial)}"
