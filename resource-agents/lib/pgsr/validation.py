# SPDX-License-Identifier: GPL-2.0-or-later
"""What is wrong with the parameters, and with this node, before anything starts."""

from __future__ import annotations

import os
import pwd

from pgsr import files, validation_follower
from pgsr.account import Account, acting_as
from pgsr.declared import Parameters
from pgsr.instance import Instance
from pgsr.ocf import NotConfigured, NotInstalled, PermissionDenied
from pgsr.postgres import datadir
from pgsr.postgres.promote import require_same_trigger_file


def require_parameters(parameters: Parameters, is_promotable: bool) -> None:
    """Raise NotConfigured with everything that is wrong on every node."""
    problems = list(parameters.problems)
    if parameters.monitor_password and not parameters.monitor_user:
        problems.append("monitor_user has to be set if monitor_password is set")
    if parameters.is_managed:
        problems.append("managed replication is not part of this version")
    elif parameters.rep_mode == "slave":
        problems += validation_follower.problems(parameters, is_promotable)
    elif parameters.rep_mode == "async":
        problems += _replication_problems(parameters, is_promotable)
    if problems:
        raise NotConfigured("; ".join(problems))


def require_node(instance: Instance) -> None:
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
    if parameters.rep_mode == "async":
        _require_flag_directories(parameters, account)
        if datadir.is_standby_configured(parameters.pgdata):
            require_same_trigger_file(instance)
    elif parameters.rep_mode == "slave":
        validation_follower.require_node(instance)


def _replication_problems(parameters: Parameters, is_promotable: bool) -> list[str]:
    tmpdir, problems = parameters.directory, []
    if not is_promotable:
        problems.append(
            "Replication(rep_mode=async or sync) requires Master/Slave configuration."
            " Make the resource a promotable clone"
        )
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
