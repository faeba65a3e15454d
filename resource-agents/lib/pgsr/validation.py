# SPDX-License-Identifier: GPL-2.0-or-later
"""What is wrong with the parameters, and with this node, before anything starts."""

from __future__ import annotations

import os
import pwd
import sys
from collections.abc import Sequence

from pgsr import files, validation_follower, validation_managed
from pgsr.account import Account, acting_as
from pgsr.action import Action
from pgsr.decide import configuration
from pgsr.declared import Parameters
from pgsr.instance import Instance
from pgsr.log import Log
from pgsr.ocf import (
    AgentError,
    Invocation,
    NotConfigured,
    NotInstalled,
    PermissionDenied,
)
from pgsr.postgres import datadir
from pgsr.postgres.promote import require_same_trigger_file

# Pacemaker tries no other node after the first, and another one after the others.
_WORST_FIRST = (NotConfigured, NotInstalled, PermissionDenied)


def require_parameters(parameters: Parameters, call: Invocation) -> None:
    """Raise NotConfigured with everything that is wrong on every node."""
    problems = _problems(parameters, call)
    if problems:
        raise NotConfigured("; ".join(problems))


def require(action: Action, is_node_checked: bool) -> None:
    """Raise one error with everything that is wrong; log what only deserves it.

    The node is not checked for values that were refused: it would be for defaults.
    """
    parameters, call = action.instance.parameters, action.call
    errors: list[AgentError] = [
        NotConfigured(text) for text in _problems(parameters, call)
    ]
    is_node_checked = is_node_checked and not parameters.refused
    if parameters.is_managed and call.action in ("start", "validate-all"):
        errors += _managed_errors(action, is_node_checked)
    if is_node_checked:
        errors += _node_errors(action.instance)
    if errors:
        raise _joined(errors)


def warn_of_short_timeout(
    parameters: Parameters, call: Invocation, journal: Log
) -> None:
    """Log that Pacemaker gives this action too little time."""
    if parameters.is_managed:
        for text in configuration.timeout_warnings(call):
            journal.warning(text)


def with_parameters(
    error: AgentError, parameters: Parameters, call: Invocation
) -> AgentError:
    """Return ``error`` together with what is wrong on every node."""
    return _joined([*map(NotConfigured, _problems(parameters, call)), error])


def _problems(parameters: Parameters, call: Invocation) -> list[str]:
    problems = list(parameters.problems)
    if parameters.monitor_password and not parameters.monitor_user:
        problems.append("monitor_user has to be set if monitor_password is set")
    if parameters.is_managed:
        problems += validation_managed.problems(parameters, call)
    elif parameters.rep_mode == "slave":
        problems += validation_follower.problems(parameters, call.is_promotable)
    elif parameters.rep_mode == "async":
        problems += _method_problems(parameters, call)
    return problems


def _managed_errors(action: Action, is_node_checked: bool) -> list[AgentError]:
    found = validation_managed.gather(action, is_node_checked)
    for text in validation_managed.warnings(action, found):
        action.instance.log.warning(text)
        if action.call.action == "validate-all":
            sys.stdout.write(f"WARNING: {text}\n")
    errors = validation_managed.cluster_errors(action, found)
    if is_node_checked:
        errors += validation_managed.node_errors(action, found)
    return errors


def _node_errors(instance: Instance) -> list[AgentError]:
    try:
        _require_node(instance)
    except AgentError as error:
        return [error]
    return []


def _joined(errors: Sequence[AgentError]) -> AgentError:
    """Return one error with all reasons, as severe as the worst of them."""
    if len(errors) == 1:
        return errors[0]
    found = {type(error) for error in errors}
    kind = next((each for each in _WORST_FIRST if each in found), AgentError)
    reasons = (str(error).rstrip(".") for error in errors)
    advice = filter(None, (error.advice for error in errors))
    return kind("; ".join(reasons), " ".join(advice))


def _require_node(instance: Instance) -> None:
    """Raise the error for what this node lacks to run the server."""
    parameters, account = instance.parameters, instance.account
    if not os.access(parameters.pgctl[0], os.X_OK):
        raise NotInstalled(
            f"Setup problem: couldn't find command: {parameters.pgctl[0]}",
            "Correct the parameter pgctl. On Debian and Ubuntu it is"
            " /usr/lib/postgresql/VERSION/bin/pg_ctl",
        )
    _require_data_directory(parameters, account)
    with acting_as(account):
        if not os.path.isfile(parameters.configuration_file):
            raise NotInstalled(
                f"Configuration file {parameters.configuration_file} doesn't exist"
                " (parameter config)"
            )
    _require_same_version(instance)
    if parameters.rep_mode == "async" and not parameters.is_managed:
        _require_flag_directories(parameters, account)
        if datadir.is_standby_configured(parameters.pgdata):
            require_same_trigger_file(instance)
    elif parameters.rep_mode == "slave":
        validation_follower.require_node(instance)


def _method_problems(parameters: Parameters, call: Invocation) -> list[str]:
    tmpdir, problems = parameters.directory, []
    if not call.is_promotable:
        problems.append(configuration.NOT_PROMOTABLE)
    if os.path.islink(tmpdir):
        target = os.path.realpath(tmpdir)
        problems.append(
            f"Parameter tmpdir={tmpdir}: it is a symbolic link; a directory itself is"
            f" accepted, such as {target}"
        )
    elif not os.path.isdir(tmpdir):
        problems.append(
            f"Parameter tmpdir={tmpdir}: there is no such directory; an existing"
            f" directory that {parameters.pgdba} can write is accepted"
        )
    return problems


def _require_data_directory(parameters: Parameters, account: Account) -> None:
    pgdata = parameters.pgdata
    try:
        owner = os.stat(pgdata).st_uid
    except OSError as error:
        raise NotInstalled(
            f"Data directory {pgdata}: {error.strerror} (parameter pgdata)"
        ) from None
    if owner != account.uid:
        raise PermissionDenied(
            f"Directory {pgdata} is not writable by {account.name}: it belongs to"
            f" {_name_of(owner)}, and PostgreSQL starts only as the owner"
        )
    if not datadir.version_of(pgdata):
        raise NotInstalled(
            f"Directory {pgdata} holds no PostgreSQL database: there is no PG_VERSION"
            " in it. Is its file system mounted?"
        )


def _require_same_version(instance: Instance) -> None:
    """Refuse programs of another major version: they cannot read the data."""
    pgctl, pgdata = instance.parameters.pgctl[0], instance.pgdata
    data = datadir.version_of(pgdata)
    programs = _version_of_programs(instance)
    if data != programs:
        raise NotInstalled(
            f"{pgdata} is of PostgreSQL {_dotted(data)}, but {pgctl} is of PostgreSQL"
            f" {_dotted(programs)}; correct the parameter pgctl or pgdata, or upgrade"
            " the data directory"
        )


def _version_of_programs(instance: Instance) -> tuple[int, ...]:
    # Without the options of the parameter: pg_ctl knows this as its first word only.
    argv = [instance.parameters.pgctl[0], "--version"]
    code, said = instance.run(argv)
    version = datadir.major_version(said)
    if code != 0 or not version:
        raise NotInstalled(f"{argv[0]} --version gave no version: {said}")
    return version


def _require_flag_directories(parameters: Parameters, account: Account) -> None:
    trigger_directory = os.path.dirname(parameters.trigger_file)
    wanted = {"tmpdir": parameters.directory, "trigger_file": trigger_directory}
    for name, directory in wanted.items():
        if not files.can_create_in(directory, account):
            raise PermissionDenied(
                f"Directory {directory} is not writable by {account.name} (parameter"
                f" {name}): it must be able to create and remove files there"
            )


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
