# SPDX-License-Identifier: GPL-2.0-or-later
"""The figures of `make bench-failover`, from what a client and the logs say."""

from __future__ import annotations

import math

import pytest

from tests.bench.faults import POWER_CUT, Outcome, pauses
from tests.bench.redundancy import BY_ITSELF, COPIED, NOT_EVEN_THEN, Redundancy
from tests.bench.steps import Step, medians
from tests.bench.summary import Measured, redundant_again, row
from tests.bench.systems import SYSTEMS
from tests.cluster.harness.verdict import Acknowledged


def acknowledged(*times: float) -> list[Acknowledged]:
    """Return rows acknowledged at these times."""
    return [Acknowledged(number, at) for number, at in enumerate(times)]


def outcome(pause_s: float, how: str = BY_ITSELF, took_s: float = 0.0) -> Outcome:
    """Return an outcome of 100 rows."""
    return Outcome(pause_s, 100, 0, (), Redundancy(how, took_s))


def test_all_pauses_after_the_fault_count_and_none_before() -> None:
    rows = acknowledged(1.0, 3.0, 3.1, 5.1, 5.2, 6.2)
    found = pauses(rows, since=3.1)
    assert [pause.length_s for pause in found] == pytest.approx([2.0, 1.0])


def test_pause_that_the_fault_began_counts_from_the_last_row_before_it() -> None:
    (pause,) = pauses(acknowledged(3.0, 5.0), since=3.1)
    assert pause.length_s == pytest.approx(2.0)


def test_row_of_the_table_shows_median_lowest_and_highest() -> None:
    outcomes = [outcome(pause_s) for pause_s in (3.0, 1.0, 2.5)]
    group = [Measured(SYSTEMS["paf"], POWER_CUT, each, False, 0.1) for each in outcomes]
    assert row(group)[2:4] == ("2.50 (1.00 to 3.00)", "0 of 300")


def test_writes_that_never_came_back_are_shown() -> None:
    group = [
        Measured(SYSTEMS["paf"], POWER_CUT, outcome(pause_s), False, 0.1)
        for pause_s in (3.0, math.inf, math.inf)
    ]
    assert row(group)[2] == "inf (3.00 to inf)"


def test_each_way_to_redundancy_is_counted() -> None:
    ways = (
        *(outcome(1.0, BY_ITSELF, took_s) for took_s in (4.0, 6.0, 8.0)),
        *(outcome(1.0, COPIED), outcome(1.0, NOT_EVEN_THEN)),
    )
    shown = f"{BY_ITSELF} after 6 s (3), {COPIED} (1), {NOT_EVEN_THEN} (1)"
    assert redundant_again(ways) == shown


def test_steps_are_in_the_order_of_their_medians() -> None:
    first = (Step(1.0, "detected"), Step(2.0, "promoted"))
    second = (Step(3.0, "detected"), Step(2.5, "fenced"), Step(4.0, "promoted"))
    assert medians([first, second]) == [
        (Step(2.0, "detected"), 2),
        (Step(2.5, "fenced"), 1),
        (Step(3.0, "promoted"), 2),
    ]
