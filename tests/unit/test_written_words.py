# SPDX-License-Identifier: GPL-2.0-or-later
"""The list of words that `make lint` takes for right has none in vain."""

from __future__ import annotations

import re
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
DOCS = TOP / "docs"
# What the check of spelling reads: also what pages are generated from.
READ = [
    *TOP.glob("*.md"),
    *(TOP / "packaging").rglob("*.md"),
    *(path for path in DOCS.rglob("*") if path.suffix in {".json", ".py", ".rst"}),
    *(TOP / "resource-agents" / "lib").rglob("*.py"),
    TOP / "tests" / "stock" / "differences.py",
]


def test_the_words_beside_the_dictionary_are_sorted_and_all_are_used() -> None:
    words = (DOCS / "spelling.txt").read_text().splitlines()
    used = {
        word
        for path in READ
        for word in re.findall(r"[a-z]+", path.read_text().lower())
    }
    assert words == sorted(set(words))
    assert set(words) - used == set()
