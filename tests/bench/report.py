# SPDX-License-Identifier: GPL-2.0-or-later
"""What every comparison prints: the machine, how busy it was, and tables."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows with their columns aligned."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(cells, widths)).rstrip()
        for cells in rows
    )
    return "\n".join(lines)


def describe_machine(command: str, packages: Sequence[str]) -> str:
    """Return what the figures depend on; packages are those whose versions matter."""
    query = ("dpkg-query", "--show", "--showformat", "${Package} ${Version}\n")
    versions = subprocess.run(
        [*query, *packages], capture_output=True, text=True, timeout=30, check=True
    ).stdout
    return (
        f"Command: {' '.join([command, *sys.argv[1:]])}\n"
        f"Machine: {os.cpu_count()} cores, {_processor()}, {platform.system()}"
        f" {platform.release().partition('-')[0]}\n"
        f"Versions: {', '.join(versions.splitlines())}"
    )


def describe_load() -> str:
    """Return how busy the machine was meanwhile."""
    return f"Load of the machine at the end: {os.getloadavg()[0]:.1f}."


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
