# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether the machine has other work, which would be in the figures."""

from __future__ import annotations

import os
import time
from pathlib import Path

from tests.cluster.harness import record

SETTLING_S = 4.0  # longer than a monitor's interval: scores are up to date
QUIET_SHARE = 0.4  # an idle cluster of three nodes alone takes less
PATIENCE_S = 600.0
TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def settle(*, is_alone: bool) -> float:
    """Let every monitor run once more; return the processors' busy share meanwhile.

    With is_alone that is repeated until the machine has no other work, but not for
    ever.
    """
    deadline = time.monotonic() + (PATIENCE_S if is_alone else 0)
    while True:
        busy = busy_share(SETTLING_S)
        if time.monotonic() > deadline or (busy < QUIET_SHARE and not others()):
            return busy


def others() -> int:
    """Return how many clusters run on this machine besides that of this process."""
    entries = [entry for entry in record.read_all() if record.is_alive(entry)]
    return sum(entry.owner_pid != os.getpid() for entry in entries)


def busy_share(seconds: float) -> float:
    """Return the share of the next seconds in which the processors worked."""
    before = _idle_s()
    began = time.monotonic()
    time.sleep(seconds)
    available_s = (time.monotonic() - began) * (os.cpu_count() or 1)
    return max(0.0, 1 - (_idle_s() - before) / available_s)


def _idle_s() -> float:
    """Return how long all processors were idle or waited for a disk (proc(5))."""
    fields = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()
    return (int(fields[4]) + int(fields[5])) * TICK_S
