# SPDX-License-Identifier: GPL-2.0-or-later
"""What the primary says of each standby: record, score and status."""

from __future__ import annotations

import pytest

from pgsr.decide import standbys
from pgsr.decide.managed import Setting
from pgsr.decide.standbys import Standing
from pgsr.state import Peer, Sender
from tests.unit.standbys import (
    ASYNC,
    END,
    SYNC,
    holder,
    off,
    peer,
    row,
    side,
    unclean,
)

NONE: frozenset[str] = frozenset()
ABLE = frozenset(("node2",))
QUORUM = Setting(is_sync=True, quorum=1)
LIMITED = Setting(is_sync=False, max_lag_bytes=1000)
SEVERAL = [
    row(state="", flush=None),
    row(state="startup"),
    row(state="backup"),
    row(state="catchup"),
    row(flush=END - 1),
    row(flush=END),
]


@pytest.mark.parametrize("name", ["node1", "NODE1"])
def test_a_row_belongs_to_the_node_of_the_whole_name(name: str) -> None:
    rows = [row("node10"), row("Node1"), row("node11")]
    assert standbys.sender_of(name, rows) == row("Node1")
    assert standbys.sender_of("node", rows) is None


@pytest.mark.parametrize(("worse", "better"), [*zip(SEVERAL, SEVERAL[1:])])
def test_the_best_of_several_rows_counts(worse: Sender, better: Sender) -> None:
    assert standbys.sender_of("node2", [worse, better]) == better
    assert standbys.sender_of("node2", [better, worse]) == better


def test_a_state_that_is_not_known_is_the_worst() -> None:
    stopping = row(state="stopping")
    assert standbys.sender_of("node2", [stopping, row(state="startup")]) == row(
        state="startup"
    )


@pytest.mark.parametrize(
    ("found", "is_fit"),
    [
        pytest.param((peer(), row()), True, id="streams"),
        pytest.param((peer(), row(state="catchup")), False, id="catches up"),
        pytest.param((peer(), None), False, id="is not connected"),
        pytest.param((peer(status="HS:paused"), row()), False, id="is paused"),
        pytest.param((off(peer()), row()), False, id="is off"),
        pytest.param((unclean(peer()), row()), False, id="is lost"),
    ],
)
def test_who_streams_and_replays_is_fit_for_promotion(
    found: tuple[Peer, Sender | None], is_fit: bool
) -> None:
    assert standbys.is_fit(*found, side()) == is_fit


BEGIN = 0x4F00000
NEXT_SEGMENT = 0x5000000


@pytest.mark.parametrize(
    ("replay", "flush", "is_fit"),
    [
        pytest.param(BEGIN, BEGIN + 1, True, id="has just connected"),
        pytest.param(BEGIN + 1, NEXT_SEGMENT, True, id="replays the new timeline"),
        pytest.param(BEGIN, NEXT_SEGMENT, False, id="waits where it begins"),
        pytest.param(None, NEXT_SEGMENT, False, id="has not said what it replayed"),
        pytest.param(BEGIN - 1, NEXT_SEGMENT, False, id="has not come to it yet"),
        pytest.param(BEGIN, None, True, id="has not said what it flushed"),
    ],
)
def test_a_standby_that_is_sent_wal_from_after_a_gap_is_not_fit(
    replay: int | None, flush: int | None, *, is_fit: bool
) -> None:
    """What it flushes is no proof that it has all commits before."""
    sender = Sender("node2", "streaming", "sync", flush, replay)
    primary = side(sender)._replace(begins_lsn=BEGIN)
    assert standbys.is_fit(peer(), sender, primary) == is_fit


@pytest.mark.parametrize(
    ("sender", "setting", "entitled", "told"),
    [
        pytest.param(
            row(sync_state="sync"),
            SYNC,
            ABLE,
            Standing("node2", "STREAMING|SYNC", "100", "HS:sync"),
            id="synchronous",
        ),
        pytest.param(
            row(sync_state="sync"),
            SYNC,
            NONE,
            Standing("node2", "STREAMING|POTENTIAL", "-INFINITY", "HS:potential"),
            id="synchronous without proof",
        ),
        pytest.param(
            row(sync_state="quorum"),
            QUORUM,
            ABLE,
            Standing("node2", "STREAMING|QUORUM", "100", "HS:quorum"),
            id="of the quorum",
        ),
        pytest.param(
            row(sync_state="quorum"),
            QUORUM,
            NONE,
            Standing("node2", "STREAMING|POTENTIAL", "-INFINITY", "HS:potential"),
            id="of the quorum without proof",
        ),
        pytest.param(
            row(sync_state="async"),
            QUORUM,
            ABLE,
            Standing("node2", "STREAMING|QUORUM", "100", "HS:async"),
            id="joins the quorum",
        ),
        pytest.param(
            None,
            QUORUM,
            ABLE,
            Standing("node2", "STREAMING|QUORUM", "100", ""),
            id="leaves the quorum",
        ),
        pytest.param(
            row(sync_state="potential"),
            SYNC,
            NONE,
            Standing("node2", "STREAMING|POTENTIAL", "-INFINITY", "HS:potential"),
            id="potential",
        ),
        pytest.param(
            row(),
            SYNC,
            NONE,
            Standing("node2", "STREAMING|ASYNC", "-INFINITY", "HS:async"),
            id="asynchronous beside the synchronous",
        ),
        pytest.param(
            row(),
            ASYNC,
            NONE,
            Standing("node2", "STREAMING|ASYNC", "100", "HS:async"),
            id="asynchronous",
        ),
        pytest.param(
            row(state="catchup", sync_state="sync"),
            SYNC,
            NONE,
            Standing("node2", "CATCHUP|POTENTIAL", "-INFINITY", "HS:potential"),
            id="synchronous, but catches up",
        ),
        pytest.param(
            row(state="catchup"),
            ASYNC,
            NONE,
            Standing("node2", "CATCHUP|ASYNC", "-INFINITY", "HS:connected"),
            id="catches up",
        ),
        pytest.param(
            row(sync_state=""),
            ASYNC,
            NONE,
            Standing("node2", "STREAMING|", "100", "HS:connected"),
            id="a state that is hidden",
        ),
        pytest.param(
            row(flush=END - 1000),
            LIMITED,
            NONE,
            Standing("node2", "STREAMING|ASYNC", "100", "HS:async"),
            id="at the limit of the lag",
        ),
        pytest.param(
            row(flush=END - 1001),
            LIMITED,
            NONE,
            Standing("node2", "STREAMING|ASYNC", "-INFINITY", "HS:lagging"),
            id="lags too much",
        ),
        pytest.param(
            row(flush=1, sync_state="sync"),
            LIMITED,
            NONE,
            Standing("node2", "STREAMING|SYNC", "-INFINITY", "HS:lagging"),
            id="lags, and commits wait for it by another's setting",
        ),
        pytest.param(
            row(flush=None),
            LIMITED,
            NONE,
            Standing("node2", "STREAMING|ASYNC", "-INFINITY", "HS:lagging"),
            id="a position that is hidden",
        ),
        pytest.param(
            row(flush=None),
            ASYNC,
            NONE,
            Standing("node2", "STREAMING|ASYNC", "100", "HS:async"),
            id="no limit of the lag",
        ),
        pytest.param(
            None,
            ASYNC,
            NONE,
            Standing("node2", "DISCONNECT", "-INFINITY", ""),
            id="not connected",
        ),
    ],
)
def test_a_standby_is_told_how_it_stands(
    sender: Sender | None,
    setting: Setting,
    entitled: frozenset[str],
    told: Standing,
) -> None:
    rows = [row("node20", "sync")] + ([sender] if sender else [])
    found = standbys.standings([peer()], side(*rows), setting, entitled)
    assert found == (told,)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("HS:sync", "HS:alone"),
        ("HS:quorum", "HS:alone"),
        ("HS:potential", "HS:alone"),
        ("HS:async", "HS:alone"),
        ("HS:connected", "HS:alone"),
        ("HS:lagging", "HS:alone"),
        ("HS:paused", ""),
        ("HS:alone", ""),
        ("STOP", ""),
        ("STOP:diverged", ""),
        ("", ""),
    ],
)
def test_of_a_standby_that_is_gone_only_own_words_are_changed(
    status: str, said: str
) -> None:
    found = standbys.standings([peer(status=status)], side(), SYNC, NONE)
    assert [each.status for each in found] == [said]


def test_a_paused_standby_stays_paused_and_has_no_score() -> None:
    found = standbys.standings([peer(status="HS:paused")], side(row()), ASYNC, NONE)
    assert found == (Standing("node2", "STREAMING|ASYNC", "-INFINITY", "HS:paused"),)


@pytest.mark.parametrize(
    ("each", "staying", "record"),
    [
        pytest.param(holder(), ABLE, "STREAMING|SYNC", id="commits wait for it"),
        pytest.param(holder(), NONE, "DISCONNECT", id="no commit waits for it"),
        pytest.param(holder("node20"), ABLE, "DISCONNECT", id="another one"),
        pytest.param(peer(), ABLE, "DISCONNECT", id="it never had a record"),
    ],
)
def test_a_record_stays_while_its_holder_may_be_the_primary_elsewhere(
    each: Peer, staying: frozenset[str], record: str
) -> None:
    [found] = standbys.standings([each], side(), SYNC, NONE, staying)
    assert (found.record, found.score) == (record, "-INFINITY")


def test_a_record_does_not_stay_without_synchronous_replication() -> None:
    [found] = standbys.standings([holder()], side(), ASYNC, NONE, ABLE)
    assert found.record == "DISCONNECT"
