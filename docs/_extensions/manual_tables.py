# SPDX-License-Identifier: GPL-2.0-or-later
"""How wide the columns of a table are in a manual page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

# What a terminal of 80 columns leaves between the margins, and what lines between
# columns take.
AVAILABLE = 72
BETWEEN = 3


# Requests, and what has no width in a line: fonts, and where a word may be broken.
NO_TEXT = re.compile(r"^\..*$|\\f[A-Z]|\\[&%:]|\\(?=-)", re.M)


def text_of(cell: Iterable[str]) -> str:
    """Return what is shown of a cell."""
    return NO_TEXT.sub("", "".join(cell))


def widths(rows: Sequence[Sequence[str]]) -> list[int]:
    """Return the columns' widths: what their words need, and a share of the rest.

    The shares are as what the columns lack to be written without a break.
    """
    columns = list(zip(*rows))
    needed = [max(map(longest_word, column)) for column in columns]
    wanted = [max(map(longest_line, column)) for column in columns]
    left = max(0, AVAILABLE - BETWEEN * len(columns) - sum(needed))
    lacking = [want - need for want, need in zip(wanted, needed)]
    share = min(1.0, left / max(1, sum(lacking)))
    return [need + int(lack * share) for need, lack in zip(needed, lacking)]


def longest_word(text: str) -> int:
    """Return the length of the longest word."""
    return max(map(len, text.split()), default=1)


def longest_line(text: str) -> int:
    """Return the length of the longest line or paragraph."""
    return max(map(len, text.splitlines()), default=1)
