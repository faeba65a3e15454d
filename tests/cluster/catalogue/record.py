# SPDX-License-Identifier: GPL-2.0-or-later
"""A scenario says which fault of the catalogue it is, and what it sees is kept.

    @pytest.mark.fault("primary-power-cut")
    def test_power_cut_of_the_primary(here: Managed, fault: Fault) -> None:
        ...
        fault.strikes(here, writer)
        here.primary.cut_power()
        ...
        fault.shows("after")

Only with PGSR_FAULTS=FILE: then a line of JSON is appended there for every scenario
that passes. Else nothing is done, and nothing takes time.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from tests.cluster.catalogue import crm_mon, figures
from tests.cluster.harness import timeline
from tests.cluster.harness.cluster import RESOURCE, Cluster
from tests.cluster.harness.node import Node
from tests.cluster.harness.writer import Writer

MOMENTS = ("after", "repaired")  # the cluster has acted; all is well again
SERVING = ("promoted", "started")
CLUSTER_LOGS = ("corosync", "pacemaker")


class Here(Protocol):
    """A cluster, with its primary and its standbys, the best one first."""

    @property
    def cluster(self) -> Cluster:
        """Return the cluster."""

    @property
    def primary(self) -> Node:
        """Return the node whose server takes writes."""

    @property
    def standbys(self) -> tuple[Node, ...]:
        """Return the other nodes."""


class Fault:
    """A fault of the catalogue, as one scenario sees it."""

    def __init__(self, name: str, mode: str, file: Path | None) -> None:
        self.name = name
        self.mode = mode
        self._file = file
        self._struck_at = 0.0
        self._by_hand_at: float | None = None
        self._over_at: float | None = None
        self._here: Here | None = None
        self._writer: Writer | None = None
        self._taker: Node | None = None
        self._shown: dict[str, list[str]] = {}

    def strikes(self, here: Here, writer: Writer) -> None:
        """Say that the fault comes now; its cost is what the writer sees from now."""
        self._here, self._writer = here, writer
        self._struck_at = time.time()

    def by_hand(self) -> None:
        """Say that an administrator acts now, and that it is he who ends the outage."""
        self._by_hand_at = time.time()

    def shows(self, moment: str, *, is_idle: bool = True) -> None:
        """Keep what crm_mon shows now, one of MOMENTS, once the cluster is idle.

        "after" the fault is also its end: nothing later counts as its cost. Without
        is_idle it is what crm_mon shows at once, where the cluster goes on trying.
        """
        assert moment in MOMENTS
        if self._file is None or self._here is None:
            return
        cluster = self._here.cluster
        if is_idle:
            cluster.wait_until_idle()
        if moment == "after":
            self._over_at, self._taker = time.time(), self._serving()
        printed = cluster.living_node().show()
        self._shown[moment] = crm_mon.cleaned(printed, self._names())

    def keep(self) -> None:
        """Append what was seen to the file."""
        if self._file is None:
            return
        assert self._here is not None, f"{self.name} never struck"
        line = json.dumps({"fault": self.name, "mode": self.mode, **self._seen()})
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")

    def _seen(self) -> dict[str, Any]:
        return {
            **self._cost(),
            "steps": self._steps(),
            "shown": self._shown,
            "load": os.getloadavg()[0],
        }

    def _cost(self) -> dict[str, Any]:
        assert self._writer is not None
        verdict = self._writer.verdict()
        times = [row.at for row in self._writer.acknowledged]
        cost: dict[str, Any] = {
            "lost_rows": len(verdict.lost_rows),
            "acknowledged_rows": verdict.acknowledged_rows,
        }
        if self._by_hand_at is not None:
            cost["by_hand_s"] = figures.first_after(times, self._by_hand_at)
            assert cost["by_hand_s"] is not None, f"{self.name} never ended"
        else:
            over_at = self._over_at or self._writer.stopped_at
            length_s, began_s = figures.outage(
                [at for at in times if at <= over_at], self._struck_at, over_at
            )
            cost.update(outage_s=length_s, began_s=began_s)
        return cost

    def _steps(self) -> dict[str, float]:
        """Return the milestones of a failover with their seconds after the fault."""
        assert self._here is not None
        gone, taker = self._here.primary, self._taker or self._serving()
        if taker in (None, gone):
            return {}
        assert taker is not None
        survivors = [node for node in self._here.cluster.nodes if node is not gone]
        logs = [node.log(name) for node in survivors for name in CLUSTER_LOGS]
        names = self._names()
        events = timeline.failover(
            *(logs, taker.log("postgresql"), self._struck_at),
            *(names[gone.name], names[taker.name]),
        )
        steps: dict[str, float] = {}
        for event in events:
            steps.setdefault(event.text, event.at - self._struck_at)
        return steps

    def _serving(self) -> Node | None:
        """Return the node whose server takes writes now."""
        assert self._here is not None
        seen = self._here.cluster.status()
        roles = (seen.where(RESOURCE, role) for role in SERVING)
        name = next(filter(None, roles), "")
        nodes = self._here.cluster.nodes
        return next((node for node in nodes if node.name == name), None)

    def _names(self) -> Mapping[str, str]:
        """Return the name of each node by its part: the former primary is node1."""
        assert self._here is not None
        order = (self._here.primary, *self._here.standbys)
        return {node.name: f"node{place}" for place, node in enumerate(order, start=1)}
