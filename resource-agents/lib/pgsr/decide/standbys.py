# SPDX-License-Identifier: GPL-2.0-or-later
"""Core: what the primary says of each standby: record, score and status.

The primary keeps them up to date all the time, so that Pacemaker has a candidate the
moment the primary is gone, whatever the number of nodes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pgsr.decide import managed
from pgsr.decide.managed import Setting, Write
from pgsr.state import Peer, PrimarySide, Sender

# Standbys that are less apart than a WAL segment keep their order: the order would
# change with every look otherwise, and each change is a write on every node.
SAME_BYTES = 16 * 1024 * 1024

_STATUS_OF = {
    "SYNC": managed.STATUS_SYNC,
    "QUORUM": managed.STATUS_QUORUM,
    "POTENTIAL": managed.STATUS_POTENTIAL,
    "ASYNC": managed.STATUS_ASYNC,
}
_RIGHTS = frozenset((managed.LATEST, managed.SYNC, managed.QUORUM, managed.ASYNC))
_STATES_BEST_FIRST = ("streaming", "catchup", "backup", "startup", "")


class Standing(NamedTuple):
    """What the attributes of one standby ought to be; "" leaves one as it is."""

    node: str
    record: str
    score: str
    status: str


def sender_of(node: str, senders: Sequence[Sender]) -> Sender | None:
    """Return the row of ``node``, the best one of several.

    The name is compared whole: node1 is not node10.  A standby that reconnects has an
    old row beside the new one until the server notices.
    """
    rows = [row for row in senders if row.application_name.lower() == node.lower()]
    return min(rows, key=_worth, default=None)


def _worth(row: Sender) -> tuple[int, int]:
    return _STATES_BEST_FIRST.index(_known(row.state)), -(row.flush_lsn or 0)


def _known(state: str) -> str:
    return state if state in _STATES_BEST_FIRST else ""


def is_streaming(row: Sender | None) -> bool:
    """Tell whether a standby has caught up and receives each commit."""
    return row is not None and row.state == "streaming"


def is_fit(peer: Peer, row: Sender | None, side: PrimarySide) -> bool:
    """Tell whether a standby could be promoted: it streams, and it replays."""
    is_unfit = peer.own.get(managed.STATUS) in managed.UNFIT
    if row is None or is_unfit or not peer.is_online or not is_streaming(row):
        return False
    return not _skips(row, side)


def _skips(row: Sender, side: PrimarySide) -> bool:
    """Tell whether a standby is sent WAL from after a gap, which it never replays.

    It waits where the timeline begins for the rest of a record that was lost with the
    former primary (rejoin.waits_for_a_lost_record), and has asked for the segments
    from the next one on: what it flushes is no proof that it has all before.
    """
    first, flushed = side.begins_lsn, row.flush_lsn or 0
    is_in_later_segment = flushed // side.segment_bytes > first // side.segment_bytes
    return (row.replay_lsn or 0) <= first and is_in_later_segment


def standings(
    peers: Sequence[Peer],
    side: PrimarySide,
    setting: Setting,
    entitled: frozenset[str],
    staying: frozenset[str] = frozenset(),
) -> tuple[Standing, ...]:
    """Return what the attributes of all standbys ought to be, best standby first.

    ``entitled`` are, with rep_mode=sync, the nodes that hold every acknowledged
    commit; the others get no score, whatever the server calls them.  The records of
    those in ``staying`` stay as they are.
    """
    rows = {peer.name: sender_of(peer.name, side.senders) for peer in peers}
    if setting.is_sync:
        able = [peer for peer in peers if peer.name in entitled]
    else:
        able = [
            peer for peer in peers if _is_near(peer, rows[peer.name], side, setting)
        ]
    order = ranked(able, rows)
    scores = {
        peer.name: str(max(1, managed.SCORE_STANDBY - managed.SCORE_STEP * place))
        for place, peer in enumerate(order)
    }
    rest = [peer for peer in peers if peer.name not in scores]
    found = [
        _standing(peer, rows[peer.name], scores.get(peer.name, ""), setting)
        for peer in [*order, *rest]
    ]
    records = _records(peers, setting, entitled, staying) if setting.is_sync else {}
    return tuple(
        each._replace(record=records.get(each.node, each.record)) for each in found
    )


def _records(
    peers: Sequence[Peer],
    setting: Setting,
    entitled: frozenset[str],
    staying: frozenset[str],
) -> dict[str, str]:
    """Return the records that do not depend on what is connected at the moment."""
    right = managed.QUORUM if setting.quorum else managed.SYNC
    kept = {
        peer.name: peer.own[managed.RECORD]
        for peer in peers
        if peer.name in staying and managed.RECORD in peer.own
    }
    return {**kept, **{name: right for name in entitled}}


def _is_near(
    peer: Peer, row: Sender | None, side: PrimarySide, setting: Setting
) -> bool:
    if row is None or not is_fit(peer, row, side):
        return False
    lag_bytes = side.flush_lsn - (row.flush_lsn or 0)
    return not setting.max_lag_bytes or lag_bytes <= setting.max_lag_bytes


def ranked(peers: Sequence[Peer], rows: dict[str, Sender | None]) -> list[Peer]:
    """Return standbys, the one with the most WAL on disk first."""
    ends = {name: (row.flush_lsn or 0) if row else 0 for name, row in rows.items()}
    best = max((ends[peer.name] for peer in peers), default=0)

    def place(peer: Peer) -> tuple[int, int, str]:
        lag_bytes = best - ends[peer.name]
        if lag_bytes >= SAME_BYTES:
            return lag_bytes, 0, peer.name
        return 0, -_number(peer.score), peer.name

    return sorted(peers, key=place)


def _number(score: str) -> int:
    return int(score) if score.isdigit() else 0


def _standing(peer: Peer, row: Sender | None, score: str, setting: Setting) -> Standing:
    score = score or managed.MINUS_INFINITY
    if row is None:
        return Standing(peer.name, managed.DISCONNECT, score, _alone(peer))
    if is_streaming(row):
        kind = row.sync_state.upper()
        status = _STATUS_OF.get(kind, managed.STATUS_CONNECTED)
    else:
        kind, status = row.sync_state.upper(), managed.STATUS_CONNECTED
    if (
        setting.is_sync
        and kind in ("SYNC", "QUORUM")
        and not managed.may_take_over(score)
    ):
        kind, status = "POTENTIAL", managed.STATUS_POTENTIAL
    if not setting.is_sync and is_streaming(row) and not managed.may_take_over(score):
        status = managed.STATUS_LAGGING
    said = peer.own.get(managed.STATUS, "")
    if said in managed.UNFIT:
        status = said
    return Standing(peer.name, f"{row.state.upper()}|{kind}", score, status)


def _alone(peer: Peer) -> str:
    """Return the status of a standby that is not connected.

    What a node says of itself stays: that it is stopped, or why it does not run.
    """
    status = peer.own.get(managed.STATUS, "")
    said_by_primary = {*_STATUS_OF.values(), managed.STATUS_CONNECTED}
    said_by_primary.add(managed.STATUS_LAGGING)
    return managed.STATUS_ALONE if status in said_by_primary else ""


class Changes(NamedTuple):
    """The attributes that differ: who may take over, and what only tells."""

    rights: tuple[Write, ...]
    words: tuple[Write, ...]


def changes(
    standings: Sequence[Standing], peers: Sequence[Peer], setting: Setting
) -> Changes:
    """Return the attributes that differ, in the order in which they are written.

    First what takes a right away, then the best candidate's record and score; a
    monitor writes only a few, and the next one goes on.  A node that is not online has
    no attributes of transient life.
    """
    found = {peer.name: peer for peer in peers}
    wanted = [
        (change, found[each.node])
        for each in standings
        for change in _differing(each, found[each.node])
    ]
    rights = [change for change, peer in wanted if _is_right(change, peer, setting)]
    words = [change for change, peer in wanted if not _is_right(change, peer, setting)]
    return Changes(
        tuple(sorted(rights, key=lambda each: _turn(each, setting))), tuple(words)
    )


def _differing(each: Standing, peer: Peer) -> list[Write]:
    found = []
    if each.record != peer.own.get(managed.RECORD, ""):
        found.append(Write(each.node, managed.RECORD, each.record))
    if not peer.is_online:
        return found
    runs = peer.role != "Stopped"
    # A stop takes the score away itself. There is none while the resource is unmanaged.
    has_score = runs or managed.may_take_over(peer.score)
    if has_score and each.score != peer.score:
        found.append(Write(each.node, "score", each.score))
    if runs and each.status and each.status != peer.own.get(managed.STATUS, ""):
        found.append(Write(each.node, managed.STATUS, each.status))
    return found


def _is_right(change: Write, peer: Peer, setting: Setting) -> bool:
    if change.name == managed.RECORD:
        both = (change.value, peer.own.get(managed.RECORD, ""))
        return any(managed.is_holder(record, setting) for record in both)
    return change.name == "score"


def _turn(change: Write, setting: Setting) -> int:
    """Return when a change is written: those that take a right away come first.

    With quorum commit a standby counts the records of the others: all are there before
    the first score.
    """
    if change.value.isdigit():
        return 2 if setting.quorum else 1
    return 1 if change.value in _RIGHTS else 0
