# SPDX-License-Identifier: GPL-2.0-or-later
"""A former primary never comes back on its own history."""

from __future__ import annotations

import pytest

from pgsr.decide import rejoin
from pgsr.decide.rejoin import Data
from pgsr.ocf import LONGEST_EXIT_REASON
from pgsr.state import Control, ControlState, Lineage, StandbySide

SYSTEM = 7301234567890123456
# Timeline 1 ended at 0x200, timeline 2 at 0x400; the primary is on 3, at 0x900.
HISTORY = Lineage(SYSTEM, 3, 0x900, ((1, 0x200), (2, 0x400)))


def data(
    timeline: int,
    checkpoint: int,
    state: ControlState = ControlState.SHUT_DOWN_IN_RECOVERY,
    system: int = SYSTEM,
    *,
    backup: bool = False,
) -> Data:
    control = Control(system, state, timeline, checkpoint, checkpoint)
    return Data("/pgdata", control, backup)


@pytest.mark.parametrize(
    ("state", "was_primary"),
    [
        (ControlState.STARTUP, False),
        (ControlState.SHUT_DOWN, True),
        (ControlState.SHUT_DOWN_IN_RECOVERY, False),
        (ControlState.SHUTTING_DOWN, True),
        (ControlState.IN_CRASH_RECOVERY, True),
        (ControlState.IN_ARCHIVE_RECOVERY, False),
        (ControlState.IN_PRODUCTION, True),
    ],
)
def test_the_control_file_tells_a_former_primary(
    state: ControlState, was_primary: bool
) -> None:
    assert rejoin.was_primary(data(1, 1, state)) == was_primary
    assert not rejoin.was_primary(data(1, 1, state, backup=True))


PRODUCTION = ControlState.IN_PRODUCTION


@pytest.mark.parametrize(
    ("found", "may_follow"),
    [
        pytest.param(data(3, 0x900), True, id="a standby of this timeline"),
        pytest.param(data(3, 0x901), False, id="beyond the primary"),
        pytest.param(data(2, 0x3FF, PRODUCTION), True, id="left before the switch"),
        pytest.param(data(2, 0x400, PRODUCTION), False, id="went on after the switch"),
        pytest.param(data(2, 0x400), False, id="a standby that went beyond the switch"),
        pytest.param(data(1, 0x1FF), True, id="of an earlier timeline"),
        pytest.param(data(1, 0x200), False, id="beyond the end of an earlier timeline"),
        pytest.param(data(4, 1), False, id="of a timeline that the primary never had"),
        pytest.param(data(3, 1, PRODUCTION), False, id="two primaries on one timeline"),
        pytest.param(
            data(3, 1, PRODUCTION, backup=True), True, id="a backup of the primary"
        ),
    ],
)
def test_data_follow_only_as_a_part_of_the_primary_s_history(
    found: Data, may_follow: bool
) -> None:
    verdict = rejoin.may_follow(found, HISTORY, "node2")
    assert verdict.is_allowed == may_follow
    assert verdict == (
        rejoin.may_follow(data(3, 1), HISTORY, "")
        if may_follow
        else rejoin.diverged("node2")
    )


def test_data_of_another_database_are_refused_with_both_named() -> None:
    verdict = rejoin.may_follow(data(3, 1, system=SYSTEM + 1), HISTORY, "node2")
    assert not verdict.is_allowed
    assert str(SYSTEM) in verdict.reason
    assert str(SYSTEM + 1) in verdict.reason
    assert verdict.status == "STOP:diverged"
    assert len(verdict.reason) <= LONGEST_EXIT_REASON


def test_diverged_data_are_refused_with_a_reason_that_fits() -> None:
    verdict = rejoin.diverged("node2")
    assert not verdict.is_allowed
    assert verdict.advice
    assert verdict.status == "STOP:diverged"
    assert len(verdict.reason) <= LONGEST_EXIT_REASON


@pytest.mark.parametrize(
    ("lsn", "timeline", "is_beyond"),
    [
        pytest.param(0x999, 3, False, id="follows the primary's own timeline"),
        pytest.param(0x400, 2, False, id="up to the switch"),
        pytest.param(0x401, 2, True, id="beyond the switch"),
        pytest.param(1, 4, True, id="a timeline that the primary never had"),
    ],
)
def test_replay_shows_whether_data_left_the_history(
    lsn: int, timeline: int, is_beyond: bool
) -> None:
    assert rejoin.is_beyond(lsn, timeline, HISTORY) == is_beyond


SEGMENT = 0x100


@pytest.mark.parametrize(
    ("replayed", "received", "is_lost"),
    [
        pytest.param(0x410, 0x410, False, id="has all that it replayed"),
        pytest.param(0x400, 0x4FF, False, id="a part within the segment"),
        pytest.param(0x410, 0x500, False, id="went on beyond the switch"),
        pytest.param(0x3F0, 0x500, False, id="has not replayed up to the switch"),
        pytest.param(0x400, 0x500, True, id="asks for the next segment"),
        pytest.param(0x400, 0x5F0, True, id="has a part of the next segment"),
        pytest.param(0x200, 0x300, True, id="of an earlier timeline"),
    ],
)
def test_replay_that_waits_for_the_rest_of_a_lost_record(
    replayed: int, received: int, *, is_lost: bool
) -> None:
    side = StandbySide(received, replayed, False, (), SEGMENT)
    assert rejoin.waits_for_a_lost_record(side, HISTORY) == is_lost
