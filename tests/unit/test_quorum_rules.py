# SPDX-License-Identifier: GPL-2.0-or-later
"""Whom commits wait for with quorum commit, and who counts for a promotion."""

from __future__ import annotations

import pytest

from pgsr.decide import quorum
from pgsr.decide.managed import Setting
from pgsr.decide.names import EMPTY, SyncNames
from pgsr.decide.synchronous import NO_STANDBY, Plan, Round
from pgsr.state import Peer, Sender
from tests.unit.standbys import holder, member, off, peer, round_of, row, unclean

ONE = Setting(is_sync=True, quorum=1)
TWO = Setting(is_sync=True, quorum=2)
STRICT = Setting(is_sync=True, quorum=2, is_strict=True)
NOBODY = SyncNames("", 1, (NO_STANDBY,))
FEW = ("standbys: too few are connected",)


def names(*nodes: str, count: int = 1) -> SyncNames:
    return SyncNames("ANY", count, nodes)


def some(*nodes: str) -> frozenset[str]:
    return frozenset(nodes)


def rows(*nodes: str) -> tuple[Sender, ...]:
    return tuple(row(node, "quorum") for node in nodes)


def members(*nodes: str) -> tuple[Peer, ...]:
    return tuple(member(node) for node in nodes)


def may_be_promoted(*nodes: str) -> tuple[str, ...]:
    return tuple(f"{node}: it may be promoted" for node in nodes)


A, AB, ABC = some("a"), some("a", "b"), some("a", "b", "c")
KNOWN = {"c joins": 10.1}
PROVING = Plan(some(), staying=AB, to_prove=AB, needed=1, proven=AB)

PLANS = [
    pytest.param(
        round_of((peer("b"), peer("a")), rows("b", "a"), setting=ONE),
        Plan(some(), names("a", "b")),
        id="begins: the server first",
    ),
    pytest.param(
        round_of((peer("A"), peer("b")), rows("a", "B"), setting=ONE),
        Plan(some(), names("a", "b")),
        id="names in another case",
    ),
    pytest.param(
        round_of((peer("a"), peer("b")), rows("a", "b"), "any 1 (a,b)", ONE),
        PROVING,
        id="begins: then the proof",
    ),
    pytest.param(
        round_of((member("a"), peer("b")), rows("a", "b"), "any 1 (a,b)", ONE),
        PROVING._replace(entitled=A),
        id="only one has been written",
    ),
    pytest.param(
        round_of((peer("a"), peer("b")), rows("a", "b"), "any 2 (a,b)", TWO),
        PROVING._replace(needed=2),
        id="two have to prove themselves",
    ),
    pytest.param(
        round_of(members("a", "b"), rows("a", "b"), "any 1 (a,b)", ONE),
        Plan(AB),
        id="all is well",
    ),
    pytest.param(
        round_of(
            (*members("a", "b"), peer("c")), rows("a", "b", "c"), "any 1 (a,b)", ONE
        ),
        Plan(ABC, staying=AB),
        id="joins: the record first",
    ),
    pytest.param(
        round_of(members("a", "b", "c"), rows("a", "b", "c"), "any 1 (a,b)", ONE),
        Plan(ABC, staying=ABC),
        id="joins: not all surely know of it",
    ),
    pytest.param(
        round_of(
            members("a", "b", "c"),
            rows("a", "b", "c"),
            *("any 1 (a,b)", ONE),
            waited_s={"c joins": 10.0},
        ),
        Plan(ABC, staying=ABC),
        id="joins: not long enough",
    ),
    pytest.param(
        round_of(
            members("a", "b", "c"),
            rows("a", "b", "c"),
            *("any 1 (a,b)", ONE),
            waited_s=KNOWN,
        ),
        Plan(ABC, names("a", "b", "c"), staying=ABC),
        id="joins: then the server",
    ),
    pytest.param(
        round_of(
            (*members("a", "b", "c"), off(peer("d"))),
            rows("a", "b", "c"),
            *("any 1 (a,b)", ONE),
            waited_s=KNOWN,
        ),
        Plan(ABC, names("a", "b", "c"), staying=ABC),
        id="joins: one that is off cannot act",
    ),
    pytest.param(
        round_of(
            (*members("a", "b", "c"), unclean(member("d"))),
            rows("a", "b", "c"),
            *("any 1 (a,b)", ONE),
            waited_s=KNOWN,
        ),
        Plan(ABC, staying=some(*"abcd")),
        id="joins: one that is lost may not know of it",
    ),
    pytest.param(
        round_of(
            (*members("a", "b"), peer("c")),
            rows("a", "b", "c"),
            *("any 1 (a,b)", ONE),
            waited_s=KNOWN,
        ),
        Plan(ABC, staying=AB),
        id="joins: it has lost its record meanwhile",
    ),
    pytest.param(
        round_of(
            (peer("a"), peer("b"), peer("c")),
            (*rows("a", "b"), row("c")),
            *("any 1 (a,b)", ONE),
        ),
        PROVING,
        id="joins after those that are there have proven themselves",
    ),
    pytest.param(
        round_of(members("a", "b", "c"), rows("a", "b"), "any 1 (a,b,c)", ONE),
        Plan(ABC, names("a", "b"), staying=ABC),
        id="leaves: the server first",
    ),
    pytest.param(
        round_of(members("a", "b", "c"), rows("a", "b"), "any 1 (a,b)", ONE),
        Plan(ABC, staying=ABC, to_prove=AB, needed=1, proven=AB),
        id="leaves: then the proof",
    ),
    pytest.param(
        round_of(
            (*members("a", "b"), off(member("c"))), rows("a", "b"), "any 1 (a,b)", ONE
        ),
        Plan(AB, staying=ABC, to_prove=AB, needed=1, proven=AB),
        id="leaves: its record is last",
    ),
    pytest.param(
        round_of(
            (*members("a", "b"), off(holder("c"))), rows("a", "b"), "any 1 (a,b)", ONE
        ),
        Plan(AB, staying=ABC, to_prove=AB, needed=1, proven=AB),
        id="leaves: a synchronous standby of before",
    ),
    pytest.param(
        round_of(
            (*members("a", "b"), off(peer("c", "LATEST"))),
            rows("a", "b"),
            *("any 1 (a,b)", ONE),
        ),
        Plan(AB),
        id="the primary of before is none of them",
    ),
    pytest.param(
        round_of(members("a", "b"), rows("a"), "any 2 (a,b)", TWO),
        Plan(some(), staying=AB, awaited=may_be_promoted("a", "b")),
        id="too few: all lose the right",
    ),
    pytest.param(
        round_of((peer("a"), off(member("b"))), rows("a"), "any 2 (a,b)", TWO),
        Plan(some(), staying=AB, awaited=may_be_promoted("a")),
        id="too few: one had no record in this copy",
    ),
    pytest.param(
        round_of((member("a", "-1"), off(member("b"))), rows("a"), "any 2 (a,b)", TWO),
        Plan(some(), staying=AB, awaited=may_be_promoted("a")),
        id="too few: one may not know yet",
    ),
    pytest.param(
        round_of(
            (member("a", "-1"), off(member("b"))),
            rows("a"),
            *("any 2 (a,b)", TWO),
            waited_s={"a": 10.1},
        ),
        Plan(some(), EMPTY, staying=AB),
        id="too few: nobody can act",
    ),
    pytest.param(
        round_of(
            (peer("a"), unclean(member("b"))),
            rows("a"),
            "any 2 (a)",
            TWO,
            waited_s={"a": 99},
        ),
        Plan(some(), staying=AB, awaited=may_be_promoted("b")),
        id="too few: one that has left the server may still act",
    ),
    pytest.param(
        round_of((), (), "any 1 (a)", ONE), Plan(some(), EMPTY), id="no member is left"
    ),
    pytest.param(
        round_of(members("a", "b"), rows("a", "b"), "any 1 (a,b)", TWO),
        Plan(some(), staying=AB, awaited=may_be_promoted("a", "b")),
        id="the quorum was smaller",
    ),
    pytest.param(
        round_of(members("a", "b"), rows("a", "b"), "any 2 (a,b)", ONE),
        Plan(AB, names("a", "b"), staying=AB),
        id="the quorum was greater",
    ),
    pytest.param(
        round_of((holder("a"), peer("b")), rows("a", "b"), "a", ONE),
        Plan(some(), staying=A, awaited=may_be_promoted("a")),
        id="there was one synchronous standby",
    ),
    pytest.param(
        round_of(
            (holder("a", "-1"), peer("b")), rows("a", "b"), "a", ONE, waited_s={"a": 11}
        ),
        Plan(some(), names("a", "b"), staying=A),
        id="there was one, and it knows",
    ),
    pytest.param(
        round_of((peer("a"),), rows("a"), setting=TWO), Plan(some()), id="never enough"
    ),
    pytest.param(
        round_of((peer("a", status="HS:paused"), peer("b")), rows("a"), setting=ONE),
        Plan(some()),
        id="paused or not connected",
    ),
    pytest.param(
        round_of((peer("a"),), rows("a"), setting=STRICT),
        Plan(some(), NOBODY),
        id="strict: never alone",
    ),
    pytest.param(
        round_of((peer("a"),), rows("a"), f'"{NO_STANDBY}"', STRICT),
        Plan(some()),
        id="strict: still too few",
    ),
    pytest.param(
        round_of((peer("a"), peer("b")), rows("a", "b"), f'"{NO_STANDBY}"', STRICT),
        Plan(some(), names("a", "b", count=2)),
        id="strict: enough have come",
    ),
    pytest.param(
        round_of(members("a", "b"), rows("a"), "any 2 (a,b)", STRICT),
        Plan(AB, staying=AB, awaited=FEW),
        id="strict: too few, and nobody loses a right",
    ),
    pytest.param(
        round_of(
            (off(member("a")), off(member("b")), peer("c"), peer("d")),
            rows("c", "d"),
            *("any 2 (a,b)", STRICT),
        ),
        Plan(some(), names("c", "d", count=2), staying=AB),
        id="strict: others take their place",
    ),
    pytest.param(
        round_of((off(member("a")),), (), "any 1 (a)", STRICT),
        Plan(some(), NOBODY, staying=A),
        id="strict: the quorum was smaller",
    ),
]


@pytest.mark.parametrize(("now", "plan"), PLANS)
def test_the_next_step_is(now: Round, plan: Plan) -> None:
    assert quorum.plan(now) == plan


@pytest.mark.parametrize(
    ("recorded", "count", "needed"),
    [(1, 1, 1), (2, 1, 2), (3, 1, 3), (2, 2, 1), (3, 2, 2), (4, 2, 3), (1, 2, 1)],
)
def test_so_many_together_hold_every_commit(
    recorded: int, count: int, needed: int
) -> None:
    assert quorum.reports_needed(recorded, count) == needed
