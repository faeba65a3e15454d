# SPDX-License-Identifier: GPL-2.0-or-later
"""Notifications: what other nodes do moves this one to act at once.

Nothing depends on them: whatever is missed, the next monitor does.
"""

from __future__ import annotations

import signal

from pgsr.action import Action
from pgsr.modes.managed import control, election
from pgsr.modes.managed.monitor import follow
from pgsr.modes.managed.view import look
from pgsr.ocf import AgentError, Exit
from pgsr.postgres import datadir, postmaster, sql
from pgsr.postgres.observe import observe, session
from pgsr.state import Server
from pgsr.wait import now, until

_FIRST_WITH_RECEIVER_VIEW = (9, 6)
_RECEIVER = "select pid from pg_catalog.pg_stat_wal_receiver"
_RECEIVER_S = 1.0


def notify(action: Action) -> Exit:
    """Do what a notification is a reason for; it never fails."""
    transition = action.transition
    if transition.is_of_interest:
        try:
            _HANDLERS[f"{transition.moment}-{transition.operation}"](action)
        except AgentError as error:
            action.instance.log.warning(f"{error}. {error.advice}".rstrip(" ."))
    return Exit.SUCCESS


def _before_promotion(action: Action) -> None:
    """Say how far this standby is, for the one that is to be promoted to compare.

    What it said before is old.  It is taken back first: it would count, should the
    server not answer now.
    """
    election.take_position_back(action)
    own = election.position(action, _observe(action))
    if own:
        election.publish(action, own)


def _after_promotion(action: Action) -> None:
    """Let this standby look for the new primary now, not in some seconds.

    The server waits wal_retrieve_retry_interval between two tries; SIGHUP wakes it
    (WaitForWALToBecomeAvailable in xlog.c).
    """
    try:
        _end_receiver(action)
    except (sql.ConnectionFailed, sql.QueryFailed) as error:
        action.instance.log.warning(f"The WAL receiver is left as it is: {error}")
    postmaster.reload(action.instance.pgdata)
    election.withdraw(action)


def _end_receiver(action: Action) -> None:
    """End the connection that was made before the promotion.

    It leads to a primary that died, and waits for it as long as wal_receiver_timeout;
    or, on the node of a demoted one that still had the address, to this server itself.
    """
    instance = action.instance
    if datadir.version_of(instance.pgdata) < _FIRST_WITH_RECEIVER_VIEW:
        return
    deadline = min(now() + _RECEIVER_S, instance.deadline)
    with session(instance, deadline, as_owner=True) as query:
        before = query(_RECEIVER)
        for (pid,) in before:
            postmaster.send(pid, instance.pgdata, signal.SIGTERM)
            until(lambda: query(_RECEIVER) != before or None, deadline)


def _after_change(action: Action) -> None:
    """Control the standbys, or vote: an instance came or went somewhere."""
    server = _observe(action)
    if server.primary:
        control.control(action, server.primary, look(action))
    elif server.standby:
        follow(action, server, look(action))


def _observe(action: Action) -> Server:
    return observe(action.instance, action.instance.deadline)


_HANDLERS = {
    "pre-promote": _before_promotion,
    "post-promote": _after_promotion,
    "post-start": _after_change,
    "post-stop": _after_change,
}
