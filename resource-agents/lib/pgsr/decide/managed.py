# SPDX-License-Identifier: GPL-2.0-or-later
"""Core: the words of managed replication, and who its members are.

Names and values of attributes are those of the stock agent: location rules,
monitoring and peers that still run that agent read them.  What is ours comes beside
them.  The attribute RESOURCE-data-status, permanent, is *the record* of which node
may hold every acknowledged commit.  A positive promotion score is the mark that goes
with it: it is of transient life, the primary alone gives it to a standby, and a
reboot, a start, a stop or a demotion takes it away.  A node may take over at once
only with both.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from pgsr import lsn
from pgsr.state import Cluster, Peer, Position

STATUS = "status"
RECORD = "data-status"
POSITION = "position"
SHUTDOWN = "shutdown"
LOCATION = "xlog-loc"
BASELINE = "master-baseline"
RETAINED = "retained-bytes"
NEEDED = "slots-needed"
FORCE = "force-promotion"

STATUS_PRIMARY = "PRI"
STATUS_STOPPED = "STOP"
STATUS_ALONE = "HS:alone"
STATUS_ASYNC = "HS:async"
STATUS_POTENTIAL = "HS:potential"
STATUS_SYNC = "HS:sync"
STATUS_QUORUM = "HS:quorum"
STATUS_CONNECTED = "HS:connected"
STATUS_PAUSED = "HS:paused"
STATUS_LEFT = "HS:diverged"
STATUS_LAGGING = "HS:lagging"
STATUS_WAITING = "HS:waiting for"
STATUS_DIVERGED = "STOP:diverged"
# What a standby says of itself, and the primary lets stand.
UNFIT = (STATUS_PAUSED, STATUS_LEFT)

LATEST = "LATEST"
SYNC = "STREAMING|SYNC"
ASYNC = "STREAMING|ASYNC"
QUORUM = "STREAMING|QUORUM"
DISCONNECT = "DISCONNECT"

MINUS_INFINITY = "-INFINITY"
SCORE_PRIMARY = "1000"
SCORE_STANDBY = 100
SCORE_STEP = 10

# Who may hold commits that others lack, by mode.
_HOLDERS = {
    "sync": frozenset((LATEST, SYNC, QUORUM)),
    "async": frozenset((LATEST, ASYNC)),
}


class Setting(NamedTuple):
    """What the administrator wants of managed replication.

    ``is_sync`` is rep_mode=sync; ``quorum`` 0 means one synchronous standby.
    """

    is_sync: bool
    is_strict: bool = False
    quorum: int = 0
    max_lag_bytes: int = 0
    external: tuple[str, ...] = ()


class Write(NamedTuple):
    """An attribute to be written on a node; the score is called ``score``."""

    node: str
    name: str
    value: str


def members(cluster: Cluster, node_list: Sequence[str]) -> tuple[Peer, ...]:
    """Return the other nodes of ``node_list``, or all when it is empty.

    Names are compared whole and without regard to case.  A node that the cluster
    does not know has never been in it: it is off.
    """
    known = {peer.name.lower(): peer for peer in cluster.peers}
    names = node_list or tuple(known)
    absent = Peer("", False, True, False, "Stopped", {})
    return tuple(
        known.get(name, absent._replace(name=name))
        for name in names
        if name != cluster.node.lower()
    )


def is_holder(record: str, setting: Setting) -> bool:
    """Tell whether a node with this record may hold commits that others lack."""
    return record in _HOLDERS["sync" if setting.is_sync else "async"]


def may_take_over(score: str) -> bool:
    """Tell whether a promotion score lets Pacemaker promote."""
    return score not in ("", "0") and not score.startswith("-")


def promoted(peers: Sequence[Peer]) -> Peer | None:
    """Return the peer with a promoted instance, if there is one.

    Pacemaker 2.1.5 may show an instance whose start failed as promoted until it has
    stopped it; that instance's own status says that nothing runs.
    """
    running = [
        peer
        for peer in peers
        if peer.role == "Promoted"
        and not peer.own.get(STATUS, "").startswith(STATUS_STOPPED)
    ]
    return running[0] if running else None


def status_of_follower(status: str, is_streaming: bool | None) -> str:
    """Return what a standby says of itself while there is a primary.

    How it stands is the primary's to say; that nothing arrives it knows best itself.
    """
    said_by_primary = status.startswith("HS:") and not status.startswith(STATUS_WAITING)
    if is_streaming is False or not said_by_primary or status in UNFIT:
        return STATUS_ALONE
    return status


def is_location(text: str) -> bool:
    """Tell whether a text is a position as the stock agent publishes it."""
    return re.fullmatch("[0-9A-F]{16}", text) is not None


def position_text(position: Position) -> str:
    """Return a position as an attribute has it: SYSTEM:TIMELINE:LSN."""
    identifier, timeline, end = position
    return f"{identifier}:{timeline}:{lsn.text(end)}"


def parse_position(text: str) -> Position | None:
    """Return the position in an attribute, None when there is none."""
    try:
        identifier, timeline, end = text.split(":")
        return Position(int(identifier), int(timeline), lsn.parse(end))
    except ValueError:
        return None
