# SPDX-License-Identifier: GPL-2.0-or-later
"""What is written before a promotion, and for whom the first commits wait."""

from __future__ import annotations

import pytest

from pgsr.decide import takeover
from pgsr.decide.managed import Setting, Write
from pgsr.decide.names import EMPTY, SyncNames
from pgsr.decide.synchronous import NO_STANDBY
from pgsr.state import Peer
from tests.unit.standbys import (
    ASYNC,
    STRICT,
    SYNC,
    holder,
    member,
    off,
    peer,
    unclean,
)

QUORUM = Setting(is_sync=True, quorum=1)
BOTH = Setting(is_sync=True, quorum=2)
GONE = holder()._replace(is_online=False, is_off=True)
LATEST = Write("node1", "data-status", "LATEST")
PRIMARY = peer("node3", "LATEST", "1000")
SAID = {"position": "1:1:0/0"}


def revoked(name: str) -> Write:
    return Write(name, "score", "-INFINITY")


@pytest.mark.parametrize(
    ("record", "peers", "setting", "writes"),
    [
        pytest.param("LATEST", (off(holder()),), SYNC, [], id="a primary again"),
        pytest.param("STREAMING|SYNC", (off(PRIMARY),), SYNC, [LATEST], id="alone"),
        pytest.param("STREAMING|SYNC", (holder(),), SYNC, [LATEST], id="keeps a right"),
        pytest.param("LATEST", (GONE,), ASYNC, [], id="shown, but off"),
        pytest.param(
            "STREAMING|SYNC",
            (peer(score="90"), PRIMARY),
            SYNC,
            [revoked("node2"), revoked("node3"), LATEST],
            id="takes the right of those without the record, and before its own",
        ),
        pytest.param(
            "STREAMING|ASYNC",
            (peer(record="STREAMING|ASYNC", score="90"), holder("node3")),
            ASYNC,
            [revoked("node2"), revoked("node3"), LATEST],
            id="keeps none without synchronous replication",
        ),
        pytest.param(
            "STREAMING|QUORUM",
            (member("node2"), peer("node3", **SAID), peer("node4", score="0")),
            QUORUM,
            [revoked("node2"), Write("node3", "position", ""), LATEST],
            id="keeps none of the quorum, nor what they said",
        ),
        pytest.param(
            "LATEST", (peer(**SAID),), SYNC, [], id="what others said does not matter"
        ),
    ],
)
def test_before_the_first_commit_is_written(
    record: str, peers: tuple[Peer, ...], setting: Setting, writes: list[Write]
) -> None:
    found = takeover.first_writes("node1", record, peers, setting)
    assert found == tuple(writes)


@pytest.mark.parametrize(
    ("record", "peers", "setting", "names"),
    [
        pytest.param("LATEST", (), SYNC, EMPTY, id="alone"),
        pytest.param(
            "LATEST", (), STRICT, SyncNames("", 1, (NO_STANDBY,)), id="alone, strict"
        ),
        pytest.param("STREAMING|SYNC", (peer(),), SYNC, EMPTY, id="no right to keep"),
        pytest.param(
            "STREAMING|SYNC",
            (holder("Node2"),),
            SYNC,
            SyncNames("", 1, ("node2",)),
            id="one keeps its right",
        ),
        pytest.param(
            "STREAMING|SYNC",
            (member("Node2"),),
            SYNC,
            SyncNames("", 1, ("node2",)),
            id="one of a quorum of before",
        ),
        pytest.param(
            "STREAMING|SYNC",
            (GONE,),
            SYNC,
            EMPTY,
            id="shown, but off",
        ),
        pytest.param(
            "STREAMING|SYNC",
            (holder("node3"), holder("node2")),
            SYNC,
            SyncNames("FIRST", 2, ("node2", "node3")),
            id="two keep their right",
        ),
        pytest.param(
            "STREAMING|SYNC", (off(PRIMARY),), SYNC, EMPTY, id="the primary is off"
        ),
        pytest.param(
            "STREAMING|SYNC",
            (unclean(PRIMARY),),
            SYNC,
            SyncNames("", 1, ("node3",)),
            id="the primary is lost just now",
        ),
        pytest.param(
            "STREAMING|SYNC",
            (peer(score="100"),),
            SYNC,
            SyncNames("", 1, ("node2",)),
            id="one has only the mark, and may win an election",
        ),
        pytest.param(
            "STREAMING|SYNC",
            (holder(score="-INFINITY"),),
            SYNC,
            SyncNames("", 1, ("node2",)),
            id="one has only the record, and may have won an election",
        ),
        pytest.param(
            "STREAMING|SYNC",
            (holder(score="-INFINITY")._replace(role="Stopped"),),
            SYNC,
            EMPTY,
            id="one has the record, and does not run",
        ),
        pytest.param(
            "STREAMING|SYNC",
            (unclean(peer()),),
            SYNC,
            EMPTY,
            id="one without the record is lost",
        ),
        pytest.param(
            "DISCONNECT",
            (
                peer(),
                unclean(peer("node3")),
                off(peer("node4")),
                peer("node5", role="Stopped"),
            ),
            SYNC,
            SyncNames("FIRST", 2, ("node2", "node3")),
            id="elected: all that run",
        ),
        pytest.param(
            "STREAMING|QUORUM",
            (member("node3"), member("node2")),
            QUORUM,
            SyncNames("ANY", 1, ("node2", "node3")),
            id="of the quorum as many as before",
        ),
        pytest.param(
            "STREAMING|QUORUM",
            (member("node2"),),
            BOTH,
            SyncNames("ANY", 1, ("node2",)),
            id="of the quorum as many as there are",
        ),
        pytest.param(
            "STREAMING|QUORUM",
            (member("node2"), holder("node3")),
            QUORUM,
            SyncNames("FIRST", 2, ("node2", "node3")),
            id="one may be promoted by its own word",
        ),
        pytest.param(
            "DISCONNECT",
            (member("node2"), member("node3")),
            QUORUM,
            SyncNames("FIRST", 2, ("node2", "node3")),
            id="elected: all of the quorum",
        ),
    ],
)
def test_the_first_commits_wait_for_those_that_may_act(
    record: str, peers: tuple[Peer, ...], setting: Setting, names: SyncNames
) -> None:
    assert takeover.first_names(record, peers, (), setting) == names


@pytest.mark.parametrize(
    ("record", "peers", "setting", "names"),
    [
        pytest.param("STREAMING|SYNC", (PRIMARY,), SYNC, EMPTY, id="it alone"),
        pytest.param(
            "STREAMING|QUORUM",
            (PRIMARY, member("node2"), member("node4")),
            QUORUM,
            SyncNames("FIRST", 2, ("node2", "node4")),
            id="all of the quorum",
        ),
        pytest.param(
            "DISCONNECT",
            (PRIMARY,),
            SYNC,
            SyncNames("", 1, ("node3",)),
            id="elected: the demoted one, too",
        ),
    ],
)
def test_after_a_planned_switch_the_demoted_primary_does_not_act(
    record: str, peers: tuple[Peer, ...], setting: Setting, names: SyncNames
) -> None:
    assert takeover.first_names(record, peers, ("node3",), setting) == names
