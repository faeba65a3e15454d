# SPDX-License-Identifier: GPL-2.0-or-later
"""Which standby is entitled to take over, and which one surely cannot act."""

from __future__ import annotations

import pytest

from pgsr.decide import synchronous
from pgsr.decide.names import parse
from pgsr.decide.synchronous import to_count
from pgsr.state import Peer
from tests.unit.standbys import (
    SYNC,
    holder,
    member,
    off,
    peer,
    round_of,
    unclean,
)

UNMARKED = holder(score="-INFINITY")
STOPPED = UNMARKED._replace(role="Stopped", own={"status": "STOP"})


@pytest.mark.parametrize(
    ("each", "is_entitled"),
    [
        pytest.param(holder(), True, id="the record and the mark"),
        pytest.param(member("node2"), True, id="as a member of the quorum"),
        pytest.param(UNMARKED, False, id="no mark"),
        pytest.param(peer(score="100"), False, id="no record"),
        pytest.param(peer(record="LATEST", score="1000"), False, id="a primary"),
        pytest.param(peer(record="STREAMING|ASYNC", score="100"), False, id="async"),
        pytest.param(off(holder()), False, id="off: its mark is gone"),
    ],
)
def test_a_standby_is_entitled_by_its_record_and_its_mark(
    each: Peer, is_entitled: bool
) -> None:
    assert synchronous.is_entitled(each) == is_entitled


@pytest.mark.parametrize(
    ("each", "waited_s", "is_fenced", "cannot"),
    [
        pytest.param(off(holder()), 0, True, True, id="off"),
        pytest.param(unclean(holder()), 99, True, False, id="lost, not fenced yet"),
        pytest.param(unclean(holder()), 0, False, True, id="lost, without fencing"),
        pytest.param(holder(), 0, False, True, id="there, without fencing"),
        pytest.param(holder(), 99, True, False, id="it has its right"),
        pytest.param(UNMARKED, 10, True, False, id="it may not know yet"),
        pytest.param(UNMARKED, 10.1, True, True, id="it knows by now"),
        pytest.param(STOPPED, 0, True, True, id="stopped by its agent"),
        pytest.param(
            STOPPED._replace(own={"status": "STOP:diverged"}),
            *(0, True, True),
            id="refused by its agent",
        ),
        pytest.param(
            STOPPED._replace(own={"status": "HS:sync"}),
            *(0, True, False),
            id="stopped, but its agent has not said so",
        ),
        pytest.param(
            STOPPED._replace(score="100"),
            *(0, True, False),
            id="stopped, but it still has a score",
        ),
        pytest.param(
            STOPPED._replace(role="Unpromoted"),
            *(0, True, False),
            id="it runs, and its agent says the opposite",
        ),
        pytest.param(
            STOPPED._replace(is_online=False),
            *(0, True, False),
            id="it said that it is stopped before it was lost",
        ),
    ],
)
def test_a_standby_cannot_act_only_with_proof(
    each: Peer, waited_s: float, is_fenced: bool, cannot: bool
) -> None:
    now = round_of((each,), waited_s={"node2": waited_s}, is_fencing_enabled=is_fenced)
    assert synchronous.cannot_act(each, now) == cannot


def test_the_time_of_another_node_is_no_proof() -> None:
    now = round_of((UNMARKED,), waited_s={"node20": 99.0, "node2 joins": 99.0})
    assert not synchronous.cannot_act(UNMARKED, now)


@pytest.mark.parametrize(
    ("peers", "names", "counted"),
    [
        pytest.param((holder(),), "node2", [], id="all is well"),
        pytest.param((UNMARKED,), "", ["node2"], id="the record alone"),
        pytest.param((peer(),), "node2", ["node2"], id="only waited for"),
        pytest.param((peer("NODE2"),), "node2", ["NODE2"], id="in another case"),
        pytest.param((peer("node20"),), "node2", [], id="another name"),
        pytest.param((peer(),), "", [], id="not concerned"),
        pytest.param((member("node2"),), "", ["node2 joins"], id="not waited for"),
    ],
)
def test_time_is_counted_of_those_whose_right_and_whose_wait_differ(
    peers: tuple[Peer, ...], names: str, counted: list[str]
) -> None:
    assert to_count(peers, parse(names), SYNC) == frozenset(counted)
