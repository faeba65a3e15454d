# SPDX-License-Identifier: GPL-2.0-or-later
"""From argv and environment to an exit code: dispatch, and the only place that catches.

An expected failure becomes an exit reason and its code.  A fault of the agent itself
becomes a traceback on standard error, a short reason, and code 1.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence

from pgsr import account, log, metadata, notification, ocf, pacemaker, validation
from pgsr.action import Action
from pgsr.declared import Parameters
from pgsr.instance import Instance
from pgsr.modes import follower, replication, standalone
from pgsr.ocf import AgentError, Exit, Invocation
from pgsr.postgres.observe import from_processes
from pgsr.state import Service
from pgsr.wait import now

Verb = Callable[[Action], Exit]

# Time for the agent itself to say why, before Pacemaker ends the action.
_MARGIN = 0.05
_LONGEST_MARGIN_S = 2.0
_ENVIRONMENT_LEVEL = 10


def main(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run one action and return its exit code."""
    if len(argv) != 2:
        sys.stdout.write(metadata.usage(ocf.program(argv, environ)))
        return Exit.ERROR
    call = ocf.parse_invocation(argv, environ)
    if call.action in _TEXTS:
        sys.stdout.write(_TEXTS[call.action](call.program))
        return Exit.SUCCESS
    journal = log.from_environment(environ, call.program, call.resource, os.getpid())
    try:
        return _run(call, environ, journal)
    except AgentError as error:
        journal.exit_reason(str(error), error.advice)
        return error.code
    except Exception as error:
        import traceback  # 7 ms that only a fault is worth

        traceback.print_exc()
        journal.exit_reason(
            f"Fault of the agent in {call.action}: {type(error).__name__}",
            "The log has the traceback. Please report it",
        )
        return Exit.ERROR


def _run(call: Invocation, environ: Mapping[str, str], journal: log.Log) -> Exit:
    parameters = Parameters(environ)
    verb = _verbs(parameters, call).get(call.action)
    if verb is None:
        is_known = call.action in metadata.NAMES
        unknown = f"Unknown action {call.action}; see usage"
        journal.exit_reason("Not in a replication mode." if is_known else unknown)
        return Exit.UNIMPLEMENTED
    if call.action == "promote":
        validation.require_parameters(parameters, call)
    if "pgdata" in parameters.refused and call.action in _ANSWERS_WITHOUT_SERVER:
        return _nothing_runs(call, journal, parameters.problems[0])
    try:
        owner = account.find(parameters.pgdba)
    except ocf.NotInstalled as error:
        if call.action not in _ANSWERS_WITHOUT_SERVER:
            raise validation.with_parameters(error, parameters, call) from None
        if from_processes(parameters.pgdata) is Service.STOPPED:
            return _nothing_runs(call, journal, str(error))
        owner = _owner_of_what_runs(parameters, call.action, error)
    account.require_right_to_act_as(owner)
    validation.warn_of_short_timeout(parameters, call, journal)
    margin_s = min(_LONGEST_MARGIN_S, call.timeout_s * _MARGIN)
    deadline = now() + call.timeout_s - margin_s
    instance = Instance(parameters, owner, journal, deadline)
    cluster = pacemaker.connect(call, environ, deadline)
    return verb(Action(call, instance, cluster, notification.parse(environ)))


def _nothing_runs(call: Invocation, journal: log.Log, why: str) -> Exit:
    """Answer that the resource is stopped, since no server can run as it is set.

    An error would make Pacemaker fence a healthy node.
    """
    journal.info(f"{why}: nothing runs")
    return _ANSWERS_WITHOUT_SERVER[call.action]


def _owner_of_what_runs(
    parameters: Parameters, action: str, error: AgentError
) -> account.Account:
    """Return who runs a server whose user ``pgdba`` is not: it can be stopped.

    Of the others, a probe's "not installed" would mean that no server runs.
    """
    if action in ("stop", "demote"):
        return account.owner_of(parameters.pgdata)
    raise AgentError(str(error))


def _verbs(parameters: Parameters, call: Invocation) -> Mapping[str, Verb]:
    """Return the handlers of the resource's mode.

    With a wrong rep_mode, a promotable resource still gets true answers of its role.
    """
    if parameters.is_managed:
        from pgsr.modes.managed.verbs import VERBS  # no other mode pays for it

        return {**_COMMON, **VERBS, "start": _start_with(VERBS["start"])}
    is_unknown = "rep_mode" in parameters.refused
    if parameters.rep_mode == "async" or (is_unknown and call.is_promotable):
        return {**_COMMON, **_REPLICATION}
    if parameters.rep_mode == "slave":
        return {**_COMMON, **_FOLLOWER}
    return {**_COMMON, **_STANDALONE}


def _status(action: Action) -> Exit:
    """Say whether the server's processes are there, and nothing more."""
    found = from_processes(action.instance.pgdata)
    return Exit.SUCCESS if found is Service.ANSWERS else Exit.NOT_RUNNING


def _validate(action: Action) -> Exit:
    """Check the parameters, and at level 10 this node too (OCF 1.1, check levels)."""
    validation.require(action, action.call.check_level >= _ENVIRONMENT_LEVEL)
    return Exit.SUCCESS


def _start_with(start: Verb) -> Verb:
    def checked(action: Action) -> Exit:
        # What ran here a moment ago is recovered without another look at the node.
        is_known = action.transition.is_recovering(action.call.node)
        is_running = from_processes(action.instance.pgdata) is Service.ANSWERS
        validation.require(action, is_node_checked=not (is_known or is_running))
        return start(action)

    return checked


def _nothing_to_do(_: Action) -> Exit:
    return Exit.SUCCESS


def _methods(_: str) -> str:
    return "".join(f"{name}\n" for name in metadata.NAMES)


_TEXTS: Mapping[str, Callable[[str], str]] = {
    "meta-data": metadata.render,
    "methods": _methods,
    "usage": metadata.usage,
}
_ANSWERS_WITHOUT_SERVER = {
    "stop": Exit.SUCCESS,
    "demote": Exit.SUCCESS,
    "monitor": Exit.NOT_RUNNING,
    "status": Exit.NOT_RUNNING,
}
_COMMON: Mapping[str, Verb] = {
    "status": _status,
    "notify": _nothing_to_do,
    "reload-agent": _nothing_to_do,
    "validate-all": _validate,
}
_STANDALONE: Mapping[str, Verb] = {
    "start": _start_with(standalone.start),
    "stop": standalone.stop,
    "monitor": standalone.monitor,
}
_FOLLOWER: Mapping[str, Verb] = {
    "start": _start_with(follower.start),
    "stop": follower.stop,
    "monitor": follower.monitor,
}
_REPLICATION: Mapping[str, Verb] = {
    "start": _start_with(replication.start),
    "stop": replication.stop,
    "monitor": replication.monitor,
    "promote": replication.promote,
    "demote": replication.demote,
}
