# SPDX-License-Identifier: GPL-2.0-or-later
"""`make bench-packages`: in which form the installed agent fails no run, and the cost.

The agent runs all the time in a clean Debian 12 while dpkg brings its package up and
down. Each form has its modules compiled when it is installed. It prints figures and
judges nothing.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.bench.report import describe_load, describe_machine, table
from tests.cluster.harness import record
from tests.packages import building, rival_forms
from tests.packages.system import System, installed
from tests.packages.watching import AGENT, agent_running, run_times
from tests.provision import root

COMMAND = "python -m tests.bench.forms"
VERSIONS = ("0.8.0", "0.9.0")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--rounds", type=int, default=8, help="up and down, each form")
    parser.add_argument("--runs", type=int, default=40, help="for the cost")
    arguments = parser.parse_args()
    print(describe_machine(COMMAND, ("dpkg", "python3")), flush=True)
    record.sweep()
    rows: list[tuple[str, ...]] = [
        ("form", "failed runs", "of", "a monitor, ms (median, lowest to highest)")
    ]
    with tempfile.TemporaryDirectory() as directory:
        lower = root.with_dependencies("bookworm")
        with installed("bench-forms", lower) as system:
            rows.append(_checkout(system, Path(directory), arguments))
        for form, debs in _packages(Path(directory)).items():
            with installed("bench-forms", lower) as system:
                rows.append(_measured(system, form, debs, arguments))
    print(f"\n{table(rows)}\n{describe_load()}")
    return 0


def _packages(directory: Path) -> Mapping[str, Sequence[Path]]:
    """Return the packages of both versions in each form, the older one first."""
    found: dict[str, list[Path]] = {}
    for version in VERSIONS:
        source = building.source_tree(directory / version)
        source = building.stamped(source, version)
        for form, deb in rival_forms.build(source, directory, version).items():
            found.setdefault(form, []).append(deb)
        ours = building.build(source, directory / f"{version}-packages").agent_deb
        found.setdefault("copied (ours)", []).append(ours)
    return found


def _checkout(
    system: System, directory: Path, arguments: argparse.Namespace
) -> tuple[str, ...]:
    """Return the cost of the agent that is run from a checkout."""
    place = "/srv/checkout"
    source = building.source_tree(directory / "checkout")
    shutil.copytree(source / "resource-agents", system.path(place))
    program = f"{place}/resource.d/pgsr/pgsr"
    return "a checkout", "-", "-", _cost(run_times(system, program, arguments.runs))


def _cost(times: Sequence[float]) -> str:
    return f"{statistics.median(times):.1f} ({min(times):.1f} to {max(times):.1f})"


def _measured(
    system: System, form: str, debs: Sequence[Path], arguments: argparse.Namespace
) -> tuple[str, ...]:
    older, newer = map(system.bring, debs)
    system.run("dpkg", "--install", older)
    with agent_running(system) as runs:
        for _ in range(arguments.rounds):
            system.run("dpkg", "--install", newer)
            system.run("dpkg", "--install", older)
    cost = _cost(run_times(system, AGENT, arguments.runs))
    return form, str(len(runs.lines)), str(runs.count), cost


if __name__ == "__main__":
    sys.exit(main())
