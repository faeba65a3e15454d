# SPDX-License-Identifier: GPL-2.0-or-later
"""Adds up the runs of pytest that a test of everything is made of.

    python -m tests.summary REPORT.xml...

prints `N passed, N failed`, and what was skipped. A report that cannot be read counts
as a failure.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree


class Counts(NamedTuple):
    """How many tests ended how."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0


def counts_of(report: Path) -> Counts:
    """Return the counts in a JUnit report of pytest."""
    try:
        suites = list(ElementTree.parse(report).iter("testsuite"))
    except (OSError, ElementTree.ParseError) as error:
        print(f"{report}: {error}", file=sys.stderr)
        return Counts(failed=1)
    total, failures, errors, skipped = (
        sum(int(suite.get(name, "0")) for suite in suites)
        for name in ("tests", "failures", "errors", "skipped")
    )
    failed = failures + errors
    return Counts(max(0, total - failed - skipped), failed, skipped)


def main(reports: list[str]) -> None:
    """Print the line, and end with 1 when anything failed or nothing was run."""
    counts = [counts_of(Path(report)) for report in reports]
    passed, failed, skipped = (sum(column) for column in zip(*counts))
    print(f"{passed} passed, {failed} failed" + f", {skipped} skipped" * bool(skipped))
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
