# SPDX-License-Identifier: GPL-2.0-or-later
"""The columns of a table in a manual page have the width that their words need."""

from __future__ import annotations

import pytest

from manual_tables import AVAILABLE, BETWEEN, text_of, widths

LONG = "the state of the server on that node, of which there is more to say below"


def test_a_table_that_fits_is_not_stretched() -> None:
    assert widths([("Score", "Who"), ("1000", "the primary")]) == [5, 11]


def test_the_longer_column_gets_what_is_left() -> None:
    assert widths([("PRI", LONG)]) == [3, AVAILABLE - 2 * BETWEEN - 3]


def test_no_word_is_broken_however_long_its_neighbour_is() -> None:
    first, second = widths([("external_standby_node_list=…", LONG * 3)])
    assert first == len("external_standby_node_list=…")
    assert first + second + 2 * BETWEEN <= AVAILABLE


def test_an_empty_column_has_a_width() -> None:
    assert widths([("", "a"), ("", "b")]) == [1, 1]


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        (["\\fBRESOURCE\\-status\\fP\n"], "RESOURCE-status\n"),
        ([".sp\n", "one\n", ".br\n", "two\n"], "\none\n\ntwo\n"),
        (["at \\fBstart\\fP\\&.\n"], "at start.\n"),
    ],
)
def test_what_is_not_shown_has_no_width(cell: list[str], shown: str) -> None:
    assert text_of(cell) == shown
