# SPDX-License-Identifier: GPL-2.0-or-later
"""Wait for a condition with a deadline, and say what was seen when it passes."""

from __future__ import annotations

import time
from typing import Callable, TypeVar

LOOK_INTERVAL_S = 0.05

Seen = TypeVar("Seen")


class NeverHappened(AssertionError):
    """An awaited condition did not come true; the text holds the evidence."""


def nothing_to_show() -> str:
    """Evidence of a wait that has none."""
    return ""


def wait_until(
    awaited: str,
    look: Callable[[], Seen],
    timeout_s: float,
    evidence: Callable[[], str] = nothing_to_show,
) -> Seen:
    """Return the first true answer of look.

    Raises NeverHappened with what was awaited, and the evidence, after timeout_s.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        seen = look()
        if seen:
            return seen
        if time.monotonic() > deadline:
            raise NeverHappened(
                f"waited {timeout_s:.0f} s in vain: {awaited}\n{evidence()}"
            )
        time.sleep(LOOK_INTERVAL_S)
