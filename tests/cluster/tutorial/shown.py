# SPDX-License-Identifier: GPL-2.0-or-later
"""Tells whether the output that a page shows is what was seen; it only computes.

A line "..." stands for any lines, none too. What differs each time is made the same on
both sides first: VARYING names all of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

OMITTED = "..."
VARYING = (
    # times and how long something took
    (r"\b[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}\b", "TIME"),
    (r"[+-]?\b\d+(\.\d+)? ?(ms|s)\b", "DURATION"),
    (r"[+-]\d+\.\d\d\b", "DURATION"),
    # numbers of processes, positions in the WAL
    (r"\bprocess \d+", "process PROCESS"),
    (r"\.\d+@", ".PROCESS@"),
    (r"\b[0-9A-F]{1,8}/[0-9A-F]{6,8}\b", "LSN"),
    # how far a client has come; of its own notes there have to be some
    (r"\b(COPY|row|Acknowledged rows +|Of these lost +) ?\d+", r"\1 COUNT"),
    (r"\b\d+ rows\b", "COUNT rows"),
    (r"^\d{10}\.\d\d \d{2,}$", "TIME COUNT"),
    # nodes that pcs names in the order of their answers
    (r"^node\d(: (Authorized|Cluster Enabled|Starting Cluster|Started))", r"NODE\1"),
    # columns are as wide as what is in them
    (r"-{4,}", "----"),
    (r"\s{2,}|\t", " "),
)
_PATTERNS = tuple((re.compile(pattern), same) for pattern, same in VARYING)


def normalised(line: str) -> str:
    """Return a line without what differs each time."""
    for pattern, same in _PATTERNS:
        line = pattern.sub(same, line)
    return line.strip()


def is_same(shown: Sequence[str], seen: Sequence[str]) -> bool:
    """Tell whether a page shows what was seen."""
    return brought_up_to_date(shown, seen) is not None


def brought_up_to_date(
    shown: Sequence[str], seen: Sequence[str]
) -> tuple[str, ...] | None:
    """Return what a page shows with the lines that were seen; None if they differ."""
    compared = [normalised(line) for line in seen]
    parts = _parts(shown)
    result: list[str] = []
    at = 0
    for number, part in enumerate(parts):
        wanted = [normalised(line) for line in part]
        is_last = number == len(parts) - 1
        begin = _find(compared, wanted, at, is_first=number == 0, is_last=is_last)
        if begin is None:
            return None
        at = begin + len(part)
        result += ([OMITTED] if number else []) + list(seen[begin:at])
    return tuple(result)


def _parts(shown: Sequence[str]) -> list[list[str]]:
    """Return the runs of lines between those that stand for omitted ones."""
    parts: list[list[str]] = [[]]
    for line in shown:
        if line.strip() == OMITTED:
            parts.append([])
        else:
            parts[-1].append(line)
    return parts


def _find(
    lines: list[str], wanted: list[str], start: int, *, is_first: bool, is_last: bool
) -> int | None:
    """Return where a run of lines is; the first one begins, and the last one ends."""
    last = len(lines) - len(wanted)
    candidates = range(start, last + 1)
    if is_last:
        candidates = range(max(start, last), last + 1)
    if is_first:
        candidates = range(0, 1) if 0 in candidates else range(0)
    return next(
        (at for at in candidates if lines[at : at + len(wanted)] == wanted), None
    )
