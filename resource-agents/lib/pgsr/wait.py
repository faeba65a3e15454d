# SPDX-License-Identifier: GPL-2.0-or-later
"""Waiting: looks at short intervals until a deadline, never a long sleep."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

LOOK_INTERVAL_S = 0.02


def now() -> float:
    """Return seconds of the clock that every deadline is a point of."""
    return time.monotonic()


def until(
    look: Callable[[], T | None], deadline: float, interval_s: float = LOOK_INTERVAL_S
) -> T | None:
    """Return the first result of ``look`` that is not None, or None at ``deadline``.

    There is at least one look, and one at the very end.
    """
    while True:
        is_last = now() >= deadline
        seen = look()
        if seen is not None or is_last:
            return seen
        time.sleep(max(0.0, min(interval_s, deadline - now())))


def share(deadline: float, fraction: float) -> float:
    """Return the point at which ``fraction`` of the time to ``deadline`` is over."""
    start = now()
    return start + max(0.0, deadline - start) * fraction
