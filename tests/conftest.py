# SPDX-License-Identifier: GPL-2.0-or-later
"""What all tests share: a place to work in, and proof that nothing is left in it."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import belonging_to, describe

ENDING_TIMEOUT_S = 10


@pytest.fixture
def workspace() -> Iterator[Path]:
    """An empty directory which the database's user may enter, as `tmp_path` is not.

    It fails the test if a process is left in it at the end, and ends that process.
    """
    directory = Path(tempfile.mkdtemp(prefix="pgsr-test-"))
    directory.chmod(0o755)
    try:
        yield directory
        left = [describe(pid) for pid in belonging_to(directory)]
    finally:
        _end_all(directory)
        shutil.rmtree(directory, ignore_errors=True)
    assert not left, f"the test left processes behind: {left}"


def _end_all(directory: Path) -> None:
    deadline = time.monotonic() + ENDING_TIMEOUT_S
    while pids := belonging_to(directory):
        for pid in pids:
            _kill(pid)
        assert time.monotonic() < deadline, f"cannot end {[*map(describe, pids)]}"
        time.sleep(0.02)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
