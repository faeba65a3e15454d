# SPDX-License-Identifier: GPL-2.0-or-later
"""What all tests share: a place to work in, and proof that nothing is left in it."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import belonging_to, describe, end_all

ENDING_S = 3


@pytest.fixture
def workspace() -> Iterator[Path]:
    """An empty directory which the database's user may enter, as `tmp_path` is not.

    It fails the test if a process is left in it at the end, and ends that process.
    """
    directory = Path(tempfile.mkdtemp(prefix="pgsr-test-"))
    directory.chmod(0o755)
    try:
        yield directory
        left = left_behind(directory)
    finally:
        end_all(directory)
        shutil.rmtree(directory, ignore_errors=True)
    assert not left, f"the test left processes behind: {left}"


def left_behind(directory: Path) -> list[str]:
    """The processes that are there still after one that was told to end had time to."""
    deadline = time.monotonic() + ENDING_S
    while belonging_to(directory) and time.monotonic() < deadline:
        time.sleep(0.02)
    return [describe(pid) for pid in belonging_to(directory)]
