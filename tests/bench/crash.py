# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs on a node: kills the postmaster at a given phase of the monitor's interval.

How soon a crash is noticed depends on when the next monitor is due, so that phase is
chosen and not left to chance. Pacemaker counts the interval from a monitor's end. It
is handed to the node on standard input and imports nothing of the tests.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

EXECUTOR = "pacemaker-execd"
LOOK_INTERVAL_S = 0.005
TIMEOUT_S = 20.0


def main() -> None:
    """Take the agent's file name, the pid file and the phase in seconds.

    Write the time of the kill, in seconds since the epoch.
    """
    agent, pid_file, phase_s = sys.argv[1:]
    postmaster = int(Path(pid_file).read_text().split()[0])
    wait_for_end_of_monitor(executor(), agent)
    time.sleep(float(phase_s))
    print(time.time(), flush=True)
    os.kill(postmaster, signal.SIGKILL)


def executor() -> int:
    """Return the process of Pacemaker's that starts all agents."""
    for process in Path("/proc").glob("[0-9]*"):
        if (process / "comm").read_text().strip() == EXECUTOR[:15]:
            return int(process.name)
    raise SystemExit(f"there is no {EXECUTOR}")


def wait_for_end_of_monitor(parent: int, agent: str) -> None:
    """Wait until a monitor has run and is over."""
    deadline = time.monotonic() + TIMEOUT_S
    has_run = False
    while True:
        runs = monitor_runs(parent, agent)
        if has_run and not runs:
            return
        has_run = runs
        if time.monotonic() > deadline:
            raise SystemExit(f"no monitor of {agent} ended within {TIMEOUT_S:.0f} s")
        time.sleep(LOOK_INTERVAL_S)


def monitor_runs(parent: int, agent: str) -> bool:
    """Tell whether the agent's monitor is among the children of a process."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return any(is_monitor(int(child), agent) for child in children)


def is_monitor(pid: int, agent: str) -> bool:
    """Tell whether a process is the agent's monitor."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")[:-1]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return words[-1:] == ["monitor"] and any(Path(word).name == agent for word in words)


if __name__ == "__main__":
    main()
