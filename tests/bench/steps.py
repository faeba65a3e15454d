# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the time of a failover goes: its steps, from the logs of all nodes.

Roles stand for names of nodes, so that runs in either direction can be compared: "old"
has the primary before the fault, "new" after it.
"""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from tests.cluster.harness import timeline
from tests.cluster.harness.cluster import ADDRESS_RESOURCE, RESOURCE
from tests.cluster.harness.construction import Construction
from tests.cluster.harness.node import Node
from tests.cluster.harness.timeline import Event
from tests.cluster.harness.verdict import Pause

TOLD = "start|stop|promote|demote"  # the others only repeat, or follow
OPERATION = rf"({TOLD}) operation for ({RESOURCE}|{ADDRESS_RESOURCE}) on (\w+)"
FINE = r"ok |promoted \||Cancelled"
CLUSTER_STEPS = (
    (r"A processor failed, forming new configuration", "detected: a node is silent"),
    (r"Sync left\[\d+\]", "the membership is without it"),
    (r"Requesting fencing \(off\)", "fencing requested"),
    (r"Operation 'off' targeting .* OK", "fenced: the cluster knows that it is off"),
    (rf"Result of (monitor) operation for {RESOURCE} on (\w+): (?!{FINE})",
     "detected: the monitor failed on {1}"),
    (rf"Initiating notify operation {RESOURCE}\S*?_(pre|post)_notify_(\w+?)_0",
     "notification: {0}-{1}"),
    (rf"Requesting local execution of {OPERATION}", "{1}: {0} begins on {2}"),
    (rf"Result of {OPERATION}: ok", "{1}: {0} done on {2}"),
)  # fmt: skip
SERVER_STEPS = (
    (r"received promote request", "PostgreSQL leaves recovery on {node}"),
    (r"archive recovery complete", "PostgreSQL has replayed all on {node}"),
    (r"ready to accept connections", "PostgreSQL takes writes on {node}"),
)
LAST_WRITE = "last write acknowledged"
WRITES_AGAIN = "writes are acknowledged for a moment"
NO_WRITES_AGAIN = "no writes again"
FIRST_WRITE = "first write acknowledged again"
NODE_NAME = re.compile(r"\bnode\d+\b")


class Step(NamedTuple):
    """Something that happened so many seconds after the fault."""

    at_s: float
    text: str


def between(
    construction: Construction,
    fault_at: float,
    pauses: Sequence[Pause],
    roles: Mapping[str, str],
) -> tuple[Step, ...]:
    """Return the steps from a fault to the first write after it, without names."""
    nodes = construction.cluster.nodes
    switched = construction.power_switch.history
    events = [
        *(event for node in nodes for event in _of_cluster(node, fault_at)),
        *(event for node in nodes for event in _of_server(node, fault_at)),
        *(Event(done.done_at, "power switch: off") for done in switched),
        Event(pauses[0].began_at, LAST_WRITE),
        *(Event(pause.ended_at, WRITES_AGAIN) for pause in pauses[:-1]),
        *(Event(pause.began_at, NO_WRITES_AGAIN) for pause in pauses[1:]),
        Event(pauses[-1].ended_at, FIRST_WRITE),
    ]
    steps: dict[str, float] = {}
    for event in sorted(events):
        is_part = (
            fault_at <= event.at <= pauses[-1].ended_at or event.text == LAST_WRITE
        )
        if is_part:
            steps.setdefault(_with_roles(event.text, roles), event.at - fault_at)
    return tuple(Step(at_s, text) for text, at_s in steps.items())


def roles(nodes: Iterable[str], old: str, new: str) -> dict[str, str]:
    """Return what the nodes are called, once it is known where the primary is."""
    called = {name: "another standby" for name in nodes}
    return {**called, new: "the new node", old: "the old node"}


def _with_roles(text: str, called: Mapping[str, str]) -> str:
    return NODE_NAME.sub(lambda found: called.get(found[0], found[0]), text)


def _of_cluster(node: Node, since: float) -> Iterator[Event]:
    year = time.gmtime(since).tm_year
    for name in ("corosync", "pacemaker"):
        for line in timeline.lines(node.log(name), year):
            if line.at >= since:
                yield from _told(line)


def _told(line: Event) -> Iterator[Event]:
    for pattern, text in CLUSTER_STEPS:
        found = re.search(pattern, line.text)
        if found:
            yield Event(line.at, text.format(*found.groups()))


def _of_server(node: Node, since: float) -> Iterator[Event]:
    for line in timeline.server_lines(node.log("postgresql")):
        for pattern, text in SERVER_STEPS:
            if line.at >= since and re.search(pattern, line.text):
                yield Event(line.at, text.format(node=node.name))


def medians(runs: Iterable[Iterable[Step]]) -> list[tuple[Step, int]]:
    """Return each step at the median of its times, and in how many runs it was."""
    times: dict[str, list[float]] = {}
    for run in runs:
        for step in run:
            times.setdefault(step.text, []).append(step.at_s)
    found = [(Step(statistics.median(at), text), len(at)) for text, at in times.items()]
    return sorted(found)
