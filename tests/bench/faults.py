# SPDX-License-Identifier: GPL-2.0-or-later
"""The faults, and what each of them costs a client that writes all the time."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tests.bench import redundancy, steps
from tests.bench.redundancy import Redundancy
from tests.bench.steps import Step
from tests.bench.systems import System
from tests.cluster.harness import managed, postgres
from tests.cluster.harness.cluster import RESOURCE, Cluster
from tests.cluster.harness.construction import Construction
from tests.cluster.harness.node import Node
from tests.cluster.harness.site import PYTHON
from tests.cluster.harness.status import Status
from tests.cluster.harness.verdict import Acknowledged, Pause
from tests.cluster.harness.wait import NeverHappened, wait_until
from tests.cluster.harness.writer import Writer

POWER_CUT = "power cut"
KILL = "postmaster SIGKILL"
SWITCH = "planned switch"
FAULTS = (POWER_CUT, KILL, SWITCH)

COORDINATOR_IS_LOST = Step(
    0.0, "the cluster's coordinator (DC) was on the old node too"
)

ROWS_BEFORE = 400
QUIET_S = 0.25  # no row for so long, and the fault has taken effect
EFFECT_TIMEOUT_S = 30.0


class Outcome(NamedTuple):
    """What a fault cost; `pause_s` is infinite when writes never came back.

    It is the sum of all pauses from the fault to the end.
    """

    pause_s: float
    acknowledged_rows: int
    lost_rows: int
    steps: tuple[Step, ...]
    redundancy: Redundancy


class NeverServedAgain(Exception):
    """The cluster took no writes again; it has to be made anew."""


def measure(
    system: System, construction: Construction, fault: str, phase_s: float
) -> Outcome:
    """Have a redundant cluster suffer a fault, and bring it back to redundancy."""
    cluster = construction.cluster
    primary, target = _roles(cluster)
    takes_coordinator = fault == POWER_CUT and _coordinates(cluster, primary)
    with cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        began = _strike(system, primary, target, fault, phase_s)
        try:
            _await_writes(cluster, writer, began)
        except NeverHappened as never:
            raise NeverServedAgain(f"{system.name}, {fault}: {never}") from never
        _clear(cluster, fault)
    verdict = writer.verdict()
    without = pauses(writer.acknowledged, began)
    called = steps.roles(
        *(managed.names(cluster), primary.name, _promoted(cluster.status()))
    )
    return Outcome(
        pause_s=sum(pause.length_s for pause in without),
        acknowledged_rows=verdict.acknowledged_rows,
        lost_rows=len(verdict.lost_rows),
        steps=(
            *((COORDINATOR_IS_LOST,) if takes_coordinator else ()),
            *steps.between(construction, began, without, called),
        ),
        redundancy=redundancy.restore(
            system, cluster, without[-1].ended_at, was_planned=fault == SWITCH
        ),
    )


def next_of(left: Sequence[str], cluster: Cluster) -> str:
    """Return the fault that is next.

    That is a switch, if one is due, before a power cut that would take the cluster's
    coordinator (DC) along: the election of another takes a second, and chance would
    decide whom it strikes.
    """
    primary, _ = _roles(cluster)
    takes_both = left[0] == POWER_CUT and _coordinates(cluster, primary)
    return SWITCH if SWITCH in left and takes_both else left[0]


def never_again() -> Outcome:
    """Return the outcome of a fault after which writes never came back."""
    return Outcome(math.inf, 0, 0, (), Redundancy(redundancy.NOT_EVEN_THEN, 0.0))


def pauses(acknowledged: Sequence[Acknowledged], since: float) -> tuple[Pause, ...]:
    """Return the times without writes after a fault, those worth the name.

    There can be several: a crashed server that is recovered takes writes, and is then
    restarted.
    """
    times = [row.at for row in acknowledged]
    all_pauses = (Pause(*both) for both in zip(times, times[1:]))
    return tuple(
        pause
        for pause in all_pauses
        if pause.ended_at > since and pause.length_s > QUIET_S
    )


def _roles(cluster: Cluster) -> tuple[Node, Node]:
    """Return the primary's node, and the standby's that a switch promotes."""
    seen = cluster.wait_for("a primary", lambda seen: _promoted(seen) != "")
    primary, *standbys = sorted(
        cluster.nodes, key=lambda node: node.name != _promoted(seen)
    )
    return primary, standbys[0]


def _promoted(seen: Status) -> str:
    return seen.where(RESOURCE, "promoted")


def _coordinates(cluster: Cluster, node: Node) -> bool:
    return cluster.status().coordinator == node.name


def _strike(
    system: System, primary: Node, target: Node, fault: str, phase_s: float
) -> float:
    """Do it; return when, in seconds since the epoch."""
    if fault == KILL:
        return kill_postmaster(primary, system.program, phase_s)
    began = time.time()
    if fault == POWER_CUT:
        primary.cut_power()
    else:
        move = ("crm_resource", "--move", "--resource", f"{RESOURCE}-clone")
        target.run(*move, "--node", target.name, "--promoted")
    return began


def kill_postmaster(node: Node, program: str, phase_s: float) -> float:
    """Kill the postmaster so long after the end of a monitor; return when it was."""
    source = (Path(__file__).parent / "crash.py").read_text()
    pid_file = f"{postgres.DATA_DIRECTORY}/postmaster.pid"
    arguments = (program, pid_file, str(phase_s))
    return float(node.run(PYTHON, "-I", "-", *arguments, stdin_text=source).stdout)


def _await_writes(cluster: Cluster, writer: Writer, began: float) -> None:
    """Wait for the end of writes, for new ones, and until the cluster has done all."""
    wait_until(
        "an effect of the fault",
        lambda: _is_interrupted(writer, began),
        EFFECT_TIMEOUT_S,
        cluster.evidence,
    )
    writer.wait_for_new_row()
    cluster.wait_for("a primary", lambda seen: _promoted(seen) != "")
    cluster.wait_until_idle(check=False)
    writer.wait_for_new_row()


def _is_interrupted(writer: Writer, began: float) -> bool:
    now = Acknowledged(0, time.time())
    return bool(pauses([*writer.acknowledged[-ROWS_BEFORE:], now], began))


def _clear(cluster: Cluster, fault: str) -> None:
    if fault == SWITCH:
        node = cluster.living_node()
        node.run("crm_resource", "--clear", "--resource", f"{RESOURCE}-clone")
