# SPDX-License-Identifier: GPL-2.0-or-later
"""`make bench-failover`: what a fault costs with our agent, the stock one and PAF.

Every system suffers the same faults at the same phases. They take turns, each on a new
cluster, so that whatever else the machine does meets all. It prints figures and judges
nothing.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from types import FrameType

from tests.bench import faults, quiet, summary, systems
from tests.bench.faults import FAULTS, POWER_CUT, NeverServedAgain
from tests.bench.report import describe_load, describe_machine
from tests.bench.summary import Measured
from tests.bench.systems import SYSTEMS, System
from tests.cluster.harness import record
from tests.cluster.harness.construction import Construction, constructed
from tests.cluster.harness.process import CommandFailed
from tests.cluster.harness.wait import NeverHappened

COMMAND = "python3 -m tests.bench.failover"
PACKAGES = ("corosync", "pacemaker", "resource-agents", "resource-agents-paf")
MOST_RUNS = 50
MONITOR_INTERVAL_S = 3.0  # of the promoted role, in all configurations


def main() -> int:
    """Measure and print."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    arguments = _arguments()
    print(describe_machine(COMMAND, (*PACKAGES, "postgresql-15")), flush=True)
    record.sweep()
    measured: list[Measured] = []
    try:
        for each in measure(arguments):
            measured.append(each)
    finally:  # what an interrupted run has measured counts too
        print(f"\nRuns: {arguments.runs}, seed {arguments.seed}. {describe_load()}")
        print(summary.told(measured))
    return 0


def measure(arguments: argparse.Namespace) -> Iterator[Measured]:
    """Return every fault with what it cost: run by run, the systems in turn."""
    draw = random.Random(arguments.seed)
    for _ in range(arguments.runs):
        phase_s = draw.uniform(0, MONITOR_INTERVAL_S)
        for name in arguments.systems:
            system = SYSTEMS[name]
            due = due_faults(system, arguments.faults)
            yield from suffer(system, due, phase_s, is_alone=arguments.alone)


def due_faults(system: System, chosen: Sequence[str]) -> list[str]:
    """Return the faults that a system suffers in a run, in their order."""
    return list(chosen or (FAULTS if system.node_count == 2 else (POWER_CUT,)))


def suffer(
    system: System, due: Iterable[str], phase_s: float, *, is_alone: bool
) -> Iterator[Measured]:
    """Return each fault of a run with what it cost, on a cluster that is made for it.

    One that does not come back is made anew.
    """
    left = list(due)
    while left:
        name = f"bench-{os.getpid()}"
        with constructed(name, system.node_count) as construction:
            try:
                systems.start(system, construction.cluster)
            except (NeverHappened, CommandFailed) as reason:
                print(f"{system.name} did not start: {reason}", file=sys.stderr)
                return
            while left:
                busy = quiet.settle(is_alone=is_alone)
                fault = faults.next_of(left, construction.cluster)
                left.remove(fault)
                yield _measured(system, construction, fault, phase_s, busy)
                if not systems.is_redundant(system, construction.cluster):
                    break


def _measured(
    system: System, construction: Construction, fault: str, phase_s: float, busy: float
) -> Measured:
    before = quiet.others()
    try:
        outcome = faults.measure(system, construction, fault, phase_s)
    except NeverServedAgain as reason:
        print(reason, file=sys.stderr)
        outcome = faults.never_again()
    print(f"{system.name}: {fault}: {summary.line(outcome)}", flush=True)
    had_company = bool(before or quiet.others())
    return Measured(system, fault, outcome, had_company, busy)


def _leave(number: int, _frame: FrameType | None) -> None:
    """End as an exception does, so that the cluster is taken down."""
    raise SystemExit(128 + number)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument(
        "--runs",
        type=int,
        default=5,
        choices=range(1, MOST_RUNS + 1),
        metavar="N",
        help=f"how often each fault strikes: 1 to {MOST_RUNS}, 5 unless given",
    )
    parser.add_argument(
        "--seed", type=int, default=1, help="of the phases of the monitor's interval"
    )
    parser.add_argument(
        "--systems", nargs="+", default=list(SYSTEMS), choices=SYSTEMS, metavar="NAME",
        help=f"those to compare, all unless given: {', '.join(SYSTEMS)}",
    )  # fmt: skip
    parser.add_argument(
        "--faults", nargs="+", default=[], choices=FAULTS, metavar="FAULT",
        help=f"all, with three nodes {POWER_CUT!r}, unless given: {', '.join(FAULTS)}",
    )  # fmt: skip
    parser.add_argument(
        "--alone", action="store_true",
        help="wait for up to 10 minutes before each fault until the machine is quiet",
    )  # fmt: skip
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
