# SPDX-License-Identifier: GPL-2.0-or-later
"""`make bench`: what our agent and the stock one cost, side by side in one run.

It prints figures and judges nothing: tests/postgres/test_cost.py holds the limits that
do not depend on the machine.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Sequence

from tests.bench.report import describe_load, describe_machine, table
from tests.bench.scene import (
    Figure,
    WrongAnswer,
    cases,
    measure,
    require_steady,
    steady_cluster,
)

MOST_RUNS = 100
PACKAGES = ("pacemaker", "resource-agents", "postgresql-15", "python3", "dash")
HEADER = ("", "agent", "programs", "processes", "CPU ms", "wall ms")
NOTES = """\
Two real nodes in namespaces, with Pacemaker in maintenance mode, a steady replication
and no clients. The agents take turns. Times are the median of the runs, with the
lowest and the highest. CPU is that of the agent and of the programs it waited for;
what the cluster's daemons and the server do for it is not in it. Programs and
processes include the agent itself; a started server counts as one process.
The stock agent replicates with rep_mode=async and node_list, ours by the PGSR
method."""


def main() -> int:
    """Measure and print."""
    runs = _arguments().runs
    print(describe_machine("python3 -m tests.bench", PACKAGES), flush=True)
    rows: list[tuple[str, ...]] = [HEADER]
    try:
        with steady_cluster() as cluster:
            for node, case in cases(cluster):
                for action, figures in measure(node, case, runs).items():
                    what = f"{case.name}: {action}"
                    rows += [row(what, *each) for each in figures.items()]
            require_steady(cluster)
    except WrongAnswer as wrong:
        print(f"Nothing can be compared: {wrong}", file=sys.stderr)
        return 1
    print(f"{NOTES}\n\nRuns: {runs}. {describe_load()}\n\n{table(rows)}")
    return 0


def row(what: str, name: str, figure: Figure) -> tuple[str, ...]:
    """Return a line of the table."""
    return (
        what,
        name,
        str(figure.programs),
        str(figure.processes),
        spread(figure.cpu_s),
        spread(figure.wall_s),
    )


def spread(seconds: Sequence[float]) -> str:
    """Return median, lowest and highest in milliseconds."""
    ordered = [1000 * each for each in (statistics.median(seconds), *seconds)]
    median, lowest, highest = ordered[0], min(ordered), max(ordered)
    return f"{median:.0f} ({lowest:.0f} to {highest:.0f})"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m tests.bench", description=__doc__)
    parser.add_argument(
        "--runs",
        type=int,
        default=15,
        choices=range(2, MOST_RUNS + 1),
        metavar="N",
        help=f"how often each action is timed: 2 to {MOST_RUNS}, 15 unless given",
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
