# SPDX-License-Identifier: GPL-2.0-or-later
"""Which attributes of the standbys are written, and in which order."""

from __future__ import annotations

import pytest

from pgsr.decide import standbys
from pgsr.decide.managed import Setting, Write
from pgsr.decide.standbys import Standing
from pgsr.state import Peer
from tests.unit.standbys import ASYNC, SYNC, holder, member, off, peer, unclean

QUORUM = Setting(is_sync=True, quorum=1)


def written(peers: list[Peer], wanted: list[Standing], setting: Setting) -> list[Write]:
    return [*standbys.changes(wanted, peers, setting).rights]


def test_rights_are_taken_away_before_others_are_given() -> None:
    wanted = [
        Standing("node2", "STREAMING|SYNC", "100", "HS:sync"),
        Standing("node3", "STREAMING|POTENTIAL", "-INFINITY", "HS:potential"),
    ]
    assert written([peer(), holder("node3")], wanted, SYNC) == [
        Write("node3", "data-status", "STREAMING|POTENTIAL"),
        Write("node3", "score", "-INFINITY"),
        Write("node2", "data-status", "STREAMING|SYNC"),
        Write("node2", "score", "100"),
    ]


def test_of_several_the_best_candidate_gets_all_its_rights_first() -> None:
    wanted = [
        Standing("node2", "STREAMING|ASYNC", "100", ""),
        Standing("node3", "STREAMING|ASYNC", "90", ""),
    ]
    assert [w.node for w in written([peer(), peer("node3")], wanted, ASYNC)] == [
        *("node2", "node2", "node3", "node3")
    ]


def test_under_quorum_commit_all_records_are_there_before_the_first_score() -> None:
    wanted = [
        Standing("node2", "STREAMING|QUORUM", "100", ""),
        Standing("node3", "STREAMING|QUORUM", "90", ""),
    ]
    assert [w.name for w in written([peer(), peer("node3")], wanted, QUORUM)] == [
        *("data-status", "data-status", "score", "score")
    ]


def test_what_only_tells_is_no_right() -> None:
    wanted = [Standing("node2", "CATCHUP|ASYNC", "-INFINITY", "HS:connected")]
    found = standbys.changes(wanted, [peer(score="-INFINITY")], SYNC)
    assert not found.rights
    assert found.words == (
        Write("node2", "data-status", "CATCHUP|ASYNC"),
        Write("node2", "status", "HS:connected"),
    )


def test_a_record_that_says_the_same_of_rights_in_this_mode_only_tells() -> None:
    wanted = [Standing("node2", "DISCONNECT", "-INFINITY", "")]
    peers = [peer(record="STREAMING|ASYNC", score="-INFINITY")]
    assert standbys.changes(wanted, peers, SYNC).words
    assert standbys.changes(wanted, peers, ASYNC).rights


@pytest.mark.parametrize(
    "each",
    [
        off(holder()),
        unclean(holder()),
        holder()._replace(is_online=False),
        holder(score="-INFINITY")._replace(role="Stopped"),
    ],
    ids=["off", "lost", "lost while it ran", "stopped"],
)
def test_who_does_not_run_has_no_attributes_of_transient_life(each: Peer) -> None:
    wanted = [Standing("node2", "DISCONNECT", "-INFINITY", "HS:alone")]
    found = standbys.changes(wanted, [each], SYNC)
    assert found.rights == (Write("node2", "data-status", "DISCONNECT"),)
    assert not found.words


def test_a_right_that_a_stopped_standby_still_has_is_taken_from_it() -> None:
    """Its server ended while the resource is unmanaged: no stop gave the right up."""
    wanted = [Standing("node2", "STREAMING|SYNC", "-INFINITY", "HS:alone")]
    found = standbys.changes(wanted, [holder()._replace(role="Stopped")], SYNC)
    assert found.rights == (Write("node2", "score", "-INFINITY"),)
    assert not found.words


def test_what_is_as_it_ought_to_be_is_not_written() -> None:
    wanted = [
        Standing("node2", "STREAMING|SYNC", "100", "HS:sync"),
        Standing("node3", "STREAMING|QUORUM", "90", ""),
    ]
    found = standbys.changes(wanted, [holder(), member("node3", "90")], SYNC)
    assert not any(found)
