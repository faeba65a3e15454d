# SPDX-License-Identifier: GPL-2.0-or-later
"""Monitor and probe: say what is there, and keep the attributes true."""

from __future__ import annotations

from pgsr.action import Action
from pgsr.decide import managed, rejoin
from pgsr.decide.health import monitor_code
from pgsr.modes.managed import control, election, lock, proof, slots
from pgsr.modes.managed.view import View, look, own_writes, write_some
from pgsr.modes.standalone import MONITOR_SHARE, explain
from pgsr.ocf import AgentError, Exit
from pgsr.postgres import control as control_file
from pgsr.postgres import timeline
from pgsr.postgres.observe import observe
from pgsr.receiver import publish_receiver_status
from pgsr.state import Lineage, Role, Server, Service, StandbySide
from pgsr.wait import now, share

_ALIVE = (Service.ANSWERS, Service.BUSY)
_LINEAGE_S = 2.0


def monitor(action: Action) -> Exit:
    """Say what is there; a recurring one also does what is due."""
    instance = action.instance
    server = observe(instance, share(instance.deadline, MONITOR_SHARE), is_check=True)
    code = code_of(server)
    explain(action, server, code)
    if server.service in _ALIVE:
        try:
            _do_what_is_due(action, server)
        except AgentError as error:
            instance.log.warning(f"{error}. {error.advice}".rstrip(" ."))
        publish_receiver_status(action, server)
    return code


def code_of(server: Server) -> Exit:
    """Return the exit code: 8 for a primary, 0 for a standby, else as stand-alone.

    A server that takes no connection has the role that its control file says; one
    that recovers from a crash is a standby, because it was started as one.
    """
    if server.service in _ALIVE and server.role is Role.PRIMARY:
        return Exit.RUNNING_PROMOTED
    return monitor_code(server)


def _do_what_is_due(action: Action, server: Server) -> None:
    if action.call.is_probe:
        _adopt(action, server)
        return
    view = look(action) if server.primary else _look_as_standby(action)
    if server.primary:
        control.control(action, server.primary, view, control.MOST_PROGRAMS)
    elif server.standby:
        follow(action, server, view)
    side = server.primary or server.standby
    if side:
        slots.keep(action, side, view, control.MOST_PROGRAMS)


def _look_as_standby(action: Action) -> View:
    """Look at the nodes that are online; at all only when there is an election."""
    view = look(action, is_whole=False)
    return view if managed.promoted(view.peers) else look(action)


def follow(action: Action, server: Server, view: View) -> None:
    """Say how this standby is; without a primary, take part in the election."""
    side = server.standby
    if side is None:
        return
    if side.is_paused:
        action.instance.log.warning(
            "Replay is paused, so this standby is not promoted:"
            " SELECT pg_wal_replay_resume()"
        )
        wanted = {
            "score": managed.MINUS_INFINITY,
            managed.STATUS: managed.STATUS_PAUSED,
        }
        write_some(action, own_writes(view, wanted))
    elif managed.promoted(view.peers) is None:
        election.run(action, server, view)
    else:
        _follow_primary(action, server, view)


def _follow_primary(action: Action, server: Server, view: View) -> None:
    election.withdraw(action)
    if server.is_streaming and lock.exists(action):
        action.try_to(lambda: _remove_lock(action))
    status = view.cluster.own.get(managed.STATUS, "")
    wanted = managed.status_of_follower(status, server.is_streaming)
    side = server.standby
    # One that has left connects now and then, and is sent what it cannot use.
    is_doubtful = server.is_streaming is False or status == managed.STATUS_LEFT
    if side and is_doubtful and _has_left(action, side):
        wanted = managed.STATUS_LEFT
    write_some(action, own_writes(view, {managed.STATUS: wanted}))


def _remove_lock(action: Action) -> None:
    """Remove the lock of a former primary that is proven to follow the new one."""
    if proof.follows(action, _history(action)):
        lock.remove(action)


def _has_left(action: Action, side: StandbySide) -> bool:
    """Tell whether a standby that gets nothing never will: its data is another one.

    It has replayed more of its newest timeline than the primary's history has of it, or
    waits for more.
    """
    pgdata = action.instance.pgdata
    try:
        history, own = _history(action), control_file.read(pgdata)
    except AgentError as error:
        action.instance.log.warning(f"{error}. {error.advice}")
        return False
    is_foreign = own and own.system_identifier != history.system_identifier
    newest = timeline.newest(pgdata)
    is_beyond = newest and rejoin.is_beyond(side.replayed_lsn, newest, history)
    is_stuck = rejoin.waits_for_a_lost_record(side, history)
    if not (is_foreign or is_beyond or is_stuck):
        return False
    action.instance.log.warning(
        "This standby has data that the primary lacks, or waits for such, or is of"
        " another database. It never follows again: restore a backup of the primary"
    )
    return True


def _history(action: Action) -> Lineage:
    from pgsr.postgres import lineage  # no other monitor needs it

    instance = action.instance
    deadline = min(now() + _LINEAGE_S, instance.deadline)
    return lineage.ask(instance, instance.parameters.master_ip, deadline)


def _adopt(action: Action, server: Server) -> None:
    """Give a primary that runs already its score: else it would be demoted."""
    if server.role is Role.PRIMARY:
        wanted = {
            "score": managed.SCORE_PRIMARY,
            managed.STATUS: managed.STATUS_PRIMARY,
        }
        write_some(action, own_writes(look(action), wanted))
