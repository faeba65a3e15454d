# SPDX-License-Identifier: GPL-2.0-or-later
"""The randomised run: `make chaos MINUTES=10 SEED=...`.

Three nodes, synchronous. Round by round one or two faults are drawn and strike, are
undone, and the administrator does what he is for: switches nodes on, and copies the
data anew where the agent said that it cannot be used. Throughout, no two primaries may
be reached, no acknowledged row may be lost, and after each round clients must be
served again within a bound.
"""

from __future__ import annotations

import os
import secrets
import signal
import time
from contextlib import ExitStack
from pathlib import Path
from random import Random
from types import FrameType
from typing import Callable, NamedTuple

from tests.cluster.chaos.faults import FAULTS, Fault, Scene, undo_administration
from tests.cluster.chaos.history import History
from tests.cluster.chaos.observer import Observer
from tests.cluster.harness import managed, record, scenario
from tests.cluster.harness.cluster import RESOURCE
from tests.cluster.harness.construction import CHECKOUT, Construction, constructed
from tests.cluster.harness.managed import Replication
from tests.cluster.harness.process import CommandFailed
from tests.cluster.harness.watch import watching
from tests.cluster.harness.writer import Writer

NODE_ROOT = Path(os.environ.get("PGSR_NODE_ROOT", "/"))
NODES = 3
FAULTS_AT_ONCE = (1, 1, 2, 2, 3)
LONGEST_FAULT_S = 12.0
LONGEST_PAUSE_S = 4.0
PRIMARY_SHARE = 0.6
WHOLE_SHARE = 0.6  # of the rounds begin with all standbys streaming
BOUND_S = 120.0
FENCED_BY_THEN_S = 8.0  # a node that boots before that is fenced in the middle of it
LOOK_INTERVAL_S = 0.2


class Broken(Exception):
    """Something that must always hold did not."""


class Blow(NamedTuple):
    """A fault as it was drawn."""

    fault: Fault
    is_at_primary: bool  # whichever node that is when it strikes, else the node
    node: int
    lasts_s: float


class Run:
    """A run from its first round to its last."""

    def __init__(self, construction: Construction, seed: int) -> None:
        self.history = History()
        self._construction = construction
        self._cluster = construction.cluster
        self._random = Random(seed)
        self._witnesses: list[Writer] = []
        self._observer = Observer(self._cluster.nodes, self._cluster.clients)

    def play(self, minutes: float) -> None:
        """Strike until the time is over; raises Broken."""
        managed.start_cluster(self._cluster, Replication("sync"))
        self.history.tell("the cluster is up")
        ends_at = time.monotonic() + minutes * 60
        number = 0
        states = watching(self._cluster, self.history.change)
        with self._cluster.writer() as writer, self._observer.watching(), states:
            while time.monotonic() < ends_at:
                number += 1
                self.history.tell(f"ROUND {number}")
                self._round(writer)
            self._make_whole(writer)
        self.history.tell(f"{number} rounds: {writer.verdict()}")

    def _round(self, writer: Writer) -> None:
        """Let faults strike and end, have the cluster serve again, and judge.

        Each strikes while those before it last.
        """
        with ExitStack() as struck:
            for blow in self._drawn():
                self._strike(struck, blow)
                time.sleep(blow.lasts_s)
            self.history.tell("the faults end")
        self._have_it_serve(writer)
        self._judge(writer)
        if self._random.random() < WHOLE_SHARE:
            self._make_whole(writer)
        time.sleep(self._random.uniform(0.0, LONGEST_PAUSE_S))

    def _drawn(self) -> list[Blow]:
        """Draw what strikes; a kind once only: a network cannot be narrowed twice."""
        count = self._random.choice(FAULTS_AT_ONCE)
        return [
            Blow(
                fault=fault,
                is_at_primary=self._random.random() < PRIMARY_SHARE,
                node=self._random.randrange(NODES),
                lasts_s=self._random.uniform(0.5, LONGEST_FAULT_S),
            )
            for fault in self._random.sample(FAULTS, count)
        ]

    def _strike(self, struck: ExitStack, blow: Blow) -> None:
        victim = self._cluster.nodes[blow.node]
        primary = self._cluster.status().where(RESOURCE, "promoted")
        for node in self._cluster.nodes:
            if blow.is_at_primary and node.name == primary:
                victim = node
        what = (blow.fault.__doc__ or "").splitlines()[0]
        where = " (the primary)" if victim.name == primary else ""
        self.history.tell(f"{victim}{where}: {what} {blow.lasts_s:.1f} s")
        scene = Scene(
            construction=self._construction,
            victim=victim,
            is_primary=victim.name == primary,
            witnesses=self._witnesses,
            random=self._random,
            tell=self.history.tell,
        )
        struck.enter_context(blow.fault(scene))

    def _have_it_serve(self, writer: Writer) -> None:
        """Be the administrator until a row that is written from now on is there."""
        since = time.time()
        self._administer(
            "clients are served again",
            lambda: bool(writer.acknowledged) and writer.acknowledged[-1].at > since,
        )
        self.history.tell(f"served again, {len(writer.acknowledged)} rows so far")

    def _make_whole(self, writer: Writer) -> None:
        """Be the administrator until every standby streams."""
        self._have_it_serve(writer)
        self._administer("every standby streams", self._is_whole)
        self.history.tell("every standby streams")

    def _is_whole(self) -> bool:
        seen = self._cluster.status()
        primary = seen.where(RESOURCE, "promoted")
        for node in self._cluster.nodes:
            if primary and scenario.is_refused(seen, node):
                self.history.tell(f"{node}: its data is copied anew, as the agent says")
                source = managed.described(self._cluster, seen).primary
                managed.rejoin(self._cluster, node, source)
                return False
        return not managed.missing(self._cluster, seen, is_sync=True)

    def _administer(self, awaited: str, is_so: Callable[[], bool]) -> None:
        """Switch nodes on and clean up until something is so, or raise Broken."""
        undone = False
        deadline = time.monotonic() + BOUND_S
        while not is_so():
            if time.monotonic() > deadline:
                raise Broken(f"within {BOUND_S:.0f} s it was never so: {awaited}")
            self._power_on()
            if not undone and self._cluster.status().coordinator:
                undone = undo_administration(self._cluster)
            time.sleep(LOOK_INTERVAL_S)

    def _power_on(self) -> None:
        """Switch on what is off, once the others know, or if they never will."""
        off = [node for node in self._cluster.nodes if not node.is_on]
        if off and len(off) < NODES:
            time.sleep(FENCED_BY_THEN_S)
        for node in off:
            if not node.is_on:
                self.history.tell(f"{node} is switched on")
                node.power_on()

    def _judge(self, writer: Writer) -> None:
        for each in (writer, *self._witnesses):
            if lost := each.lost_so_far():
                raise Broken(f"{len(lost)} rows of {each.table} are lost: {lost[:5]}")
        self._witnesses.clear()
        if self._observer.violations:
            raise Broken("; ".join(self._observer.violations))


def main(name: str, minutes: float, seed: int | None) -> int:
    """Run; return the exit code."""
    seed = secrets.randbelow(10**6) if seed is None else seed
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    record.sweep()
    print(f"SEED={seed} repeats what is drawn in this run", flush=True)
    with constructed(name, count=NODES, lower=NODE_ROOT) as construction:
        run = Run(construction, seed)
        try:
            run.play(minutes)
        except (AssertionError, Broken, CommandFailed) as reason:
            kept = CHECKOUT / "dist" / f"chaos-{seed}"
            run.history.tell(f"FAILED: {str(reason).splitlines()[0]}")
            run.history.keep(kept, construction.cluster, str(reason))
            print(f"FAILED with SEED={seed}: everything that was seen is in {kept}")
            return 1
    print("Nothing was lost, and there never were two primaries.")
    return 0


def _leave(number: int, _frame: FrameType | None) -> None:
    """End as an exception does, so that the cluster is taken down."""
    raise SystemExit(128 + number)
