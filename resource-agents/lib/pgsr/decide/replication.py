# SPDX-License-Identifier: GPL-2.0-or-later
"""Core: the rules of the PGSR method.

The method's states, and the flag files that carry them from one action to the next,
are described in docs/explanation/method.rst.  Every refusal says what to do next.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from pgsr.ocf import Exit
from pgsr.state import (
    ALLOWED,
    Cluster,
    ControlState,
    Flags,
    Peer,
    Role,
    Server,
    Service,
    Verdict,
)

MINUS_INFINITY = "-INFINITY"
SCORE_PRIMARY = "1000"
SCORE_STANDBY = "100"

STATUS_PRIMARY = "PRI"
STATUS_STANDBY = "HS"
STATUS_ALONE = "HS:alone"
STATUS_STOPPED = "STOP"
STATUS_WAITING = "STOP:waiting for promote op"
STATUS_REPRESSED = "STOP:repressing start file exists"
STATUS_PRIMARY_EXISTS = "STOP:master already exists"
STATUS_NO_PRIMARY = "STOP:master doesn't exist"
STATUS_FAILED = "STOP:with errors"
STATUS_UNKNOWN = "UNKNOWN:with errors"

# Why nothing runs: the demote and stop that Pacemaker calls then leave these.
_REFUSALS = frozenset((STATUS_REPRESSED, STATUS_PRIMARY_EXISTS, STATUS_NO_PRIMARY))
_EXPLANATIONS = _REFUSALS | {STATUS_FAILED}

# Set by promote on its own node, and deleted on all others: who was primary last.
LAST_PRIMARY = "last-primary"


class Report(NamedTuple):
    """What a monitor says: exit code, and the attributes as they ought to be.

    None leaves an attribute as it is.
    """

    code: Exit
    status: str | None = None
    score: str | None = None


class LastInstance(Enum):
    """Whether this instance is the last one of the cluster to stop."""

    YES = "no other instance is active"
    NO = "another instance is active, or its node is in an unknown state"
    WAIT = "another instance is about to stop"


def may_start(flags: Flags, cluster: Cluster, flag_file: str) -> Verdict:
    """Return whether this data directory may be put to use.

    A copy is used once: if replication had failed unnoticed and the primary broke
    later, a standby started again from an old copy would be promoted with old data.
    A primary starts only where none is, a standby only where one is: it has nobody
    to follow otherwise, and two primaries would both take writes.
    """
    if flags.is_start_repressed:
        return _used_before(flag_file)
    primary = promoted_elsewhere(cluster)
    if not flags.is_standby_configured and primary:
        return Verdict(
            False,
            f"A primary runs on {primary.name}, and the data here is a primary's too."
            " Make it a standby: restore a backup",
            "Restore a backup of the primary here with standby configuration, then"
            " clean the resource up",
            STATUS_PRIMARY_EXISTS,
        )
    if flags.is_standby_configured and not primary:
        return Verdict(
            False,
            "The data here is a standby's, but no primary runs. Start the primary's"
            " node first, then clean up",
            "A standby has nobody to follow without a primary",
            STATUS_NO_PRIMARY,
        )
    return ALLOWED


def may_promote(
    flags: Flags, server: Server, cluster: Cluster, flag_file: str
) -> Verdict:
    """Return whether this node may become the primary.

    Pacemaker promotes only after the old primary was demoted or fenced; a promoted
    instance that is still seen elsewhere means that something is wrong, and two
    writers cost data.  A stopped server is promoted only from the state in which
    ``start`` left it, and only once from the same data directory.  A running standby
    was started with that check, and has followed the primary since.
    """
    other = promoted_elsewhere(cluster)
    if other:
        return Verdict(
            False,
            f"Promotion refused: {other.name} runs a promoted instance",
            "Two primaries would both take writes; find out why Pacemaker has two",
        )
    if server.role is Role.STANDBY:
        return ALLOWED
    if not flags.is_monitor_repressed:
        return Verdict(
            False,
            "Promotion refused: PostgreSQL is not running; its log says why",
            "start did not prepare it for a promotion: it ended since",
        )
    if flags.is_start_repressed:
        return _used_before(flag_file)
    if flags.is_standby_configured:
        return Verdict(
            False,
            "Promotion refused: PostgreSQL is stopped, and configured as a standby",
            "It would not start as a primary",
        )
    return ALLOWED


def has_streamed(cluster: Cluster) -> bool:
    """Tell whether the attributes say that this standby streamed since its start.

    Either of the two does: a monitor may have written only one of them yet.
    """
    return cluster.own.get("status") == STATUS_STANDBY or (
        cluster.score == SCORE_STANDBY
    )


def report(server: Server, has_streamed: bool) -> Report:
    """Return what a monitor says about ``server``."""
    is_alive = server.service in (Service.ANSWERS, Service.BUSY)
    if is_alive and server.role is Role.PRIMARY:
        return Report(Exit.RUNNING_PROMOTED, STATUS_PRIMARY, SCORE_PRIMARY)
    if is_alive and server.role is Role.STANDBY:
        return _standby_report(server, has_streamed)
    return Report(Exit.ERROR, STATUS_UNKNOWN)


def _standby_report(server: Server, has_streamed: bool) -> Report:
    """A standby can be promoted once its WAL receiver has streamed since its start.

    Until then its data may be as old as the backup.  Afterwards the score stays: a
    receiver that stops is just what a dead primary looks like.  A server that cannot
    say it (before 9.6) is trusted, as the flag files alone protect it.
    """
    if server.is_streaming is not False or has_streamed:
        return Report(Exit.SUCCESS, STATUS_STANDBY, SCORE_STANDBY)
    return Report(Exit.SUCCESS, STATUS_ALONE, MINUS_INFINITY)


def report_stopped(is_monitor_repressed: bool, is_probe: bool) -> Report:
    """Return what a monitor says when nothing runs.

    While a promotion is awaited, and after a demotion, the server is stopped and
    Pacemaker rightly holds the resource to be unpromoted: repress_monitor stands for
    that.  A probe says what is there, and that nothing runs is no failure then.
    """
    if is_probe:
        return Report(Exit.NOT_RUNNING)
    if is_monitor_repressed:
        return Report(Exit.SUCCESS)
    return Report(Exit.NOT_RUNNING, STATUS_FAILED)


def status_after_stop(did_run: bool, status: str) -> str:
    """Return the status that a stop leaves, where ``status`` is the one in force.

    Pacemaker stops an instance right after its start was refused: the refusal would
    be seen by nobody if that stop wiped it out.
    """
    return status if not did_run and status in _EXPLANATIONS else STATUS_STOPPED


def last_instance(cluster: Cluster) -> LastInstance:
    """Return whether no other instance can have newer data than this one.

    Certain only with fencing: without it, a node that is out of reach may run a
    primary.  Peers that are about to stop are worth waiting for: Pacemaker stops
    all instances of a clone at the same time.
    """
    if not cluster.is_fencing_enabled or LAST_PRIMARY not in cluster.own:
        return LastInstance.NO
    active = [peer for peer in cluster.peers if _may_be_active(peer)]
    if not active:
        return LastInstance.YES
    are_leaving = cluster.is_target_stopped or all(peer.is_leaving for peer in active)
    are_seen = all(peer.is_online for peer in active)
    return LastInstance.WAIT if are_leaving and are_seen else LastInstance.NO


def is_clean_primary(flags: Flags, control: ControlState | None) -> bool:
    """Tell whether the data directory is that of a primary that was shut down.

    Only a primary leaves "shut down" in the control file; a standby leaves "shut
    down in recovery", and one that crashed "in production".
    """
    return not flags.is_standby_configured and control is ControlState.SHUT_DOWN


def promoted_elsewhere(cluster: Cluster) -> Peer | None:
    """Return the peer with a promoted instance, if there is one.

    Pacemaker may show an instance whose start was refused as promoted, and failed,
    until it has stopped it (seen with 2.1.5).  That instance's own status, written
    before the start failed, says that nothing runs.
    """
    promoted = [
        peer
        for peer in cluster.peers
        if peer.role == "Promoted" and peer.own.get("status") not in _REFUSALS
    ]
    return promoted[0] if promoted else None


def _may_be_active(peer: Peer) -> bool:
    return not peer.is_off and (peer.role != "Stopped" or not peer.is_online)


def _used_before(flag_file: str) -> Verdict:
    return Verdict(
        False,
        f"{flag_file} exists: this data was used. Restore a new backup of the primary,"
        " rm the file, clean up",
        "PostgreSQL was already started from this data directory, so it may be out of"
        " date. To make this node a standby: take a new backup of the primary, restore"
        " it here with standby configuration, remove that file and clean the resource"
        " up. Only if no primary runs and this node is known to have the newest data:"
        " just remove the file and clean up",
        STATUS_REPRESSED,
    )
