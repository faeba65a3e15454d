# SPDX-License-Identifier: GPL-2.0-or-later
"""Whom commits wait for with one synchronous standby, and who may be promoted."""

from __future__ import annotations

import pytest

from pgsr.decide import synchronous
from pgsr.decide.managed import Setting
from pgsr.decide.names import EMPTY, SyncNames
from pgsr.decide.synchronous import NO_STANDBY, Plan
from pgsr.state import Peer, Sender
from tests.unit.standbys import (
    STRICT,
    holder,
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
        Plan(NONE, None, NODE2),
        id="or would for one of before",
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
        round_of((peer(), peer("node3")), (row(), row("node3")), "", EXTERNAL),
        Plan(NONE, SyncNames("FIRST", 2, ("node2", "node3"))),
        id="with some outside of the cluster all inside are waited for",
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
    others = (off(peer("node1")), holder("node20"))
    found = synchronous.plan(round_of((*others, each), (row("node20"),), "node2"))
    assert found == Plan(NONE, None, NODE2, awaited=(f"node2: {why}",))


def test_of_several_that_commits_wait_for_the_entitled_one_remains() -> None:
    both = frozenset(("node2", "node20"))
    now = round_of(
        (peer(), holder("node20")),
        (*sync(), *sync("node20")),
        "first 2 (node2, node20)",
    )
    found = synchronous.plan(now)._replace(awaited=())
    assert found == Plan(NODE20, None, both, proven=NODE20)


def test_the_time_to_wait_is_told_once_it_is_known() -> None:
    first = round_of((UNMARKED,), (), "node2")._replace(notice_s=0.0)
    (said,) = synchronous.plan(first).awaited
    assert said == "node2: its node is up, and must be for some seconds to know"
