# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs on a node of the cluster: measures what it is told on its standard input.

It is handed to the node together with launches.py and imports nothing else of the
tests.  Contestants take turns, so that whatever else the machine does meets both.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import Any

from tests.bench.launches import launches_of


def main() -> None:
    """Read a task, measure, write the figures.

    The task has `runs` and, by the name of each contestant, its `environment` and its
    `steps`, which are commands.  The answer has a list of figures for each of them.
    """
    task = json.load(sys.stdin)
    contestants = task["contestants"]
    # The first run is not timed: it fills caches and brings attributes up to date.
    figures = {name: first_run(given) for name, given in contestants.items()}
    for _ in range(task["runs"]):
        for name, given in contestants.items():
            for step, figure in zip(given["steps"], figures[name]):
                figure["runs"].append(timed(step, given["environment"]))
    json.dump(figures, sys.stdout)


def first_run(given: dict[str, Any]) -> list[dict[str, Any]]:
    """Count what each step launches, twice: the second time nothing has to change."""
    figures = []
    for _ in range(2):
        figures = [counted(step, given["environment"]) for step in given["steps"]]
    return figures


def counted(step: list[str], environment: dict[str, str]) -> dict[str, Any]:
    """Return what a step launches."""
    launches = launches_of(step, environment)
    return {
        "code": launches.code,
        "programs": len(launches.programs),
        "processes": launches.processes,
        "runs": [],
    }


def timed(step: list[str], environment: dict[str, str]) -> tuple[int, float, float]:
    """Run a step; return exit code, wall time and CPU time in seconds.

    The CPU time is that of the command and of all its descendants that were waited for,
    by user and by system.
    """
    began = time.monotonic()
    process = subprocess.Popen(
        step,
        env=environment,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    _, status, used = os.wait4(process.pid, 0)
    wall_s = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, wall_s, used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
