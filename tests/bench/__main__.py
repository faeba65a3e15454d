# SPDX-License-Identifier: GPL-2.0-or-later
"""`make bench`: what our agent and the stock one cost, side by side in one run.

It prints figures and judges nothing: tests/postgres/test_cost.py holds the limits that
do not depend on the machine.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

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
    print(describe_machine(), flush=True)
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


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows with their columns aligned."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(cells, widths)).rstrip()
        for cells in rows
    )
    return "\n".join(lines)


def describe_machine() -> str:
    """Return what the figures depend on."""
    query = ("dpkg-query", "--show", "--showformat", "${Package} ${Version}\n")
    versions = subprocess.run(
        [*query, *PACKAGES], capture_output=True, text=True, timeout=30, check=True
    ).stdout
    return (
        f"Command: {' '.join(['python3 -m tests.bench', *sys.argv[1:]])}\n"
        f"Machine: {os.cpu_count()} cores, {_processor()}, {platform.system()}"
        f" {platform.release()}\n"
        f"Versions: {', '.join(versions.splitlines())}"
    )


def describe_load() -> str:
    """Return how busy the machine was meanwhile."""
    return f"Load of the machine at the end: {os.getloadavg()[0]:.1f}."


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


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
