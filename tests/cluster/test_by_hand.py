# SPDX-License-Identifier: GPL-2.0-or-later
"""What a person starts: the demonstration, a cluster that stays, a shell on a node."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.cluster.harness.site import PYTHON, RUN_DIRECTORY
from tests.processes import belonging_to

pytestmark = pytest.mark.namespaces_only

CHECKOUT = Path(__file__).parents[2]
DEMO_LIMIT_S = 180
MILESTONES = ("detected", "fenced", "promoted", "address moved", "first write")


def cluster_command(*arguments: str, stdin_text: str = "") -> str:
    """Return what `python3 -m tests.cluster` prints; only the system's Python runs."""
    completed = subprocess.run(
        [PYTHON, "-m", "tests.cluster", *arguments],
        cwd=CHECKOUT,
        input=stdin_text,
        capture_output=True,
        text=True,
        timeout=DEMO_LIMIT_S,
        check=False,
    )
    assert completed.returncode == 0, completed.stdout + completed.stderr
    return completed.stdout


def test_demonstration_stays_when_told_to_and_leaves_nothing_once_it_is_down() -> None:
    name = f"demo-{os.getpid()}"
    by_name = ("--name", name)
    try:
        told = cluster_command(*by_name, "demo", "--keep")
        for state in ("STATE1", "STATE2", "STATE3", "STATE4"):
            assert state in told
        times = [
            float(re.findall(rf"^ *\+([\d.]+)  {milestone}", told, re.MULTILINE)[0])
            for milestone in MILESTONES
        ]
        assert times == sorted(times)
        assert re.search(r"Writes stopped for +\d+\.\d\d s", told)
        shell = cluster_command(*by_name, "shell", "node2", stdin_text="hostname\n")
        assert shell == "node2\n"
        assert "Promoted: [ node2 ]" in cluster_command(*by_name, "status")
        cluster_command(*by_name, "power", "off", "node1")
        assert "node1 has no power" in cluster_command(*by_name, "status")
    finally:
        cluster_command(*by_name, "down")
    assert not (RUN_DIRECTORY / name).exists()
    assert belonging_to(RUN_DIRECTORY / name) == []
