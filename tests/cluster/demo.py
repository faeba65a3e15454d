# SPDX-License-Identifier: GPL-2.0-or-later
"""The demonstration: a two-node cluster by the PGSR method loses its primary's node.

It tells what happens as it happens, and at the end what the failover cost a client
and where the time went. Plain text, on a terminal and in a pipe. The nodes are
namespaces, or with PGSR_MACHINES=vagrant the machines that `vagrant up` made.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Callable

from tests.cluster.harness import method, postgres, record
from tests.cluster.harness.cluster import Cluster
from tests.cluster.harness.construction import Construction, construct
from tests.cluster.harness.keeper import leave_running
from tests.cluster.harness.machine import NoMachines
from tests.cluster.harness.node import Node
from tests.cluster.harness.record import Record
from tests.cluster.harness.timeline import Event, failover
from tests.cluster.harness.verdict import Verdict
from tests.cluster.harness.watch import describe, watching
from tests.cluster.harness.writer import Writer
from tests.provision import packages
from tests.provision.commands import ProvisionError

DOWN = "/usr/bin/python3 -m tests.cluster down"
ROWS_BEFORE = 200
ROWS_AFTER = 100


class Screen:
    """Prints lines with the seconds since a moment that can be set anew."""

    def __init__(self) -> None:
        self._origin = time.time()
        self._printing = threading.Lock()

    def title(self, text: str) -> None:
        """Print the title of a step."""
        with self._printing:
            print(f"\n{text}\n{'-' * len(text)}", flush=True)

    def say(self, text: str) -> None:
        """Print a line with its time."""
        with self._printing:
            print(f"{time.time() - self._origin:7.2f} s  {text}", flush=True)

    def block(self, text: str) -> None:
        """Print several lines as they are."""
        with self._printing:
            lines = "\n".join(f"    {line}".rstrip() for line in text.splitlines())
            print(f"\n{lines}", flush=True)

    def count_from(self, moment: float) -> None:
        """Let the seconds begin at a moment."""
        self._origin = moment

    def change(self, node: str, state: str) -> None:
        """Print a change of the cluster's state."""
        self.say(f"{node}  {state}")


def main(name: str, *, is_kept: bool, look_around: Callable[[Record], None]) -> int:
    """Run the demonstration; return the exit code."""
    try:
        packages.install_missing()
    except ProvisionError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    if any(entry.name == name for entry in record.read_all()):
        print(
            f"demo: the cluster {name} is up already; {DOWN} ends it", file=sys.stderr
        )
        return 1
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    with _cluster(name, is_kept=is_kept) as construction:
        _play(construction.cluster, Screen())
    for entry in record.kept():
        if is_kept and entry.name == name:
            print()
            look_around(entry)
    return 0


@contextmanager
def _cluster(name: str, *, is_kept: bool) -> Iterator[Construction]:
    construction = construct(name)
    try:
        yield construction
    except BaseException:
        construction.close()
        raise
    if is_kept:
        leave_running(construction)
    else:
        construction.close()


def on_machines() -> int:
    """Run it on the machines of Vagrant, which keep what it does to them."""
    from tests.cluster.harness import vagrant_construction

    try:
        machines = vagrant_construction.machines()
        machines.want(PGSR_MODE="pgsr", PGSR_NODES="2")
    except NoMachines as reason:
        print(f"demo: {reason}", file=sys.stderr)
        return 1
    screen = Screen()
    _introduce(screen, "machines that Vagrant made")
    screen.title("1. and 2. Vagrant has started both")
    primary, standby = method.roles(machines.cluster)
    for node in (primary, standby):
        screen.say(f"{node}: {describe(machines.cluster.status(), node.name)}")
    _fail_over(machines.cluster, primary, standby, screen)
    return 0


def _play(cluster: Cluster, screen: Screen) -> None:
    node1, node2 = cluster.nodes
    _introduce(screen, "namespaces; nothing outside them is touched")
    with watching(cluster, screen.change):
        _start(cluster, screen)
    _fail_over(cluster, node1, node2, screen)


def _fail_over(cluster: Cluster, primary: Node, standby: Node, screen: Screen) -> None:
    """Let the primary's node lose power, and bring it back."""
    with watching(cluster, screen.change):
        screen.block(primary.show())
        screen.title(f"3. A client writes, and {primary} loses power")
        with cluster.writer() as writer:
            writer.wait_for_rows(ROWS_BEFORE)
            cut_at = _cut_power(cluster, primary, standby, writer, screen)
        verdict = writer.verdict()
        _return(cluster, primary, screen)
        screen.block(standby.show())
    _sum_up(primary, standby, verdict, cut_at)


def _introduce(screen: Screen, made_of: str) -> None:
    screen.block(
        "PostgreSQL streaming replication under Pacemaker: real corosync, Pacemaker,\n"
        "fencing, PostgreSQL and a virtual address, on two nodes made of\n"
        f"{made_of}."
    )


def _start(cluster: Cluster, screen: Screen) -> None:
    node1, node2 = cluster.nodes
    screen.title("1. The primary's node starts alone")
    screen.say("node1 boots: initdb, corosync, Pacemaker")
    method.start_primary(cluster, node1)
    screen.title("2. A backup of the primary, restored on node2, starts as its standby")
    screen.say("node2 boots: pg_basebackup, standby marker, corosync, Pacemaker")
    method.start_standby(cluster, node2)
    major = postgres.installation(node2).major
    screen.say(f"PostgreSQL {major} streams from node1 to node2")


def _cut_power(
    cluster: Cluster, primary: Node, standby: Node, writer: Writer, screen: Screen
) -> float:
    """Cut the primary's power, tell what follows, and return when it was."""
    screen.say(f"{len(writer.acknowledged)} rows acknowledged, one commit each")
    cut_at = time.time()
    screen.count_from(cut_at)
    screen.say(f"POWER CUT of {primary}; seconds count from here")
    primary.cut_power()
    first = writer.wait_for_new_row()
    screen.say(f"the client writes again: row {first.number} acknowledged")
    cluster.wait_for_promoted(standby)
    writer.wait_for_rows(len(writer.acknowledged) + ROWS_AFTER)
    return cut_at


def _return(cluster: Cluster, node: Node, screen: Screen) -> None:
    screen.title(f"4. {node} is back: its data may be out of date, so it stays down")
    screen.say(f"{node} boots: corosync, Pacemaker")
    cluster.wait_for_fenced(node)
    node.power_on()
    cluster.wait_for_attribute(node, method.STATUS_ATTRIBUTE, method.REFUSED)
    seen = cluster.wait_for("the reason", lambda seen: bool(seen.failures))
    for failure in seen.failures:
        screen.say(f"refused: {failure}")
    cluster.wait_until_idle()
    screen.title(f"5. A new backup, the flag removed: {node} rejoins as the standby")
    screen.say(
        f"on {node}: pg_basebackup, standby marker, rm flag, crm_resource --cleanup"
    )
    method.rejoin(cluster, node)


def _sum_up(former: Node, primary: Node, verdict: Verdict, cut_at: float) -> None:
    logs = (primary.log("corosync"), primary.log("pacemaker"))
    names = (former.name, primary.name)
    events = failover(logs, primary.log("postgresql"), cut_at, *names)
    pause = verdict.longest_pause
    last_row = Event(pause.began_at, f"last row acknowledged by {former}")
    first_row = Event(pause.ended_at, f"first write: {primary} acknowledges")
    print("\nTHE FAILOVER, seconds since the power cut")
    for event in sorted((*events, last_row, first_row)):
        elapsed_s = round(event.at - cut_at, 2) + 0.0  # never a negative zero
        print(f"{elapsed_s:+8.2f}  {event.text}")
    print(
        f"\nWrites stopped for   {verdict.longest_pause.length_s:.2f} s"
        f"\nAcknowledged rows    {verdict.acknowledged_rows}"
        f"\nOf these lost        {len(verdict.lost_rows)}"
        "  (asynchronous: what was not yet sent can be lost)",
        flush=True,
    )


def _leave(number: int, _frame: FrameType | None) -> None:
    """End as an exception does, so that the cluster is taken down."""
    raise SystemExit(128 + number)
