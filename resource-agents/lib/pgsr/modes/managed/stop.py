# SPDX-License-Identifier: GPL-2.0-or-later
"""Demote and stop: a clean end, a proof for the successor, and a standby again."""

from __future__ import annotations

from pgsr.action import Action
from pgsr.decide import fitness, managed
from pgsr.modes.managed import lock
from pgsr.modes.managed.election import say
from pgsr.modes.managed.start import launch
from pgsr.ocf import AgentError, Exit
from pgsr.postgres import control, sql, timeline
from pgsr.postgres.observe import from_processes, observe, session
from pgsr.postgres.stop import stop as stop_server
from pgsr.state import ControlState, Position, Service
from pgsr.wait import now, share

_CHECKPOINT_SHARE = 0.3
_ANSWER_S = 1.0


def demote(action: Action) -> Exit:
    """Stop a primary, and start it again as a standby unless it is to be stopped.

    A primary whose server failed and that is to be promoted here again keeps its
    score, and with it its right to be: it has the newest data.  One that hands over,
    or is stopped, has given its right away by what it says of its shutdown.  One that
    hangs, or that failed on a full disk, gives its right to another node.
    """
    node, log = action.call.node, action.instance.log
    is_running = from_processes(action.instance.pgdata) is not Service.STOPPED
    if not is_running:
        log.info("PostgreSQL is already stopped on demote.")
        if not (action.transition.is_recovering(node) and _has_room(action)):
            _give_up(action)
        return Exit.SUCCESS
    log.info("Stopping PostgreSQL on demote.")
    does_answer = _does_answer(action)
    if not does_answer or not _is_seen_to(action):
        _give_up(action)
    if does_answer:
        _checkpoint(action)
    stop_server(action.instance)
    _say_shutdown(action)
    _release_lock(action)
    if not _goes_on(action):
        return Exit.SUCCESS
    try:
        launch(action)
    except AgentError as error:
        # The next monitor finds it stopped, and Pacemaker starts it.
        log.warning(f"{error}. {error.advice}")
    return Exit.SUCCESS


def stop(action: Action) -> Exit:
    """Stop the server; success when nothing runs, whatever else is wrong.

    The score goes, and with it the right to take over: that is what lets a primary
    that waits for this standby go on without it.  Nothing is written where another
    action of the transition sees to it: each change of an attribute makes Pacemaker
    break the transition off, and plan another one.
    """
    node, is_seen_to = action.call.node, False
    if from_processes(action.instance.pgdata) is not Service.STOPPED:
        _give_up(action)
        escalate_s = action.instance.parameters.stop_escalate_in_slave
        stop_server(action.instance, escalate_s)
    else:
        action.instance.log.info("PostgreSQL is already stopped.")
        transition = action.transition
        is_demoted = node in transition.demote and transition.is_handing_over(node)
        is_seen_to = is_demoted or transition.is_recovering(node)
    if not is_seen_to:
        _give_up(action)
        _set_status(action)
    if action.instance.parameters.check_wal_receiver:
        action.try_to(lambda: action.pacemaker.delete_attribute("receiver-status"))
    return Exit.SUCCESS


def _is_seen_to(action: Action) -> bool:
    """Tell whether a later action of the transition takes the score away."""
    node, transition = action.call.node, action.transition
    return node in transition.stop or transition.is_handing_over(node)


def _goes_on(action: Action) -> bool:
    """Tell whether this node is to have a standby after the demotion.

    None is made with defaults in the place of values that were refused.
    """
    node, transition = action.call.node, action.transition
    if action.instance.parameters.refused:
        return False
    return not (transition.is_stopping(node) or transition.is_recovering(node))


def _has_room(action: Action) -> bool:
    """Tell whether the server could be promoted here again, as far as room goes."""
    free_bytes = timeline.free_bytes(action.instance.pgdata)
    if fitness.has_room(free_bytes):
        return True
    action.instance.log.warning(
        "There is no room for WAL: another node is to be promoted. Make room in the"
        " file system of pg_wal, but delete nothing in pg_wal by hand"
    )
    return False


def _give_up(action: Action) -> None:
    action.try_to(lambda: action.pacemaker.set_score(managed.MINUS_INFINITY))


def _set_status(action: Action) -> None:
    """Say that nothing runs; a refusal of start keeps its own word for it."""

    def write() -> None:
        said = action.pacemaker.attribute(managed.STATUS)
        if not said.startswith(f"{managed.STATUS_STOPPED}:"):
            action.pacemaker.set_attribute(managed.STATUS, managed.STATUS_STOPPED)

    action.try_to(write)


def _does_answer(action: Action) -> bool:
    deadline = min(now() + _ANSWER_S, action.instance.deadline)
    return observe(action.instance, deadline).service is Service.ANSWERS


def _checkpoint(action: Action) -> None:
    """Let most be on disk before the shutdown, so that its checkpoint is short."""
    deadline = share(action.instance.deadline, _CHECKPOINT_SHARE)
    try:
        with session(action.instance, deadline, as_owner=True) as query:
            query("checkpoint")
    except (sql.ConnectionFailed, sql.QueryFailed) as error:
        action.instance.log.warning(f"No checkpoint before the shutdown: {error}")


def _say_shutdown(action: Action) -> None:
    """Publish where the shutdown checkpoint is: the successor must have replayed it."""
    found = control.read(action.instance.pgdata)
    if found is None or found.state is not ControlState.SHUT_DOWN:
        action.instance.log.warning("PostgreSQL did not shut down cleanly on demote")
        return
    where = Position(found.system_identifier, found.timeline, found.checkpoint_lsn)
    action.try_to(lambda: say(action, managed.SHUTDOWN, where))


def _release_lock(action: Action) -> None:
    """Remove the lock of the last instance, as the stock agent does."""
    transition = action.transition
    if action.call.is_notified and not transition.unpromoted:
        action.try_to(lambda: lock.remove(action))
