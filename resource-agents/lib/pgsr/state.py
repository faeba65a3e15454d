# SPDX-License-Identifier: GPL-2.0-or-later
"""Core: immutable values that describe what was observed.

Unknown is a value (None or a member of an enum), never an exception half-way.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Service(Enum):
    """What the processes and one connection say about a server."""

    STOPPED = "no process serves the data directory"
    LEFTOVERS = "the postmaster is gone, but processes of it are left"
    UNREACHABLE = "the postmaster runs, but does not answer"
    FAILS = "takes connections, but not this one, or it fails the statement"
    BUSY = "alive, but takes no connection at the moment"
    ANSWERS = "a connection was made"


class Role(Enum):
    """The server's part in replication."""

    PRIMARY = "primary"
    STANDBY = "standby"
    UNKNOWN = "unknown"


class ControlState(Enum):
    """State of the cluster in ``global/pg_control`` (DBState in pg_control.h)."""

    STARTUP = 0
    SHUT_DOWN = 1
    SHUT_DOWN_IN_RECOVERY = 2
    SHUTTING_DOWN = 3
    IN_CRASH_RECOVERY = 4
    IN_ARCHIVE_RECOVERY = 5
    IN_PRODUCTION = 6


class Server(NamedTuple):
    """A server as one action saw it.

    ``is_streaming`` is None where no server can say it (before PostgreSQL 9.6).
    ``reason`` says why a connection failed,
    in the server's own words where it gave any.
    """

    service: Service
    role: Role = Role.UNKNOWN
    is_streaming: bool | None = None
    reason: str = ""


class Peer(NamedTuple):
    """Another node of the cluster, as Pacemaker sees it.

    ``is_off`` is true when the node is known to be off: it left cleanly or was
    fenced; a node neither online nor off is in an unknown state.  ``role`` is the
    instance's role there: Promoted, Unpromoted, Started or Stopped, in Pacemaker's
    current words.
    """

    name: str
    is_online: bool
    is_off: bool
    is_leaving: bool
    role: str
    own: dict[str, str]


class Cluster(NamedTuple):
    """The cluster's side of a decision, as one look of crm_mon shows it.

    ``own`` are this resource's attributes on this node, by their names without the
    resource's, and ``score`` is its promotion score there.
    """

    node: str
    own: dict[str, str]
    score: str
    peers: tuple[Peer, ...]
    is_fencing_enabled: bool
    is_target_stopped: bool


class Flags(NamedTuple):
    """The flag files of the PGSR method, and the kind of the data directory."""

    is_start_repressed: bool
    is_monitor_repressed: bool
    is_standby_configured: bool


class Verdict(NamedTuple):
    """A decision with its reason; a refusal says what to do next.

    ``reason`` is short (ocf.LONGEST_EXIT_REASON), ``advice`` has the whole of it.
    """

    is_allowed: bool
    reason: str = ""
    advice: str = ""
    status: str = ""


ALLOWED = Verdict(True)
