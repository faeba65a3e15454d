# SPDX-License-Identifier: GPL-2.0-or-later
"""Core: can this server be promoted at all?  Whose data is good enough: election.py."""

from __future__ import annotations

from pgsr.state import SEGMENT_BYTES, Role, Server, Verdict


def unfit(server: Server, free_bytes: int | None) -> Verdict | None:
    """Return why a server cannot be promoted whatever data it has, None if it can.

    ``free_bytes`` is the room for WAL, None when it is not known.
    """
    if server.role is not Role.STANDBY or server.standby is None:
        return Verdict(
            False,
            "Promotion refused: PostgreSQL does not run as a standby; its log says why",
            "start left a standby behind: it ended since, or does not answer",
        )
    if server.standby.is_paused:
        return Verdict(
            False,
            "Promotion refused: replay is paused. SELECT pg_wal_replay_resume() here",
            "Somebody paused replay on this node",
        )
    needed_bytes = server.standby.segment_bytes
    if free_bytes is not None and not has_room(free_bytes, needed_bytes):
        return Verdict(
            False,
            f"Promotion refused: {free_bytes >> 20} MB free for WAL, and a new timeline"
            f" takes {needed_bytes >> 20} MB. Make room",
            "Make room in the file system of pg_wal, but delete nothing in pg_wal by"
            " hand: an archive_command that fails and replication slots fill it",
        )
    return None


def has_room(free_bytes: int | None, segment_bytes: int = SEGMENT_BYTES) -> bool:
    """Tell whether a new timeline can begin here.

    Its first WAL segment is a new file, written as a whole (XLogInitNewTimeline in
    xlog.c).  A promotion that cannot write it ends the server, and one that hangs on a
    full disk is stopped by force only, after ``stop_escalate``.
    """
    return free_bytes is None or free_bytes >= segment_bytes
