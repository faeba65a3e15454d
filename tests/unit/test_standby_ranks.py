# SPDX-License-Identifier: GPL-2.0-or-later
"""The best standby has the highest score, and keeps it among equals."""

from __future__ import annotations

import pytest

from pgsr.decide import standbys
from pgsr.decide.standbys import SAME_BYTES
from pgsr.state import Sender
from tests.unit.standbys import ASYNC, END, peer, row, side

NONE: frozenset[str] = frozenset()


def order_of(rows: list[Sender], scores: dict[str, str]) -> list[tuple[str, str]]:
    peers = [peer(each.application_name) for each in rows]
    known = [each._replace(score=scores.get(each.name, "")) for each in peers]
    found = standbys.standings(known, side(*rows), ASYNC, NONE)
    return [(each.node, each.score) for each in found]


@pytest.mark.parametrize(
    ("rows", "scores", "order"),
    [
        pytest.param(
            [row("b", flush=END), row("a", flush=END)], {}, ["a", "b"], id="equal"
        ),
        pytest.param(
            [row("a", flush=END - SAME_BYTES + 1), row("b", flush=END)],
            {"a": "100", "b": "90"},
            ["a", "b"],
            id="nearly equal",
        ),
        pytest.param(
            [row("a", flush=END - SAME_BYTES), row("b", flush=END)],
            {"a": "100", "b": "90"},
            ["b", "a"],
            id="a segment apart",
        ),
        pytest.param(
            [
                row("a", flush=END - 3 * SAME_BYTES),
                row("b", flush=END - 2 * SAME_BYTES),
                row("c"),
            ],
            {},
            ["c", "b", "a"],
            id="far apart",
        ),
        pytest.param(
            [row("a"), row("b")],
            {"a": "-INFINITY", "b": "1"},
            ["b", "a"],
            id="one had no score",
        ),
        pytest.param(
            [row("a", flush=None), row("b", flush=SAME_BYTES)],
            {},
            ["b", "a"],
            id="one hides its position",
        ),
    ],
)
def test_who_has_the_most_wal_comes_first_and_keeps_its_place(
    rows: list[Sender], scores: dict[str, str], order: list[str]
) -> None:
    ranks = ["100", "90", "80"]
    assert order_of(rows, scores) == list(zip(order, ranks))


def test_the_scores_of_many_standbys_stay_positive() -> None:
    found = order_of([row(f"node{number:02}") for number in range(13)], {})
    assert [score for _, score in found[8:]] == ["20", "10", "1", "1", "1"]


def test_nobody_is_ranked_where_nobody_is() -> None:
    assert standbys.ranked([], {}) == []
