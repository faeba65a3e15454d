# SPDX-License-Identifier: GPL-2.0-or-later
"""Timeline history files are read, whatever else is in them."""

from __future__ import annotations

import pytest

from pgsr.postgres.lineage import parse_history

TWO = ((1, 0x3000060), (2, 0x1600000028))


@pytest.mark.parametrize(
    ("text", "switches"),
    [
        ("", ()),
        ("1\t0/3000060\tno recovery target specified\n", TWO[:1]),
        ("1\t0/3000060\tx\n\n2\t16/28\tbefore 2026-11-22 10:00:00+00\n", TWO),
        ("# comment\n\n  1 0/3000060\n \t\n2\t16/28\n", TWO),
        ("1\t0/3000060\tx\r\n2\t16/28\tx\r\n", TWO),
        ('1\t0/3000060\tat restore point "1\t0/1"\n', TWO[:1]),
        ("1\n", ()),
        ("1\t000000010000000000000003\tbefore 9.3\n", ()),
        ("1\t0/3000060x\n-1\t0/1\nx\n", ()),
    ],
)
def test_a_timeline_history_is_read(
    text: str, switches: tuple[tuple[int, int], ...]
) -> None:
    assert parse_history(text) == switches
