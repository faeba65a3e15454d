# SPDX-License-Identifier: GPL-2.0-or-later
"""Small disks in memory, to be full."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.programs import must


@contextmanager
def small_disk(directory: Path, size: str, mode: str) -> Iterator[Path]:
    """A new directory with a disk of its own; size and mode are as in tmpfs(5)."""
    directory.mkdir()
    options = f"size={size},mode={mode}"
    must(["mount", "-t", "tmpfs", "-o", options, "none", str(directory)])
    try:
        yield directory
    finally:
        must(["umount", str(directory)])


def fill(directory: Path) -> None:
    """Write until nothing is free."""
    must(["sh", "-c", f"! dd if=/dev/zero of={directory}/filling bs=4k 2>/dev/null"])
    assert os.statvfs(directory).f_bavail == 0
