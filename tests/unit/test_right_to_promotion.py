# SPDX-License-Identifier: GPL-2.0-or-later
"""May this node become the primary?"""

from __future__ import annotations

import pytest

from pgsr.decide import election, shutdowns
from pgsr.decide.election import Candidate
from pgsr.decide.managed import Setting, position_text
from pgsr.ocf import LONGEST_EXIT_REASON
from pgsr.state import SEGMENT_BYTES, Peer, Position, Role, Server, Service, StandbySide
from tests.unit.standbys import ASYNC, SYNC, holder, member, off, peer, unclean

OWN = Position(7301234567890123456, 3, 0x5000060)
SIDE = StandbySide(OWN.lsn, OWN.lsn, False, ())
SERVER = Server(Service.ANSWERS, Role.STANDBY, True, standby=SIDE)
PAUSED = SERVER._replace(standby=SIDE._replace(is_paused=True))
BY_RIGHT = Candidate("STREAMING|SYNC", "100", OWN, SERVER, False, {})
BY_QUORUM = BY_RIGHT._replace(record="STREAMING|QUORUM")
BY_ELECTION = BY_RIGHT._replace(record="DISCONNECT", score="1000")
FORCED = BY_ELECTION._replace(is_forced=True)
NO_RIGHT = BY_RIGHT._replace(score="-INFINITY")
FULL = BY_RIGHT._replace(free_bytes=SEGMENT_BYTES - 1)
ONE = Setting(is_sync=True, quorum=1)
TWO = Setting(is_sync=True, quorum=2)
LATEST = peer("node3", "LATEST")

RUNS = "Promotion refused: node2 runs a promoted instance"
NEWER = "Promotion refused: node2 has newer data than this node"
ABSENT = (
    "Promotion refused: node3 may have newer data. Bring it back, or force this node"
    " (see the log)"
)
NO_STANDBY = "Promotion refused: PostgreSQL does not run as a standby; its log says why"
REPLAY = "Promotion refused: replay is paused. SELECT pg_wal_replay_resume() here"
NO_ROOM = (
    "Promotion refused: 15 MB free for WAL, and a new timeline takes 16 MB. Make room"
)
MISSING = (
    "Promotion refused: the last WAL of node3 did not arrive here; node3 is to be"
    " promoted again"
)


def ended(lsn: int, timeline: int = 3, by: Candidate = BY_RIGHT) -> Candidate:
    """A candidate that knows where the demoted primary's server ended."""
    return by._replace(shutdowns={"node3": OWN._replace(timeline=timeline, lsn=lsn)})


def said(each: Peer, lsn: int = OWN.lsn) -> Peer:
    text = position_text(OWN._replace(lsn=lsn))
    return each._replace(own={**each.own, "position": text})


@pytest.mark.parametrize(
    ("candidate", "peers", "reason"),
    [
        pytest.param(BY_RIGHT, (off(LATEST),), "", id="the primary is off"),
        pytest.param(BY_RIGHT, (holder(),), "", id="another one has the right, too"),
        pytest.param(BY_RIGHT, (peer(role="Promoted"),), RUNS, id="another primary"),
        pytest.param(FORCED, (peer(role="Promoted"),), RUNS, id="never two primaries"),
        pytest.param(
            BY_RIGHT,
            (unclean(peer())._replace(role="Promoted"),),
            RUNS,
            id="the primary is lost, and not fenced yet",
        ),
        pytest.param(
            BY_RIGHT._replace(server=Server(Service.STOPPED)), (), NO_STANDBY, id="down"
        ),
        pytest.param(
            BY_RIGHT._replace(server=Server(Service.ANSWERS, Role.STANDBY)),
            (),
            NO_STANDBY,
            id="takes no query",
        ),
        pytest.param(
            BY_RIGHT._replace(server=SERVER._replace(role=Role.PRIMARY)),
            (),
            NO_STANDBY,
            id="a primary already",
        ),
        pytest.param(BY_RIGHT._replace(server=PAUSED), (), REPLAY, id="paused"),
        pytest.param(FORCED._replace(server=PAUSED), (), REPLAY, id="paused, forced"),
        pytest.param(FULL, (off(LATEST),), NO_ROOM, id="no room for WAL"),
        pytest.param(
            FULL._replace(is_forced=True), (), NO_ROOM, id="no room for WAL, forced"
        ),
        pytest.param(
            FULL._replace(free_bytes=SEGMENT_BYTES), (), "", id="room for a segment"
        ),
        pytest.param(
            FULL._replace(
                server=SERVER._replace(standby=SIDE._replace(segment_bytes=1 << 20))
            ),
            (),
            "",
            id="room for a smaller segment",
        ),
        pytest.param(ended(OWN.lsn - 1), (LATEST,), "", id="has the primary's end"),
        pytest.param(ended(OWN.lsn), (LATEST,), MISSING, id="lacks the primary's end"),
        pytest.param(ended(OWN.lsn + 9, 2), (LATEST,), "", id="an end of long ago"),
        pytest.param(ended(1, 4), (LATEST,), "", id="an end that was replayed"),
        pytest.param(
            ended(OWN.lsn + 9, by=FORCED), (LATEST,), "", id="forced without the end"
        ),
        pytest.param(NO_RIGHT, (off(LATEST),), ABSENT, id="the record alone"),
        pytest.param(BY_ELECTION, (off(LATEST),), ABSENT, id="the mark alone"),
        pytest.param(FORCED, (off(LATEST),), "", id="forced"),
        pytest.param(BY_ELECTION, (said(LATEST, 1),), "", id="has won"),
        pytest.param(
            BY_ELECTION, (said(peer(), OWN.lsn + 1), LATEST), NEWER, id="has lost"
        ),
        pytest.param(
            BY_RIGHT._replace(record="LATEST", score="1000"),
            (off(holder("node3")),),
            "",
            id="the primary that failed here",
        ),
        pytest.param(
            BY_RIGHT._replace(record="LATEST", score="1000", is_demoted=True),
            (off(holder("node3")),),
            ABSENT,
            id="the primary that was demoted here",
        ),
        pytest.param(
            BY_RIGHT._replace(record="STREAMING|POTENTIAL"),
            (off(LATEST),),
            ABSENT,
            id="another record",
        ),
    ],
)
def test_a_node_is_promoted_by_right_by_election_or_by_force(
    candidate: Candidate, peers: tuple[Peer, ...], reason: str
) -> None:
    verdict = election.may_promote(candidate, peers, "Force it", SYNC)
    assert verdict.reason == reason
    assert verdict.is_allowed == (not reason)
    assert bool(verdict.advice) == bool(reason)
    assert len(reason) <= LONGEST_EXIT_REASON


def test_a_refusal_for_the_absent_says_how_to_force() -> None:
    verdict = election.may_promote(NO_RIGHT, (off(LATEST),), "Force it", SYNC)
    assert verdict.advice == "Force it"


def test_with_asynchronous_replication_the_mark_is_enough() -> None:
    assert election.is_entitled(BY_ELECTION, (off(LATEST),), ASYNC)
    assert not election.is_entitled(NO_RIGHT, (off(LATEST),), ASYNC)
    assert not election.is_entitled(BY_ELECTION._replace(is_demoted=True), (), ASYNC)


@pytest.mark.parametrize(
    ("peers", "setting", "is_entitled"),
    [
        pytest.param((off(LATEST),), ONE, True, id="the only one"),
        pytest.param((member("node2"),), ONE, False, id="one of two, none said"),
        pytest.param((said(member("node2")),), ONE, True, id="one of two, all said"),
        pytest.param((member("node2"),), TWO, True, id="two of two"),
        pytest.param(
            (said(member("node2")), off(member("node3"))), ONE, False, id="one of three"
        ),
        pytest.param(
            (said(member("node2")), off(member("node3"))), TWO, True, id="two of three"
        ),
        pytest.param(
            (member("node2"), said(peer("node3"))), ONE, False, id="another one said"
        ),
        pytest.param(
            (said(peer()), holder("node3")), ONE, True, id="no other of the quorum"
        ),
    ],
)
def test_enough_of_the_quorum_must_have_said_what_they_have(
    peers: tuple[Peer, ...], setting: Setting, is_entitled: bool
) -> None:
    assert election.is_entitled(BY_QUORUM, peers, setting) == is_entitled


def test_who_is_not_of_the_quorum_is_not_entitled_by_what_others_say() -> None:
    candidate = BY_RIGHT._replace(record="STREAMING|POTENTIAL")
    assert not election.is_entitled(candidate, (said(member("node2")),), ONE)


@pytest.mark.parametrize(
    ("candidate", "primary", "is_entitled"),
    [
        pytest.param(ended(1, by=BY_QUORUM), LATEST, True, id="has replayed the end"),
        pytest.param(ended(OWN.lsn, by=BY_QUORUM), LATEST, False, id="has not"),
        pytest.param(ended(1, 2, by=BY_QUORUM), LATEST, False, id="an end of long ago"),
        pytest.param(BY_QUORUM, LATEST, False, id="there was no planned switch"),
        pytest.param(
            ended(1, by=BY_QUORUM), peer("node3"), False, id="not of the last primary"
        ),
        pytest.param(
            ended(1, by=BY_QUORUM)._replace(server=Server(Service.BUSY)),
            LATEST,
            False,
            id="the server does not say what it has replayed",
        ),
    ],
)
def test_after_a_planned_switch_the_end_of_the_primary_is_enough(
    candidate: Candidate, primary: Peer, is_entitled: bool
) -> None:
    peers = (member("node2"), primary)
    assert election.is_entitled(candidate, peers, ONE) == is_entitled


def test_without_knowing_what_was_replayed_the_end_of_the_primary_is_missing() -> None:
    blind = ended(0)._replace(server=Server(Service.ANSWERS, Role.STANDBY))
    assert not election.may_promote(blind, (LATEST,), "", SYNC).is_allowed


@pytest.mark.parametrize(
    ("end", "is_known"),
    [
        pytest.param(OWN._replace(lsn=OWN.lsn - 1), True, id="replayed"),
        pytest.param(OWN, False, id="not replayed"),
        pytest.param(OWN._replace(timeline=2, lsn=1), False, id="of an old timeline"),
        pytest.param(OWN._replace(timeline=4, lsn=1), False, id="of a newer timeline"),
        pytest.param(
            OWN._replace(system_identifier=1, lsn=1), False, id="of another database"
        ),
    ],
)
def test_what_a_demoted_primary_had_is_known_once_its_end_was_replayed(
    end: Position, *, is_known: bool
) -> None:
    said_by = {"node3": end}
    known = shutdowns.ended_before(SERVER, OWN, said_by)
    assert known == ({"node3"} if is_known else frozenset())
    assert not shutdowns.ended_before(Server(Service.STOPPED), OWN, said_by)


def test_a_candidate_without_a_right_is_promoted_with_the_end_of_the_primary() -> None:
    """Its first promotion was refused, and the primary is stopped for good."""
    known = ended(OWN.lsn - 1, by=NO_RIGHT)
    assert election.may_promote(known, (LATEST,), "", SYNC).is_allowed
    assert not election.may_promote(NO_RIGHT, (LATEST,), "", SYNC).is_allowed


def test_a_demoted_primary_that_followed_another_one_since_has_not_given_up() -> None:
    assert not shutdowns.has_followed(OWN, OWN._replace(lsn=1))
    assert shutdowns.has_followed(OWN, OWN._replace(timeline=2))
    assert not shutdowns.has_followed(OWN, OWN._replace(timeline=4))
