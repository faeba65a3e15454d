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


class Sender(NamedTuple):
    """A row of ``pg_stat_replication``; what the role may not see is empty or None."""

    application_name: str
    state: str
    sync_state: str
    flush_lsn: int | None
    replay_lsn: int | None


class Slot(NamedTuple):
    """A physical replication slot; ``is_lost`` when its WAL was removed (13 on)."""

    name: str
    is_active: bool
    restart_lsn: int | None
    is_lost: bool


# Of nearly all servers: initdb has an option for others.
SEGMENT_BYTES = 16 * 1024 * 1024


class PrimarySide(NamedTuple):
    """What a primary says of replication.

    ``flush_lsn`` is the end of its WAL, and ``begins_lsn`` where its timeline left the
    one before, 0 for the first one.  WAL has files of ``segment_bytes``.
    """

    timeline: int
    flush_lsn: int
    synchronous_standby_names: str
    senders: tuple[Sender, ...]
    slots: tuple[Slot, ...]
    begins_lsn: int = 0
    segment_bytes: int = SEGMENT_BYTES


class StandbySide(NamedTuple):
    """What a standby says of replication.

    ``received_lsn`` is the end of the WAL that it has on disk as far as it knows: the
    greater one of received and replayed.
    """

    received_lsn: int
    replayed_lsn: int
    is_paused: bool
    slots: tuple[Slot, ...]
    segment_bytes: int = SEGMENT_BYTES


class Server(NamedTuple):
    """A server as one action saw it.

    ``is_streaming`` is None where no server can say it (before PostgreSQL 9.6).
    ``reason`` says why a connection failed,
    in the server's own words where it gave any.  ``primary`` or ``standby`` is there
    under managed replication, according to the role.
    """

    service: Service
    role: Role = Role.UNKNOWN
    is_streaming: bool | None = None
    reason: str = ""
    primary: PrimarySide | None = None
    standby: StandbySide | None = None


class Control(NamedTuple):
    """What ``global/pg_control`` says of the data directory.

    ``checkpoint_lsn`` is where the record of the last checkpoint begins, and
    ``redo_lsn`` where recovery would; ``timeline`` is the one of that checkpoint.
    """

    system_identifier: int
    state: ControlState
    timeline: int
    checkpoint_lsn: int
    redo_lsn: int


class Position(NamedTuple):
    """How far the data of a node goes."""

    system_identifier: int
    timeline: int
    lsn: int


class Lineage(NamedTuple):
    """What a primary says of its own history.

    ``switches`` has each earlier timeline with the LSN at which the history left it.
    """

    system_identifier: int
    timeline: int
    flush_lsn: int
    switches: tuple[tuple[int, int], ...]


class Peer(NamedTuple):
    """Another node of the cluster, as Pacemaker sees it.

    ``is_off`` is true when the node is known to be off: it left cleanly or was
    fenced; a node neither online nor off is in an unknown state.  ``role`` is the
    instance's role there: Promoted, Unpromoted, Started or Stopped, in Pacemaker's
    current words.  ``own`` and ``score`` are as in Cluster.
    """

    name: str
    is_online: bool
    is_off: bool
    is_leaving: bool
    role: str
    own: dict[str, str]
    score: str = ""


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
