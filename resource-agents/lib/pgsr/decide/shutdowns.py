# SPDX-License-Identifier: GPL-2.0-or-later
"""Core: what it means that a primary was demoted, and said where its server ended."""

from __future__ import annotations

from collections.abc import Mapping

from pgsr.state import Position, Server, Verdict


def ended_before(
    server: Server, own: Position, shutdowns: Mapping[str, Position]
) -> frozenset[str]:
    """Return the demoted primaries that surely have nothing more than this node.

    ``shutdowns`` are where they ended (election.Candidate).  A shutdown checkpoint is
    the last record of its server: what was replayed beyond it has all of it.  Who is
    promoted again takes back what it said before it writes anything.
    """
    replayed = server.standby.replayed_lsn if server.standby else 0
    return frozenset(
        name
        for name, end in shutdowns.items()
        if end.system_identifier == own.system_identifier
        and end.timeline == own.timeline
        and replayed > end.lsn
    )


def has_followed(own: Position, shutdown: Position) -> bool:
    """Tell whether data that came to a shutdown has followed another primary since."""
    return own.timeline > shutdown.timeline


def missing(
    server: Server, own: Position, shutdowns: Mapping[str, Position]
) -> Verdict | None:
    """Refuse while the last record of a cleanly stopped primary is missing.

    That record begins at the position: whatever was replayed beyond it includes it.
    """
    replayed = server.standby.replayed_lsn if server.standby else 0
    for name, end in shutdowns.items():
        if has_followed(own, end) or replayed > end.lsn:
            continue
        return Verdict(
            False,
            f"Promotion refused: the last WAL of {name} did not arrive here;"
            f" {name} is to be promoted again",
            "The demoted primary keeps its data; see why replication stopped before"
            " the switchover",
        )
    return None
