# SPDX-License-Identifier: GPL-2.0-or-later
"""Who wins an election: the better data, and all that may have it are heard."""

from __future__ import annotations

import pytest

from pgsr.decide import election
from pgsr.decide.election import Election, Outcome
from pgsr.decide.managed import Setting, position_text
from pgsr.state import Peer, Position
from tests.unit.standbys import ASYNC, SYNC, holder, member, off, peer, unclean

SYSTEM = 7301234567890123456
OWN = Position(SYSTEM, 3, 0x5000060)
BEHIND = OWN._replace(lsn=OWN.lsn - 1)
AHEAD = OWN._replace(lsn=OWN.lsn + 1)
LATER = Position(SYSTEM, 4, 1)
EARLIER = Position(SYSTEM, 2, OWN.lsn + 99)
FOREIGN = Position(SYSTEM + 1, 9, OWN.lsn + 99)
QUORUM = Setting(is_sync=True, quorum=1)
WON = Election(Outcome.WON)


def at(position: Position, each: Peer | None = None) -> Peer:
    """A peer that has said how far its data goes."""
    each = each or peer()
    return each._replace(own={**each.own, "position": position_text(position)})


def lost(*nodes: str) -> Election:
    return Election(Outcome.LOST, nodes)


def awaited(*nodes: str) -> Election:
    return Election(Outcome.OPEN, nodes)


LATEST = peer(record="LATEST")
DISCONNECTED = peer(record="DISCONNECT")
STOPPED = DISCONNECTED._replace(role="Stopped")


@pytest.mark.parametrize(
    ("peers", "record", "outcome"),
    [
        pytest.param((), "", WON, id="alone"),
        pytest.param((at(BEHIND),), "", WON, id="the other one is behind"),
        pytest.param((at(AHEAD),), "", lost("node2"), id="the other one is ahead"),
        pytest.param((at(LATER),), "", lost("node2"), id="on a later timeline"),
        pytest.param((at(EARLIER),), "", WON, id="on an earlier timeline"),
        pytest.param((at(FOREIGN),), "", WON, id="of another database"),
        pytest.param((at(OWN),), "", WON, id="equal, and both were never seen"),
        pytest.param((at(OWN, LATEST),), "", lost("node2"), id="equal, and a holder"),
        pytest.param((at(OWN),), "LATEST", WON, id="equal, and we are a holder"),
        pytest.param((at(OWN, holder()),), "LATEST", WON, id="equal, both are holders"),
        pytest.param((at(OWN, DISCONNECTED),), "", WON, id="equal, and known to lack"),
        pytest.param(
            (at(AHEAD, DISCONNECTED),), "LATEST", lost("node2"), id="ahead, no holder"
        ),
        pytest.param((at(BEHIND, LATEST),), "", WON, id="a holder that is behind"),
        pytest.param((peer(),), "", awaited("node2"), id="runs and says nothing"),
        pytest.param((peer(),), "LATEST", WON, id="runs, and its record is less"),
        pytest.param((LATEST,), "LATEST", awaited("node2"), id="runs, and a holder"),
        pytest.param((DISCONNECTED,), "", WON, id="never seen is more than lacking"),
        pytest.param(
            (DISCONNECTED,), "DISCONNECT", awaited("node2"), id="both lack something"
        ),
        pytest.param((unclean(peer()),), "LATEST", awaited("node2"), id="lost"),
        pytest.param((off(peer()),), "", WON, id="off"),
        pytest.param((off(LATEST),), "LATEST", awaited("node2"), id="off, the primary"),
        pytest.param((off(holder()),), "", awaited("node2"), id="off, synchronous"),
        pytest.param((off(member("node2")),), "", awaited("node2"), id="off, quorum"),
        pytest.param(
            (off(peer(record="STREAMING|POTENTIAL")),), "", WON, id="off, potential"
        ),
        pytest.param(
            (peer(role="Stopped"),), "", awaited("node2"), id="the very first start"
        ),
        pytest.param(
            (LATEST._replace(role="Stopped"),),
            "LATEST",
            awaited("node2"),
            id="up and stopped, the primary",
        ),
        pytest.param(
            (STOPPED,), "DISCONNECT", awaited("node2"), id="up and stopped, no holder"
        ),
        pytest.param(
            (STOPPED,), "LATEST", WON, id="up and stopped, its record is less"
        ),
        pytest.param(
            (at(AHEAD), off(holder("node3"))),
            "",
            lost("node2"),
            id="ahead",
        ),
        pytest.param(
            (at(AHEAD), peer("node3"), at(LATER, peer("node4"))),
            "",
            lost("node2", "node4"),
            id="all that are better",
        ),
        pytest.param(
            (peer("node10"), at(OWN, peer("Node1")), off(LATEST)),
            "",
            awaited("node10", "node2"),
            id="all that are awaited",
        ),
    ],
)
def test_the_better_data_wins_and_who_may_have_it_is_waited_for(
    peers: tuple[Peer, ...], record: str, outcome: Election
) -> None:
    assert election.elect(OWN, peers, SYNC, record=record) == outcome


def test_with_asynchronous_replication_a_connected_standby_may_hold_more() -> None:
    peers = (off(peer(record="STREAMING|ASYNC")),)
    assert election.elect(OWN, peers, ASYNC) == awaited("node2")
    assert election.elect(OWN, peers, SYNC) == WON


def test_a_node_takes_itself_for_no_holder_unless_told() -> None:
    assert election.elect(OWN, (at(OWN, LATEST),), SYNC) == lost("node2")


def test_an_administrator_gives_up_the_absent_but_not_the_better() -> None:
    assert election.elect(OWN, (off(LATEST),), SYNC, is_forced=True) == WON
    assert election.elect(OWN, (at(AHEAD),), SYNC, is_forced=True) == lost("node2")


def test_data_of_another_database_is_named() -> None:
    other = at(FOREIGN, peer("node3"))
    assert election.foreign(OWN, (peer(), at(OWN, peer("node4")), other)) == (other,)


@pytest.mark.parametrize(
    ("each", "is_at_rest"),
    [
        pytest.param(peer(), True, id="no score"),
        pytest.param(peer(score="-INFINITY"), True, id="a score that bans"),
        pytest.param(holder(), False, id="a candidate"),
        pytest.param(holder()._replace(role="Stopped"), True, id="does not run"),
        pytest.param(holder()._replace(is_online=False), True, id="is lost"),
    ],
)
def test_no_election_is_due_while_there_is_a_candidate(
    each: Peer, is_at_rest: bool
) -> None:
    assert election.is_at_rest((peer("node3"), each)) == is_at_rest


@pytest.mark.parametrize(
    ("peers", "name"),
    [
        pytest.param((), None, id="nobody is there"),
        pytest.param((peer(),), None, id="nobody says anything"),
        pytest.param((at(OWN), at(BEHIND)), None, id="nobody has more"),
        pytest.param((at(AHEAD), at(LATER, peer("node3"))), "node3", id="the most"),
        pytest.param((at(LATER), at(AHEAD, peer("node3"))), "node2", id="the first"),
        pytest.param((at(AHEAD), at(AHEAD, peer("node3"))), "node3", id="equal ones"),
        pytest.param((at(AHEAD, unclean(peer())),), None, id="lost"),
        pytest.param((at(FOREIGN),), None, id="of another database"),
    ],
)
def test_missing_wal_is_fetched_from_the_one_with_the_most(
    peers: tuple[Peer, ...], name: str | None
) -> None:
    found = election.ahead(OWN, peers)
    assert (found and found.name) == name


def test_the_word_that_forces_a_promotion_is_a_command() -> None:
    assert election.how_to_force("pgsql", "node1").endswith(
        ": attrd_updater --node=node1 --name=pgsql-force-promotion --update=yes"
    )


def test_nobody_waits_for_a_primary_whose_end_was_replayed() -> None:
    """It was demoted, and is stopped: it has nothing that this node lacks."""
    assert election.elect(OWN, (LATEST,), SYNC) == awaited("node2")
    assert election.elect(OWN, (LATEST,), SYNC, ended={"node2"}) == WON
    recorded = holder()
    assert election.elect(OWN, (recorded,), SYNC, ended={"node2"}) == awaited("node2")
