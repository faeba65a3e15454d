# SPDX-License-Identifier: GPL-2.0-or-later
"""Sum up what the scenarios recorded about faults; it only computes.

A record is what one run of one scenario saw; see record.py. The summary is the file
that the documentation reads: for each fault and mode of replication the median, the
lowest and the highest of all runs, and what crm_mon showed in the last one.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Figures = dict[str, Any]
SPANS = ("outage_s", "began_s", "by_hand_s")


def outage(
    times: Sequence[float], struck_at: float, stopped_at: float
) -> tuple[float, float]:
    """Return the longest time without a commit after a fault, and when it began.

    `times` are those of acknowledged commits, `stopped_at` is when the client gave up,
    all in seconds since the epoch. The beginning is in seconds after the fault.
    """
    before = [at for at in times if at <= struck_at][-1:]
    moments = [*before, *(at for at in times if at > struck_at), stopped_at]
    pauses = (
        (end - max(begin, struck_at), max(begin, struck_at) - struck_at)
        for begin, end in zip(moments, moments[1:])
    )
    return max(pauses, default=(0.0, 0.0))


def first_after(times: Iterable[float], moment: float) -> float | None:
    """Return how long after a moment the first commit was acknowledged."""
    return next((at - moment for at in times if at > moment), None)


def summary(records: Iterable[Figures]) -> dict[str, dict[str, Figures]]:
    """Return the figures of every fault in every mode."""
    grouped: dict[str, dict[str, list[Figures]]] = {}
    for record in records:
        modes = grouped.setdefault(record["fault"], {})
        modes.setdefault(record["mode"], []).append(record)
    return {
        fault: {mode: summed(runs) for mode, runs in sorted(modes.items())}
        for fault, modes in sorted(grouped.items())
    }


def summed(runs: Sequence[Figures]) -> Figures:
    """Return the figures of one fault in one mode."""
    spans = {name: _spread([run.get(name) for run in runs]) for name in SPANS}
    return {
        "runs": len(runs),
        **{name: spread for name, spread in spans.items() if spread},
        "lost_rows": sum(run["lost_rows"] for run in runs),
        "acknowledged_rows": sum(run["acknowledged_rows"] for run in runs),
        "steps": _steps([run["steps"] for run in runs]),
        "shown": runs[-1]["shown"],
    }


def _spread(values: Sequence[float | None]) -> Figures | None:
    known = [value for value in values if value is not None]
    if not known:
        return None
    return {
        "median": round(statistics.median(known), 2),
        "min": round(min(known), 2),
        "max": round(max(known), 2),
    }


def _steps(runs: Sequence[Mapping[str, float]]) -> list[list[Any]]:
    """Return the steps that every run has, each at its median, in time order."""
    common = [text for text in runs[0] if all(text in run for run in runs)]
    medians = ((statistics.median(run[text] for run in runs), text) for text in common)
    return [[round(at_s, 2), text] for at_s, text in sorted(medians)]
