# SPDX-License-Identifier: GPL-2.0-or-later
"""`make faults`: have the scenarios measure the faults of the catalogue.

    .venv/bin/python -m tests.cluster.catalogue --runs 3 --output FILE

It runs the scenarios that are marked as faults, one after the other, and writes what
they recorded to the file that the documentation reads. The exit code is that of the
scenarios: one that fails has no part in the figures.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.bench.report import describe_machine
from tests.cluster.catalogue import figures
from tests.cluster.harness.cluster import TOKEN_MS

RECORDS = Path("dist/faults.jsonl")
PACKAGES = ("corosync", "pacemaker", "postgresql-15")
PYTEST = (sys.executable, "-m", "pytest", "-m", "fault", "--timeout=600")


def main() -> int:
    """Measure and write."""
    arguments = _arguments()
    code = 0
    if not arguments.only_sum_up:
        RECORDS.parent.mkdir(exist_ok=True)
        RECORDS.write_text("", encoding="utf-8")
        code = measure(arguments.runs, arguments.tests)
    records = [json.loads(line) for line in RECORDS.read_text().splitlines()]
    content = {
        "conditions": conditions(arguments.runs, records),
        "faults": figures.summary(records),
    }
    text = json.dumps(content, indent=1, ensure_ascii=False)
    arguments.output.write_text(f"{text}\n", encoding="utf-8")
    print(f"{len(records)} measurements are in {arguments.output}")
    return code


def measure(runs: int, tests: Sequence[str]) -> int:
    """Run the scenarios; return the exit code of pytest."""
    environ = {**os.environ, "PGSR_FAULTS": str(RECORDS), "PGSR_RUNS": str(runs)}
    return subprocess.run([*PYTEST, *tests], env=environ, check=False).returncode


def conditions(runs: int, records: Sequence[figures.Figures]) -> dict[str, Any]:
    """Return what the figures depend on."""
    _, machine, versions = describe_machine("", PACKAGES).splitlines()
    loads = [record["load"] for record in records] or [0.0]
    return {
        "command": f"make faults RUNS={runs}",
        "machine": machine.partition(": ")[2],
        "versions": versions.partition(": ")[2],
        "token_ms": TOKEN_MS,
        "load": {
            "median": round(statistics.median(loads), 1),
            "max": round(max(loads), 1),
        },
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="how often a fault strikes")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument(
        "--only-sum-up", action="store_true", help=f"what {RECORDS} has already"
    )
    parser.add_argument("tests", nargs="*", default=["tests/cluster"])
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
