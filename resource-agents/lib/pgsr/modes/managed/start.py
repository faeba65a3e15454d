# SPDX-License-Identifier: GPL-2.0-or-later
"""Start: always as a hot standby, and only on data that can follow the primary."""

from __future__ import annotations

import os

from pgsr.action import Action
from pgsr.decide import managed, rejoin
from pgsr.modes.managed import election, lock, proof, unrecorded
from pgsr.modes.managed.monitor import code_of
from pgsr.modes.managed.view import View, look, own_writes, write_some
from pgsr.modes.standalone import explain
from pgsr.ocf import AgentError, Exit
from pgsr.postgres import control, datadir, recovery, slots, sync_names
from pgsr.postgres.observe import from_processes, observe
from pgsr.postgres.start import launch as launch_server
from pgsr.postgres.start import start as start_server
from pgsr.postgres.stop import stop as stop_server
from pgsr.state import Lineage, Peer, Role, Service, Verdict
from pgsr.wait import now, share, until

_PROOF_S = 3.0
_LINEAGE_SHARE = 0.3
_ASK_INTERVAL_S = 0.1
_FIRST_WITH_CONFIG_FILE = (15,)  # option of pg_rewind


def start(action: Action) -> Exit:
    """Start the server as a standby; with no primary there, see who becomes it."""
    view = look(action)
    _warn_without_fencing(action, view)
    if from_processes(action.instance.pgdata) is Service.ANSWERS:
        return _adopt(action)
    data, primary = _data(action), managed.promoted(view.peers)
    is_recovering = _is_recovering(action, view)
    if not is_recovering:
        _give_up_score(action, view)
    history = _history(action, data, primary) if primary else None
    _prepare(action)
    server = start_server(action.instance)
    if server.role is Role.PRIMARY:
        raise AgentError(
            "PostgreSQL was started as a standby, but is not in recovery; see its log"
        )
    if primary and history:
        _confirm(action, data, history, primary)
    if primary:
        # Its shutdown as a primary is of no meaning any more, and it may be promoted
        # before its first monitor.
        election.withdraw(action)
    if is_recovering:
        return Exit.SUCCESS
    action.try_to(lambda: _confirm_configuration(action))
    _say_alone(action, view)
    if not primary:
        election.run(action, server, view)
    return Exit.SUCCESS


def launch(action: Action) -> None:
    """Start the server as a standby without waiting for it."""
    _prepare(action)
    launch_server(action.instance)


def _confirm_configuration(action: Action) -> None:
    """See that the server follows as it was told, and not as an old setting says."""
    instance, node = action.instance, action.call.node.lower()
    recovery.confirm(instance, node, slots.name_of(instance, node))


def _prepare(action: Action) -> None:
    """Write what makes the server a standby that nobody waits for."""
    instance, node = action.instance, action.call.node.lower()
    unrecorded.forget(action)
    recovery.prepare(instance, node, slots.name_of(instance, node))
    if instance.parameters.rep_mode == "sync":
        sync_names.write(instance, "")


def _is_recovering(action: Action, view: View) -> bool:
    """Tell whether the primary that failed here is to be promoted here again.

    It kept its score then: it has the newest data, and nobody else was promoted.
    """
    is_planned = action.transition.is_recovering(view.cluster.node)
    return is_planned and managed.may_take_over(view.cluster.score)


def _adopt(action: Action) -> Exit:
    """Answer for a server that runs already, by its real state."""
    server = observe(action.instance, action.instance.deadline)
    action.instance.log.info("PostgreSQL is already running.")
    code = code_of(server)
    explain(action, server, code)
    if code is Exit.RUNNING_PROMOTED:
        raise AgentError(
            "PostgreSQL runs as a primary already. Stop it, or clean the resource up"
            " to have it probed"
        )
    return code


def _data(action: Action) -> rejoin.Data:
    pgdata = action.instance.pgdata
    found = control.read(pgdata)
    if found is None:
        raise AgentError(
            f"{pgdata}/global/pg_control cannot be read: the data directory is damaged;"
            " restore a backup"
        )
    return rejoin.Data(pgdata, found, os.path.exists(f"{pgdata}/backup_label"))


def _history(action: Action, data: rejoin.Data, primary: Peer) -> Lineage | None:
    """Ask the primary for its history, and refuse data that is no part of it.

    A standby that never was a primary starts also when the primary cannot be asked:
    the server itself follows no history that left its own.
    """
    try:
        found = _ask(action)
    except AgentError as error:
        if lock.exists(action) or rejoin.was_primary(data):
            raise
        action.instance.log.warning(str(error))
        return None
    verdict = rejoin.may_follow(data, found, primary.name)
    if not verdict.is_allowed:
        raise _refused(action, verdict)
    return found


def _ask(action: Action) -> Lineage:
    """Ask the primary; its address may follow it a moment later."""
    from pgsr.postgres import lineage

    instance = action.instance
    errors: list[AgentError] = []  # one at least, as it is asked at least once
    deadline = share(instance.deadline, _LINEAGE_SHARE)

    def ask_once() -> Lineage | None:
        try:
            return lineage.ask(instance, instance.parameters.master_ip, deadline)
        except AgentError as error:
            errors.append(error)
            return None

    found = until(ask_once, deadline, _ASK_INTERVAL_S)
    if found is None:
        raise errors[-1]
    return found


def _confirm(
    action: Action, data: rejoin.Data, history: Lineage, primary: Peer
) -> None:
    """Prove that a former primary follows the new one; then its lock may go.

    What a crashed server had written last is seen only now that it has replayed it.
    """
    if not lock.exists(action) and not rejoin.was_primary(data):
        return

    deadline = min(now() + _PROOF_S, action.instance.deadline)
    does_follow = until(lambda: proof.follows(action, history), deadline)
    if does_follow is False:
        stop_server(action.instance)
        raise _refused(action, rejoin.diverged(primary.name))
    if does_follow:
        lock.remove(action)


def _refused(action: Action, verdict: Verdict) -> AgentError:
    parameters = action.instance.parameters
    programs = os.path.dirname(os.path.realpath(parameters.pgctl[0]))
    command = (
        f"runuser -u {parameters.pgdba} -- {programs}/pg_rewind"
        f" --target-pgdata={parameters.pgdata} --source-server='host="
        f"{parameters.master_ip} port={parameters.pgport or 5432}"
        f" user={parameters.pgdba} dbname=postgres'{_config_option(action)}"
    )
    if verdict.status:
        action.try_to(
            lambda: action.pacemaker.set_attribute(managed.STATUS, verdict.status)
        )
    return AgentError(
        verdict.reason,
        f"{verdict.advice}. To rewind (PostgreSQL 9.5 or later, with wal_log_hints or"
        " checksums): CHECKPOINT on the primary, without which pg_rewind before 16 sees"
        f" nothing to do, then {command} ; otherwise restore a backup. Then:"
        f" crm_resource --cleanup --resource {action.call.resource}"
        f" --node {action.call.node}",
    )


def _config_option(action: Action) -> str:
    """Return what pg_rewind needs to start a server that crashed (15 and later)."""
    parameters = action.instance.parameters
    is_known = datadir.version_of(parameters.pgdata) >= _FIRST_WITH_CONFIG_FILE
    return (
        f" --config-file={parameters.config}" if parameters.config and is_known else ""
    )


def _give_up_score(action: Action, view: View) -> None:
    wanted = {"score": managed.MINUS_INFINITY}
    action.try_to(lambda: _write(action, view, wanted))


def _say_alone(action: Action, view: View) -> None:
    write_some(action, own_writes(view, {managed.STATUS: managed.STATUS_ALONE}))


def _write(action: Action, view: View, wanted: dict[str, str]) -> None:
    write_some(action, own_writes(view, wanted))


def _warn_without_fencing(action: Action, view: View) -> None:
    if not view.cluster.is_fencing_enabled:
        action.instance.log.warning(
            "Fencing is disabled (stonith-enabled=false): after a network failure two"
            " primaries may take writes, and one side's data will be lost. No"
            " acknowledged commit is safe then, with rep_mode=sync neither"
        )
