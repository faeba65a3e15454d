# SPDX-License-Identifier: GPL-2.0-or-later
"""The control file of every release is read, and nothing else is taken for one."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from pgsr.postgres import control
from pgsr.state import Control, ControlState

CONTROL_FILE = struct.Struct("@QIIiqQQI").pack


@pytest.mark.parametrize("state", ControlState)
def test_the_control_file_tells_the_state(state: ControlState) -> None:
    said = control.parse(CONTROL_FILE(7, 1300, 202209061, state.value, 0, 2, 1, 5))
    assert said == Control(7, state, timeline=5, checkpoint_lsn=2, redo_lsn=1)


@pytest.mark.parametrize("version", [937, 942, 960, 1002])
def test_the_control_file_had_one_more_field_before_version_11(version: int) -> None:
    content = struct.pack("@QIIiqQQQI", 7, version, 1, 6, 0, 2, 9, 1, 5)
    assert control.parse(content + b"more") == Control(
        7, ControlState.IN_PRODUCTION, timeline=5, checkpoint_lsn=2, redo_lsn=1
    )


@pytest.mark.parametrize("version", [903, 922])
def test_the_control_file_had_lsns_in_two_halves_before_9_3(version: int) -> None:
    halves = (0x16, 0xB374D848, 9, 9, 0x16, 0xB374D800)
    content = struct.pack("@QIIiqIIIIIII", 7, version, 1, 6, 0, *halves, 5)
    assert control.parse(content) == Control(
        7, ControlState.IN_PRODUCTION, 5, 0x16B374D848, 0x16B374D800
    )


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"short",
        CONTROL_FILE(7, 1300, 1, 99, 0, 2, 1, 5),
        CONTROL_FILE(7, 843, 1, 6, 0, 2, 1, 5),
        CONTROL_FILE(7, 1300, 1, 6, 0, 2, 1, 5)[:-1],
    ],
    ids=["empty", "short", "no state", "before 9.1", "cut off"],
)
def test_a_garbled_control_file_tells_nothing(content: bytes) -> None:
    assert control.parse(content) is None


def test_a_data_directory_without_control_file_tells_nothing(tmp_path: Path) -> None:
    assert control.read(str(tmp_path)) is None
    assert control.state_of(str(tmp_path)) is None
