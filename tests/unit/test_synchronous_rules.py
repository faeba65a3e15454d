# SPDX-License-Identifier: GPL-2.0-or-later
"""Whom commits wait for with one synchronous standby, and who may be promoted."""

from __future__ import annotations

import pytest

from pgsr.decide import synchronous
from pgsr.decide.managed import Setting
from pgsr.decide.names import EMPTY, SyncNames, parse
from pgsr.decide.synchronous import NO_STANDBY, Plan, to_count
from pgsr.state import Peer, Sender
from tests.unit.standbys import (
    STRICT,
    SYNC,
    holder,
    member,
    off,
    peer,
    round_of,
    row,
    unclean,
)

NONE: frozenset[str] = frozenset()
NODE2 = frozenset(("node2",))
NODE2_UPPER, NODE20 = frozenset(("NODE2",)), frozenset(("node20",))
OURS = SyncNames("", 1, ("node2",))
NOBODY = SyncNames("", 1, (NO_STANDBY,))
EXTERNAL = Setting(is_sync=True, external=("backup",))
UNMARKED = holder(score="-INFINITY")
STOPPED = UNMARKED._replace(role="Stopped", own={"status": "STOP"})


def sync(name: str = "node2") -> tuple[Sender, ...]:
    return (row(name, "sync"),)


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


PLANS = [
    pytest.param(
        round_of((peer(),), (row(),)), Plan(NONE, OURS), id="grows: the server first"
    ),
    pytest.param(
        round_of((peer(),), sync(), "node2"),
        Plan(NONE, None, NODE2, to_prove=NODE2, needed=1, proven=NODE2),
        id="grows: then the proof",
    ),
    pytest.param(
        round_of((holder(),), sync(), "node2"),
        Plan(NODE2, None, NODE2, proven=NODE2),
        id="has grown",
    ),
    pytest.param(
        round_of((holder("NODE2"),), (row("Node2", "sync"),), "node2"),
        Plan(
            frozenset(("NODE2",)),
            None,
            frozenset(("NODE2",)),
            proven=frozenset(("NODE2",)),
        ),
        id="names in another case",
    ),
    pytest.param(
        round_of((peer(), holder("node20")), (row(), *sync("node20")), "node20"),
        Plan(
            frozenset(("node20",)),
            None,
            frozenset(("node20",)),
            proven=frozenset(("node20",)),
        ),
        id="who is entitled stays, though another one is there",
    ),
    pytest.param(
        round_of(
            (peer(), peer("node20")), (row(), row("node20", "sync")), "node20,node2"
        ),
        Plan(NONE, None, frozenset(("node2", "node20"))),
        id="two are waited for, and one of them is to remain",
    ),
    pytest.param(
        round_of((peer(), peer("node3")), (row(flush=1), row("node3"))),
        Plan(NONE, SyncNames("", 1, ("node3",))),
        id="the one with the most WAL is chosen",
    ),
    pytest.param(
        round_of((peer(), peer("node3")), (row(), row("node3", "sync")), "node3"),
        Plan(
            NONE,
            None,
            frozenset(("node3",)),
            to_prove=frozenset(("node3",)),
            needed=1,
            proven=frozenset(("node3",)),
        ),
        id="who is waited for already is preferred",
    ),
    pytest.param(
        round_of((peer(),), (row(sync_state="async"),), "node2"),
        Plan(NONE, None, NODE2),
        id="its process has not learnt of the setting yet",
    ),
    pytest.param(
        round_of((holder(),), (row(sync_state="async"),), "node2"),
        Plan(NONE, None, NODE2),
        id="entitled, but commits do not wait for it",
    ),
    pytest.param(
        round_of((holder(),), (row(sync_state="quorum"),), "any 1 (node2)"),
        Plan(NONE, OURS, NODE2),
        id="a quorum of before is no synchronous standby",
    ),
    pytest.param(
        round_of((peer(),), (row(sync_state="sync"), row("x", "sync")), "node2"),
        Plan(NONE, None, NODE2),
        id="commits wait for another one by a setting of before",
    ),
    pytest.param(
        round_of((peer(),), (row(sync_state="sync"), row("x", "quorum")), "node2"),
        Plan(NONE, None, NODE2),
        id="or for a quorum",
    ),
    pytest.param(
        round_of((peer(),), (row(sync_state="sync"), row("x", "potential")), "node2"),
        Plan(NONE, None, NODE2, to_prove=NODE2, needed=1, proven=NODE2),
        id="a potential one is not waited for",
    ),
    pytest.param(
        round_of((off(holder()),), (), "node2"),
        Plan(NONE, EMPTY, NODE2),
        id="shrinks: off",
    ),
    pytest.param(
        round_of((STOPPED,), (), "node2"),
        Plan(NONE, EMPTY, NODE2),
        id="shrinks: stopped",
    ),
    pytest.param(
        round_of((UNMARKED,), (), "node2", waited_s={"node2": 11.0}),
        Plan(NONE, EMPTY, NODE2),
        id="shrinks: it knows",
    ),
    pytest.param(
        round_of((), (), "node2"), Plan(NONE, EMPTY), id="shrinks: no member any more"
    ),
    pytest.param(
        round_of((off(holder()), peer("node3")), (row("node3"),), "node2"),
        Plan(NONE, SyncNames("", 1, ("node3",)), NODE2),
        id="another one takes its place",
    ),
    pytest.param(round_of(()), Plan(NONE), id="nobody is there"),
    pytest.param(round_of((peer(),)), Plan(NONE), id="nobody is connected"),
    pytest.param(
        round_of((), setting=STRICT), Plan(NONE, NOBODY), id="strict: never alone"
    ),
    pytest.param(
        round_of((off(holder()),), (), "node2", STRICT),
        Plan(NONE, None, NODE2),
        id="strict: commits go on waiting",
    ),
    pytest.param(
        round_of((peer(),), (row(),), f'"{NO_STANDBY}"', STRICT),
        Plan(NONE, OURS),
        id="strict: the first standby comes",
    ),
    pytest.param(
        round_of((peer(),), (row(), row("backup")), "", EXTERNAL),
        Plan(NONE, SyncNames("FIRST", 2, ("node2", "backup"))),
        id="all are waited for, also outside of the cluster",
    ),
    pytest.param(
        round_of((), (row("backup"),), "", EXTERNAL),
        Plan(NONE, SyncNames("FIRST", 1, ("backup",))),
        id="only one outside of the cluster",
    ),
    pytest.param(
        round_of((), (row("backup", state="catchup"),), "backup", EXTERNAL),
        Plan(NONE, EMPTY),
        id="one outside of the cluster goes at once",
    ),
    pytest.param(
        round_of((peer(),), sync(), "node2", EXTERNAL),
        Plan(NONE, SyncNames("FIRST", 1, ("node2",)), NODE2, NODE2, 1, NODE2),
        id="the one outside of the cluster is not there",
    ),
]


@pytest.mark.parametrize(("now", "plan"), PLANS)
def test_the_next_step_is(now: synchronous.Round, plan: Plan) -> None:
    assert synchronous.plan(now)._replace(awaited=()) == plan


@pytest.mark.parametrize(
    ("each", "why"),
    [
        (unclean(holder()), "its node is lost and not fenced yet"),
        (holder(), "its node is up, and must be for 10.0 s to know"),
        (UNMARKED, "its node is up, and must be for 10.0 s to know"),
    ],
    ids=["lost", "entitled", "without its mark"],
)
def test_commits_wait_for_a_standby_that_could_be_promoted(
    each: Peer, why: str
) -> None:
    third = holder("node20")
    found = synchronous.plan(round_of((each, third), (row("node20"),), "node2"))
    assert found == Plan(NONE, None, NODE2, awaited=(f"node2: {why}",))
