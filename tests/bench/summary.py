# SPDX-License-Identifier: GPL-2.0-or-later
"""The tables at the end of a comparison of failovers; it only computes."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tests.bench import steps
from tests.bench.faults import FAULTS, Outcome
from tests.bench.redundancy import BY_ITSELF
from tests.bench.report import table
from tests.bench.systems import System

HEADER = ("fault", "system", "seconds without writes", "rows lost", "redundant again")
NOTES = """\
Real nodes in namespaces, with real corosync (token 1 s), Pacemaker, fencing and
PostgreSQL; monitors every 2 s and 3 s (promoted). A client commits row after row at the
virtual address. Seconds without writes: all pauses of more than 0.25 s from the fault
on, the median of the runs with the lowest and the highest. Rows lost are among those
whose commit was acknowledged. Redundant again: with all standbys streaming and fit
for a failover, once power is back, by itself (and after how long) or by what an
administrator had to do."""


class Measured(NamedTuple):
    """A fault that a system suffered."""

    system: System
    fault: str
    outcome: Outcome
    had_company: bool  # other clusters ran on the machine
    busy: float  # share of the processors' time before the fault


def line(outcome: Outcome) -> str:
    """Return what one fault cost, in a line."""
    lost = f"{outcome.lost_rows} of {outcome.acknowledged_rows} rows lost"
    return (
        f"{outcome.pause_s:.2f} s without writes, {lost},"
        f" redundant again: {outcome.redundancy.how}"
    )


def told(measured: Sequence[Measured]) -> str:
    """Return the table of all systems and the steps of each, with notes."""
    rows = [HEADER, *(row(group) for group in _groups(measured))]
    parts = (NOTES, load(measured), table(rows), *map(breakdown, _groups(measured)))
    return "\n\n".join(parts)


def load(measured: Sequence[Measured]) -> str:
    """Return how much else the machine had to do."""
    company = sum(each.had_company for each in measured)
    shares = [100 * each.busy for each in measured] or [0.0]
    return (
        f"Other clusters ran during {company} of {len(measured)} faults. Before a fault"
        f" the processors\nwere busy for {statistics.median(shares):.0f} % of the time"
        f" (median), for {max(shares):.0f} % at most."
    )


def row(group: Sequence[Measured]) -> tuple[str, ...]:
    """Return a line of the table: one system's outcomes of one fault."""
    outcomes = [each.outcome for each in group]
    pauses = [outcome.pause_s for outcome in outcomes]
    lost = sum(outcome.lost_rows for outcome in outcomes)
    return (
        group[0].fault,
        group[0].system.name,
        f"{statistics.median(pauses):.2f} ({min(pauses):.2f} to {max(pauses):.2f})",
        f"{lost} of {sum(outcome.acknowledged_rows for outcome in outcomes)}",
        redundant_again(outcomes),
    )


def redundant_again(outcomes: Iterable[Outcome]) -> str:
    """Return how often each way led to redundancy."""
    found = [outcome.redundancy for outcome in outcomes]
    counted = Counter(each.how for each in found)
    alone = [each.took_s for each in found if each.how == BY_ITSELF]
    after = f" after {statistics.median(alone):.0f} s" if alone else ""
    return ", ".join(
        f"{how}{after if how == BY_ITSELF else ''} ({count})"
        for how, count in counted.most_common()
    )


def breakdown(group: Sequence[Measured]) -> str:
    """Return the steps of one fault with one system, each at its median."""
    title = f"{group[0].system.name}: {group[0].fault}, seconds since the fault"
    runs = [each.outcome.steps for each in group]
    lines = [
        f"{step.at_s:+8.2f}  {step.text}{_share(count, len(runs))}"
        for step, count in steps.medians(runs)
    ]
    return "\n".join((title, *lines))


def _share(count: int, runs: int) -> str:
    return "" if count == runs else f"  (in {count} of {runs} runs)"


def _groups(measured: Sequence[Measured]) -> list[list[Measured]]:
    """Return the outcomes by fault and by system, in the order of the table."""
    names = dict.fromkeys(each.system.name for each in measured)
    groups = (
        [each for each in measured if (each.fault, each.system.name) == (fault, name)]
        for fault in FAULTS
        for name in names
    )
    return [group for group in groups if group]
