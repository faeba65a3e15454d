# SPDX-License-Identifier: GPL-2.0-or-later
"""What all tests share: a place to work in, and an orderly end when they are ended."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest

from tests.workspaces import new_workspace, remove_those_of_killed_runs


def pytest_sessionstart() -> None:
    """Remove what a killed run left; undo everything when this one is ended."""
    remove_those_of_killed_runs()
    signal.signal(signal.SIGTERM, _interrupt)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """Leave as at Ctrl-C, through all clean-up of the test that runs."""
    raise KeyboardInterrupt


@pytest.fixture
def workspace() -> Iterator[Path]:
    """An empty directory which the database's user may enter, as `tmp_path` is not.

    It fails the test if a process is left in it at the end, and ends that process.
    """
    with new_workspace() as directory:
        yield directory
