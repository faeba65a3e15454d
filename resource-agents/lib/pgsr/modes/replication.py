# SPDX-License-Identifier: GPL-2.0-or-later
"""rep_mode=async without node_list: the PGSR method.

Each action reads observe, decide, act, confirm.  The order of the effects matters:
after a kill between any two of them the flag files must still tell the truth.
"""

from __future__ import annotations

from pgsr import files, flags
from pgsr.action import Action
from pgsr.decide import replication as decide
from pgsr.modes import last_primary
from pgsr.modes.standalone import MONITOR_SHARE, explain
from pgsr.ocf import AgentError, Exit
from pgsr.postgres import recovery
from pgsr.postgres.observe import from_processes, observe
from pgsr.postgres.promote import promote as promote_server
from pgsr.postgres.start import start as start_server
from pgsr.postgres.stop import stop as stop_server
from pgsr.receiver import publish_receiver_status
from pgsr.state import Cluster, Role, Server, Service, Verdict
from pgsr.wait import now, share, until

_ALIVE = (Service.ANSWERS, Service.BUSY)
# A walreceiver connects within moments of the standby's start, or not at all.
_STREAMING_WAIT_S = 3.0


def start(action: Action) -> Exit:
    """STATE1 to STATE2 (primary configuration) or to STATE3 (standby)."""
    instance, start_flag = action.instance, flags.start_flag(action)
    files.remove(flags.monitor_flag(action), instance.account)
    files.remove(instance.parameters.trigger_file, instance.account)
    found, cluster = flags.observe(action), action.pacemaker.look()
    _warn_without_fencing(action, cluster)
    if not found.is_start_repressed and _is_running(action):
        return _adopt(action)
    verdict = decide.may_start(found, cluster, start_flag)
    if not verdict.is_allowed:
        raise _refused(action, verdict)
    action.try_to(lambda: recovery.release(instance))
    if found.is_standby_configured:
        return _start_standby(action)
    files.create(
        flags.monitor_flag(action), instance.account, "A promotion is awaited.\n"
    )
    action.pacemaker.set_score(decide.SCORE_PRIMARY)
    _set_status(action, decide.STATUS_WAITING)
    return Exit.SUCCESS


def promote(action: Action) -> Exit:
    """STATE2 or STATE3 to STATE4."""
    deadline = share(action.instance.deadline, MONITOR_SHARE)
    server = observe(action.instance, deadline)
    if server.role is Role.PRIMARY and server.service in _ALIVE:
        action.instance.log.info("PostgreSQL is already Master. Don't execute promote.")
        return _promoted(action)
    found, cluster = flags.observe(action), action.pacemaker.look()
    verdict = decide.may_promote(found, server, cluster, flags.start_flag(action))
    if not verdict.is_allowed:
        raise _refused(action, verdict)
    last_primary.claim(action, cluster)
    if server.role is Role.STANDBY:
        promote_server(action.instance)
    else:
        _start_primary(action)
    action.instance.log.info("PostgreSQL is promoted.")
    return _promoted(action)


def demote(action: Action) -> Exit:
    """STATE4 to STATE2: the flag says that the stopped server is no failure."""
    _give_up_score(action)
    did_run = from_processes(action.instance.pgdata) is not Service.STOPPED
    if did_run:
        action.instance.log.info("Stopping PostgreSQL on demote.")
        stop_server(action.instance)
    else:
        action.instance.log.info("PostgreSQL is already stopped on demote.")
    files.create(flags.monitor_flag(action), action.instance.account, "Demoted.\n")
    action.try_to(lambda: _write_status_of_stop(action, did_run))
    return Exit.SUCCESS


def stop(action: Action) -> Exit:
    """Any state to STATE1; success when nothing runs, whatever else is wrong."""
    _give_up_score(action)
    did_run = from_processes(action.instance.pgdata) is not Service.STOPPED
    if did_run:
        stop_server(action.instance)
    else:
        action.instance.log.info("PostgreSQL is already stopped.")
    action.try_to(lambda: last_primary.release(action))
    action.try_to(
        lambda: files.remove(flags.monitor_flag(action), action.instance.account)
    )
    action.try_to(lambda: _write_status_of_stop(action, did_run))
    return Exit.SUCCESS


def monitor(action: Action) -> Exit:
    """Say what is there, and put attributes right that are wrong."""
    instance, is_probe = action.instance, action.call.is_probe
    server = observe(instance, share(instance.deadline, MONITOR_SHARE), is_check=True)
    if server.service is Service.STOPPED:
        return _report_stopped(action)
    if is_probe:
        action.try_to(lambda: _put_to_use(action))
    said = _report(action, server)
    publish_receiver_status(action, server)
    explain(action, server, said)
    return said


def _report_stopped(action: Action) -> Exit:
    is_probe = action.call.is_probe
    is_repressed = not is_probe and files.exists(flags.monitor_flag(action))
    said = decide.report_stopped(is_repressed, is_probe)
    if said.status:
        _set_status(action, said.status)
    if said.code is Exit.NOT_RUNNING:
        action.instance.log.info("PostgreSQL is down")
    return said.code


def _report(action: Action, server: Server) -> Exit:
    """Say what runs, and write the attributes that differ from it."""
    try:
        cluster = action.pacemaker.look()
    except AgentError as error:
        action.instance.log.warning(str(error))
        return decide.report(server, has_streamed=False).code
    said = decide.report(server, decide.has_streamed(cluster))
    action.try_to(lambda: _write_changes(action, said, cluster))
    return said.code


def _write_status_of_stop(action: Action, did_run: bool) -> None:
    status = "" if did_run else action.pacemaker.attribute("status")
    wanted = decide.status_after_stop(did_run, status)
    if wanted != status:
        action.pacemaker.set_attribute("status", wanted)


def _start_standby(action: Action) -> Exit:
    instance = action.instance
    files.create(flags.start_flag(action), instance.account, "Started as a standby.\n")
    server = _start_server(action)
    if server.role is not Role.STANDBY:
        raise AgentError(
            "PostgreSQL was started as a standby, but is not in recovery; see its log"
        )
    deadline = min(now() + _STREAMING_WAIT_S, instance.deadline)
    streaming = until(lambda: _streaming(action), deadline)
    said = decide.report(streaming or server, has_streamed=False)
    action.pacemaker.set_score(said.score or decide.MINUS_INFINITY)
    _set_status(action, said.status or decide.STATUS_ALONE)
    return said.code


def _start_primary(action: Action) -> None:
    account = action.instance.account
    files.create(flags.start_flag(action), account, "Started as the primary.\n")
    server = _start_server(action)
    if server.role is not Role.PRIMARY:
        raise AgentError("Can't start PostgreSQL as primary on promote.")
    files.remove(flags.monitor_flag(action), account)


def _start_server(action: Action) -> Server:
    """Start the server; a failure says that the data directory counts as used."""
    try:
        return start_server(action.instance)
    except AgentError as error:
        error.advice += (
            f" The data directory counts as used now: before the next try remove"
            f" {flags.start_flag(action)}, unless the data may be out of date"
        )
        raise


def _streaming(action: Action) -> Server | None:
    server = observe(action.instance, action.instance.deadline)
    return None if server.is_streaming is False else server


def _promoted(action: Action) -> Exit:
    """Confirm: the attributes of a primary; nothing else is left to do."""
    files.remove(flags.monitor_flag(action), action.instance.account)
    action.pacemaker.set_score(decide.SCORE_PRIMARY)
    _set_status(action, decide.STATUS_PRIMARY)
    return Exit.SUCCESS


def _adopt(action: Action) -> Exit:
    """Take over a server that runs already: answer by its real state."""
    server = observe(action.instance, action.instance.deadline)
    action.instance.log.info("PostgreSQL is already running.")
    _put_to_use(action)
    code = _report(action, server)
    explain(action, server, code)
    return code


def _put_to_use(action: Action) -> None:
    """Set the flags of a server that was found running."""
    account, log = action.instance.account, action.instance.log
    log.warning("PostgreSQL runs already; it was not started by the cluster")
    files.remove(flags.monitor_flag(action), account)
    files.remove(action.instance.parameters.trigger_file, account)
    files.create(flags.start_flag(action), account, "Found running.\n")


def _write_changes(action: Action, said: decide.Report, cluster: Cluster) -> None:
    """Write only what differs: each write costs a process, and all nodes hear it.

    A standby's monitor, at most three processes, writes one attribute, the score
    first; the next one writes the other.
    """
    if said.score is not None and said.score != cluster.score:
        action.pacemaker.set_score(said.score)
        if _is_frugal(action, said):
            return
    if said.status is not None and said.status != cluster.own.get("status"):
        action.pacemaker.set_attribute("status", said.status)


def _is_frugal(action: Action, said: decide.Report) -> bool:
    is_recurring = action.call.action == "monitor" and not action.call.is_probe
    return is_recurring and said.code is Exit.SUCCESS


def _warn_without_fencing(action: Action, cluster: Cluster) -> None:
    if not cluster.is_fencing_enabled:
        action.instance.log.warning(
            "Fencing is disabled (stonith-enabled=false): after a network failure two"
            " primaries may take writes, and one side's data will be lost"
        )


def _refused(action: Action, verdict: Verdict) -> AgentError:
    if verdict.status:
        _set_status(action, verdict.status)
    return AgentError(verdict.reason, verdict.advice)


def _give_up_score(action: Action) -> None:
    action.try_to(lambda: action.pacemaker.set_score(decide.MINUS_INFINITY))


def _set_status(action: Action, status: str) -> None:
    action.try_to(lambda: action.pacemaker.set_attribute("status", status))


def _is_running(action: Action) -> bool:
    return from_processes(action.instance.pgdata) is Service.ANSWERS
