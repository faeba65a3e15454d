# SPDX-License-Identifier: GPL-2.0-or-later
"""Kill the resource agent on this node in the middle of an action, as a crash does.

Arguments: ACTION DELAY_S LIMIT_S. It waits for the action to begin, then that long,
and kills the agent's process group, as Pacemaker does when time is up. It says
"killed", "ended" when the action was over before, "never" when none began in time.
"""

import os
import signal
import sys
import time

AGENTS = (
    b"resource.d/pgsr/pgsr",
    b"resource.d/heartbeat/pgsql",
    b"resource.d/heartbeat/../pgsr/pgsr",
)
LOOK_INTERVAL_S = 0.002


def words_of(pid: str) -> "list[bytes]":
    """Return a process's command line; an ended one has none."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().rstrip(b"\0").split(b"\0")
    except OSError:
        return []


def find(action: bytes) -> int:
    """Return the agent's process that carries out the action, 0 if there is none."""
    for name in os.listdir("/proc"):
        words = words_of(name) if name.isdigit() else []
        if len(words) > 1 and words[-1] == action and words[-2].endswith(AGENTS):
            return int(name)
    return 0


def main() -> None:
    """Wait, and kill."""
    action, delay_s, limit_s = sys.argv[1].encode(), *map(float, sys.argv[2:])
    deadline = time.monotonic() + limit_s
    while not (pid := find(action)):
        if time.monotonic() > deadline:
            print("never")
            return
        time.sleep(LOOK_INTERVAL_S)
    time.sleep(delay_s)
    if find(action) != pid:
        print("ended")
        return
    os.killpg(os.getpgid(pid), signal.SIGKILL)
    print("killed")


if __name__ == "__main__":
    main()
