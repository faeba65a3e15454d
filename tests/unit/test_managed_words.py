# SPDX-License-Identifier: GPL-2.0-or-later
"""The words of managed replication, and who its members are."""

from __future__ import annotations

import pytest

from pgsr.decide import managed
from pgsr.decide.managed import Setting
from pgsr.decide.slots import name_of
from pgsr.state import Cluster, Peer, Position
from tests.unit.standbys import ASYNC, SYNC, holder, off, peer, unclean

KNOWN = Cluster(
    "Node1", {}, "", (peer("node10"), peer("NODE2"), off(peer("node3"))), True, False
)
QUORUM = Setting(is_sync=True, quorum=1)


@pytest.mark.parametrize(
    ("prefix", "node", "name"),
    [
        ("pg", "node2", "pg_node2"),
        ("pg", "Db-2.Example.org", "pg_db_2_example_org"),
        ("Pg-1", "n", "Pg-1_n"),
    ],
)
def test_a_slot_is_called_as_the_stock_agent_calls_it(
    prefix: str, node: str, name: str
) -> None:
    assert name_of(prefix, node) == name


@pytest.mark.parametrize(
    ("node_list", "names"),
    [
        pytest.param((), ["node10", "NODE2", "node3"], id="all that are known"),
        pytest.param(("node1", "node2"), ["NODE2"], id="without regard to case"),
        pytest.param(("node1",), [], id="node10 is not node1"),
        pytest.param(("node1", "node10"), ["node10"], id="node1 is not node10"),
    ],
)
def test_the_members_are_the_other_nodes_of_node_list(
    node_list: tuple[str, ...], names: list[str]
) -> None:
    assert [each.name for each in managed.members(KNOWN, node_list)] == names


def test_a_member_that_the_cluster_does_not_know_is_off() -> None:
    assert managed.members(KNOWN, ("node4",)) == (
        Peer("node4", False, True, False, "Stopped", {}),
    )


@pytest.mark.parametrize(
    ("record", "in_sync", "in_async"),
    [
        ("LATEST", True, True),
        ("STREAMING|SYNC", True, False),
        ("STREAMING|QUORUM", True, False),
        ("STREAMING|ASYNC", False, True),
        ("STREAMING|POTENTIAL", False, False),
        ("CATCHUP|SYNC", False, False),
        ("DISCONNECT", False, False),
        ("", False, False),
    ],
)
def test_a_record_tells_who_may_hold_commits_that_others_lack(
    record: str, in_sync: bool, in_async: bool
) -> None:
    assert managed.is_holder(record, SYNC) == in_sync
    assert managed.is_holder(record, QUORUM) == in_sync
    assert managed.is_holder(record, ASYNC) == in_async


@pytest.mark.parametrize(
    ("score", "is_able"),
    [
        ("1000", True),
        ("100", True),
        ("1", True),
        ("INFINITY", True),
        ("0", False),
        ("", False),
        ("-INFINITY", False),
        ("-1", False),
    ],
)
def test_a_positive_score_lets_pacemaker_promote(score: str, is_able: bool) -> None:
    assert managed.may_take_over(score) == is_able


@pytest.mark.parametrize(
    ("peers", "name"),
    [
        pytest.param((), None, id="nobody"),
        pytest.param((holder(), peer("node3", role="Started")), None, id="standbys"),
        pytest.param((holder(), peer("node3", role="Promoted")), "node3", id="one"),
        pytest.param(
            (peer("node3", role="Promoted", status="STOP:diverged"),),
            None,
            id="a failed start that is shown as promoted",
        ),
        pytest.param(
            (unclean(peer("node3"))._replace(role="Promoted"),),
            "node3",
            id="one that is lost and not fenced",
        ),
    ],
)
def test_a_promoted_peer_is_found(peers: tuple[Peer, ...], name: str | None) -> None:
    found = managed.promoted(peers)
    assert (found and found.name) == name


@pytest.mark.parametrize(
    ("status", "is_streaming", "said"),
    [
        pytest.param("HS:sync", True, "HS:sync", id="as the primary said"),
        pytest.param("HS:async", None, "HS:async", id="an old server cannot tell"),
        pytest.param("HS:sync", False, "HS:alone", id="nothing arrives"),
        pytest.param("HS:paused", True, "HS:alone", id="no longer paused"),
        pytest.param("HS:waiting for node2", True, "HS:alone", id="election is over"),
        pytest.param("STOP", True, "HS:alone", id="it runs again"),
        pytest.param("PRI", None, "HS:alone", id="no longer a primary"),
        pytest.param("", None, "HS:alone", id="never said"),
    ],
)
def test_a_follower_leaves_to_the_primary_what_that_knows_better(
    status: str, is_streaming: bool | None, said: str
) -> None:
    assert managed.status_of_follower(status, is_streaming) == said


@pytest.mark.parametrize(
    "position",
    [
        Position(7301234567890123456, 3, 0x5000060),
        Position(1, 1, 0),
        Position(2**64 - 1, 2**32 - 1, 2**64 - 1),
    ],
)
def test_a_position_is_read_as_it_was_written(position: Position) -> None:
    assert managed.parse_position(managed.position_text(position)) == position


@pytest.mark.parametrize(
    ("text", "is_location"),
    [
        ("0000000005000060", True),
        ("000000010500006F", True),
        ("000000010500006f", False),
        ("5000060", False),
        ("00000000050000600", False),
        ("", False),
    ],
)
def test_what_the_stock_agent_publishes_is_told_from_other_texts(
    text: str, is_location: bool
) -> None:
    assert managed.is_location(text) == is_location


def test_a_position_looks_as_the_documentation_says() -> None:
    text = managed.position_text(Position(7301234567890123456, 3, 0x1_0500_0060))
    assert text == "7301234567890123456:3:1/5000060"


@pytest.mark.parametrize(
    "text", ["", "1:2", "1:2:3:4/5", "a:1:0/0", "1:1:0", "1:1:x/0"]
)
def test_what_is_no_position_is_none(text: str) -> None:
    assert managed.parse_position(text) is None
