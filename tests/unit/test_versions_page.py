# SPDX-License-Identifier: GPL-2.0-or-later
"""The page of versions is made from the tests, and says what they say."""

from __future__ import annotations

import re
from pathlib import Path

from tests.provision import postgresql

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "versions.rst"


def test_the_range_of_postgresql_is_that_of_the_tests() -> None:
    [(first, last)] = re.findall(r"\*\*Run: (\d+) to (\d+)\.\*\*", PAGE.read_text())
    assert (int(first), int(last)) == (postgresql.MAJORS[0], postgresql.MAJORS[-1])
    assert len(postgresql.MAJORS) == int(last) - int(first) + 1


def test_the_tables_are_made_and_not_typed() -> None:
    text = PAGE.read_text()
    assert ".. tested-servers::" in text
    assert ".. tested-behaviour::" in text
