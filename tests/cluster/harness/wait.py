# SPDX-License-Identifier: GPL-2.0-or-later
"""Wait for a condition with a deadline, and say what was seen when it passes.

All times that the harness grants, and those that scenarios allow an outage, are for
nodes as quick as this machine. PGSR_PATIENCE multiplies them where nodes are slower.
"""

from __future__ import annotations

import os
import time
from typing import Callable, TypeVar

LOOK_INTERVAL_S = 0.05
PATIENCE = float(os.environ.get("PGSR_PATIENCE", "1"))

Seen = TypeVar("Seen")


class NeverHappened(AssertionError):
    """An awaited condition did not come true; the text holds the evidence."""


def nothing_to_show() -> str:
    """Evidence of a wait that has none."""
    return ""


def patient(seconds: float) -> float:
    """Return how long that is for nodes as slow as these are."""
    return seconds * PATIENCE


def wait_until(
    awaited: str,
    look: Callable[[], Seen],
    timeout_s: float,
    evidence: Callable[[], str] = nothing_to_show,
) -> Seen:
    """Return the first true answer of look.

    Raises NeverHappened with what was awaited, and the evidence, after timeout_s, or
    later where there is more patience.
    """
    limit_s = patient(timeout_s)
    deadline = time.monotonic() + limit_s
    while True:
        seen = look()
        if seen:
            return seen
        if time.monotonic() > deadline:
            raise NeverHappened(
                f"waited {limit_s:.0f} s in vain: {awaited}\n{evidence()}"
            )
        time.sleep(LOOK_INTERVAL_S)
