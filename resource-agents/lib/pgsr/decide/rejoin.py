# SPDX-License-Identifier: GPL-2.0-or-later
"""Core: may this data directory follow the primary that there is?

A former primary never comes back on its own history: it starts again only as a
standby whose data is a prefix of the new primary's.
"""

from __future__ import annotations

from typing import NamedTuple

from pgsr.decide import managed
from pgsr.state import (
    ALLOWED,
    Control,
    ControlState,
    Lineage,
    StandbySide,
    Verdict,
)

_PRIMARY_STATES = frozenset(
    (
        ControlState.SHUT_DOWN,
        ControlState.SHUTTING_DOWN,
        ControlState.IN_CRASH_RECOVERY,
        ControlState.IN_PRODUCTION,
    )
)


class Data(NamedTuple):
    """A data directory before its server is started.

    ``has_backup_label`` tells a restored backup from a directory whose own server
    wrote it last: the control file of a backup is that of the primary.
    """

    pgdata: str
    control: Control
    has_backup_label: bool


def was_primary(data: Data) -> bool:
    """Tell whether this directory's own server was a primary when it ended."""
    return data.control.state in _PRIMARY_STATES and not data.has_backup_label


def may_follow(data: Data, lineage: Lineage, primary: str) -> Verdict:
    """Return whether the data can be a prefix of the primary's history.

    The last checkpoint must lie on the primary's history, before the point where that
    left this timeline (timeline history files; manual, "Timelines").  What comes after
    the checkpoint of a crashed server is seen only once it has been replayed: see
    ``is_beyond``.
    """
    control = data.control
    if control.system_identifier != lineage.system_identifier:
        return Verdict(
            False,
            f"Other database: here {control.system_identifier}, on {primary}"
            f" {lineage.system_identifier}. Restore a backup of {primary}",
            f"{data.pgdata} and the primary on {primary} are of different database"
            " clusters: their system identifiers differ",
            managed.STATUS_DIVERGED,
        )
    end = end_of_timeline(control.timeline, lineage)
    if end is None or control.checkpoint_lsn >= end:
        return diverged(primary)
    if control.timeline == lineage.timeline and was_primary(data):
        # Two primaries on one timeline: their records cannot be told apart.
        return diverged(primary)
    return ALLOWED


def end_of_timeline(timeline: int, lineage: Lineage) -> int | None:
    """Return where the primary's history left ``timeline``, None if it never had it."""
    if timeline == lineage.timeline:
        return lineage.flush_lsn + 1
    return dict(lineage.switches).get(timeline)


def is_beyond(lsn: int, timeline: int, lineage: Lineage) -> bool:
    """Tell whether data that goes up to ``lsn`` of ``timeline`` left the history."""
    if timeline == lineage.timeline:
        return False
    end = end_of_timeline(timeline, lineage)
    return end is None or lsn > end


def waits_for_a_lost_record(side: StandbySide, lineage: Lineage) -> bool:
    """Tell whether replay waits for the rest of a record that the history lacks.

    A primary that ends in the middle of a record, with a full disk say, may have sent
    the part of it up to the end of a WAL segment.  The next timeline begins where that
    record did.  A standby with the part asks for the segment after it, on the new
    timeline too, and never for the one in which both differ
    (WaitForWALToBecomeAvailable in xlogrecovery.c; seen with PostgreSQL 15).
    """
    asked_from = side.received_lsn // side.segment_bytes * side.segment_bytes
    return any(side.replayed_lsn == end < asked_from for _, end in lineage.switches)


def diverged(primary: str) -> Verdict:
    """Return the refusal of data that the primary does not have."""
    return Verdict(
        False,
        f"The data here has commits that {primary} lacks. Rewind or restore it (see the"
        " log), then clean up",
        "The server here was a primary, and what it wrote last never reached the new"
        " primary",
        managed.STATUS_DIVERGED,
    )
