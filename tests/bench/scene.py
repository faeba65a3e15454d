# SPDX-License-Identifier: GPL-2.0-or-later
"""A real cluster in a steady state, and the measuring on its nodes."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from tests.bench.contestants import (
    IDLE_DATA,
    OURS,
    PROGRAMS,
    STOCK,
    Case,
    environment,
    idle_server_parameters,
    replication_parameters,
    stand_alone_parameters,
)
from tests.cluster.harness import method, postgres, record
from tests.cluster.harness.cluster import RESOURCE, Cluster
from tests.cluster.harness.construction import CHECKOUT, constructed
from tests.cluster.harness.node import Node

INSIDE = "/root/bench"
HANDED_OVER = (
    "tests/__init__.py",
    "tests/bench/__init__.py",
    "tests/bench/launches.py",
    "tests/bench/measure.py",
)
MEASURING_TIMEOUT_S = 600.0
STEADY = {"node1": "LATEST", "node2": "STREAMING|ASYNC"}


class Figure(NamedTuple):
    """What one agent needed for one action; times of all runs in seconds."""

    programs: int
    processes: int
    wall_s: tuple[float, ...]
    cpu_s: tuple[float, ...]


class WrongAnswer(Exception):
    """An agent did not answer as it does when all is well, so nothing was measured."""


@contextmanager
def steady_cluster() -> Iterator[Cluster]:
    """A primary on node1 and its standby on node2, left alone by Pacemaker."""
    record.sweep()
    with constructed(f"bench-{os.getpid()}") as construction:
        cluster = construction.cluster
        method.start_cluster(cluster)
        primary, standby = cluster.nodes
        _name_standby(standby)
        postgres.initialise(primary, IDLE_DATA)
        # Pacemaker's own monitors would meddle with the measured ones.
        cluster.configure("property maintenance-mode=true\n")
        cluster.wait_until_idle()
        for node in cluster.nodes:
            for name in HANDED_OVER:
                node.machine.write(f"{INSIDE}/{name}", (CHECKOUT / name).read_text())
        yield cluster


def cases(cluster: Cluster) -> Iterator[tuple[Node, Case]]:
    """Everything that is measured, with the node where."""
    primary, standby = cluster.nodes
    alone = stand_alone_parameters(primary)
    idle = idle_server_parameters(primary)
    monitor = ("monitor",)
    both = {OURS: alone, STOCK: alone}
    yield primary, Case("stand-alone", monitor, (0,), both)
    yield primary, Case("primary", monitor, (8,), replication_parameters(primary))
    yield standby, Case("standby", monitor, (0,), replication_parameters(standby))
    both = {OURS: idle, STOCK: idle}
    yield primary, Case("idle server", ("start", "stop"), (0, 0), both)


def measure(node: Node, case: Case, runs: int) -> dict[str, dict[str, Figure]]:
    """Return the figures of a case, by action and by contestant."""
    contestants = {
        name: {
            "environment": environment(node, parameters),
            "steps": [[PROGRAMS[name], action] for action in case.actions],
        }
        for name, parameters in case.parameters.items()
    }
    answer = node.run(
        *(
            "env",
            f"PYTHONPATH={INSIDE}",
            "/usr/bin/python3",
            "-m",
            "tests.bench.measure",
        ),
        stdin_text=json.dumps({"runs": runs, "contestants": contestants}),
        timeout_s=MEASURING_TIMEOUT_S,
    )
    given = json.loads(answer.stdout)
    return {
        action: {
            name: _figure(given[name][index], case.codes[index], f"{name} {action}")
            for name in contestants
        }
        for index, action in enumerate(case.actions)
    }


def require_steady(cluster: Cluster) -> None:
    """See that the stock agent saw the replication too, and has nothing to change."""
    status = cluster.status()
    found = {node: status.attribute(node, f"{RESOURCE}-data-status") for node in STEADY}
    if found != STEADY:
        raise WrongAnswer(f"the stock agent sees another replication: {found}")


def _figure(given: dict[str, Any], code: int, what: str) -> Figure:
    codes = {given["code"], *(run[0] for run in given["runs"])}
    if codes != {code}:
        raise WrongAnswer(f"{what} answered {sorted(codes)} where {code} is right")
    return Figure(
        programs=given["programs"],
        processes=given["processes"],
        wall_s=tuple(run[1] for run in given["runs"]),
        cpu_s=tuple(run[2] for run in given["runs"]),
    )


def _name_standby(standby: Node) -> None:
    """Give the standby the name by which the stock agent looks for it."""
    conninfo = f"{postgres.primary_conninfo(standby)} application_name={standby.name}"
    postgres.sql(standby, f"ALTER SYSTEM SET primary_conninfo = '{conninfo}'")
    postgres.sql(standby, "SELECT pg_reload_conf()")
