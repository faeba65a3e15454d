# SPDX-License-Identifier: GPL-2.0-or-later
"""Judge a fault from what a client saw; it computes and touches nothing."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import NamedTuple


class Acknowledged(NamedTuple):
    """A row whose commit the server acknowledged."""

    number: int
    at: float  # seconds since the epoch


class Pause(NamedTuple):
    """A time without acknowledged commits."""

    began_at: float
    ended_at: float

    @property
    def length_s(self) -> float:
        """Return how long it was."""
        return self.ended_at - self.began_at


class Verdict(NamedTuple):
    """What a fault cost a client."""

    acknowledged_rows: int
    lost_rows: tuple[int, ...]
    longest_pause: Pause
    lost_span_s: float  # from the first lost commit to the beginning of the pause

    def __str__(self) -> str:
        lost = f"{len(self.lost_rows)} of {self.acknowledged_rows} acknowledged rows"
        return f"{lost} lost, no writes for {self.longest_pause.length_s:.2f} s"


def judge(
    acknowledged: Sequence[Acknowledged], surviving: Set[int], ended_at: float
) -> Verdict:
    """Compare what was acknowledged with what the surviving primary holds.

    A row whose commit failed is unknown, not lost, and is in neither. `ended_at` is
    when the client stopped trying.
    """
    times = [row.at for row in acknowledged] + [ended_at]
    pauses = [Pause(*both) for both in zip(times, times[1:])]
    longest = max(pauses, key=lambda pause: pause.length_s, default=Pause(0, 0))
    lost = [row for row in acknowledged if row.number not in surviving]
    return Verdict(
        acknowledged_rows=len(acknowledged),
        lost_rows=tuple(row.number for row in lost),
        longest_pause=longest,
        lost_span_s=longest.began_at - lost[0].at if lost else 0.0,
    )
