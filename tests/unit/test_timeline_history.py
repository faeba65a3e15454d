# SPDX-License-Identifier: GPL-2.0-or-later
"""Timeline history files are read, whatever else is in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgsr.postgres import timeline
from pgsr.postgres.timeline import parse_history

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


def test_a_timeline_begins_where_its_own_history_file_ends(tmp_path: Path) -> None:
    (tmp_path / "PG_VERSION").write_text("15\n")
    (tmp_path / "pg_wal").mkdir()
    lines = "1\t0/3000060\tx\n2\t16/28\tx\n"
    (tmp_path / "pg_wal/00000003.history").write_text(lines)
    (tmp_path / "pg_wal/00000004.history").write_text("")
    begins = {number: timeline.begin(str(tmp_path), number) for number in (1, 3, 4)}
    assert begins == {1: 0, 3: 0x1600000028, 4: 0}
