# SPDX-License-Identifier: GPL-2.0-or-later
"""What the primary says that absent standbys need, and others read."""

from __future__ import annotations

import pytest

from pgsr.decide.slots import STEP_BYTES, needed_text, parse_needed
from pgsr.state import Slot

END = 10 * STEP_BYTES


def slot(*, behind: int, is_active: bool = False, is_lost: bool = False) -> Slot:
    return Slot("rep_node2", is_active, END - behind, is_lost)


@pytest.mark.parametrize(
    ("found", "text"),
    [
        pytest.param(slot(behind=0), "rep_node2=0/28000000", id="away"),
        pytest.param(slot(behind=16), "rep_node2=0/27FFFFF0", id="away, behind"),
        pytest.param(slot(behind=16, is_active=True), "", id="streaming"),
        pytest.param(
            slot(behind=STEP_BYTES + 16, is_active=True),
            "rep_node2=0/20000000",
            id="connected, and far behind",
        ),
        pytest.param(slot(behind=0, is_lost=True), "", id="lost"),
        pytest.param(Slot("rep_node2", False, None, False), "", id="reserves nothing"),
    ],
)
def test_what_a_standby_needs_first_is_told(found: Slot, text: str) -> None:
    assert needed_text([found], END) == text


def test_what_is_told_is_read_back() -> None:
    slots = [Slot("rep_a", False, 0x3000028, False), Slot("rep_b", False, 0x5, False)]
    assert parse_needed(needed_text(slots, END)) == {"rep_a": 0x3000028, "rep_b": 0x5}
    assert parse_needed("") == {}
