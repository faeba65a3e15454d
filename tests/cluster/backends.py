# SPDX-License-Identifier: GPL-2.0-or-later
"""What the nodes of the scenarios are made of: namespaces, or what PGSR_MACHINES says.

Scenarios that are about namespaces, or need what only these give, are left out on other
machines.
"""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Callable, Protocol

import pytest

from tests.cluster.harness import construction, record
from tests.cluster.harness.cluster import Cluster
from tests.cluster.harness.machine import (
    MACHINES,
    NAMESPACES,
    VAGRANT,
    NoMachines,
)

OTHERS = {VAGRANT: "tests.cluster.harness.vagrant_construction"}
# Root directory of the system that nodes of namespaces run; another one than the
# machine's own tries another distribution's Pacemaker and PostgreSQL.
NODE_ROOT = Path(os.environ.get("PGSR_NODE_ROOT", "/"))
MARKER = "namespaces_only"
# A power switch, and disks that are written while their machines are off.
FIXTURES = frozenset({"fencing", "power_switch", "new_nodes"})

if MACHINES not in (NAMESPACES, *OTHERS):
    raise pytest.UsageError(f"PGSR_MACHINES={MACHINES} is not known")


class Made(Protocol):
    """A cluster together with what it is made of."""

    @property
    def cluster(self) -> Cluster:
        """Return the cluster."""

    def start(self, kind: str, start: Callable[[], object]) -> None:
        """Have the cluster run: by start, or as one of that kind already does."""

    def bring_back(self) -> bool:
        """Restore the state after the start; False when that is left to repairs."""

    def close(self) -> None:
        """Take everything down."""


def construct(name: str, count: int) -> Made:
    """Make a cluster's nodes with their configuration, not started yet."""
    if MACHINES == NAMESPACES:
        record.sweep()
        return construction.construct(name, count, lower=NODE_ROOT)
    made: Made = import_module(OTHERS[MACHINES]).construct(name, count)
    return made


def node_count() -> int | None:
    """Return how many machines there are; None when any number can be made.

    UsageError, with what to do, when machines are wanted and there are none.
    """
    if MACHINES == NAMESPACES:
        return None
    try:
        count: int = import_module(OTHERS[MACHINES]).node_count()
    except NoMachines as reason:
        raise pytest.UsageError(str(reason)) from None
    return count


def can_run(item: pytest.Item, nodes: int | None) -> bool:
    """Tell whether a test can run on such machines; `nodes` is what node_count said."""
    if nodes is None:
        return True
    needed = FIXTURES.intersection(getattr(item, "fixturenames", ()))
    is_for_all = not needed and item.get_closest_marker(MARKER) is None
    return is_for_all and _wanted_nodes(item) == nodes


def _wanted_nodes(item: pytest.Item) -> int:
    return getattr(getattr(item, "module", None), "NODES", 2)
