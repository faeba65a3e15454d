# SPDX-License-Identifier: GPL-2.0-or-later
"""The recovery configuration that the agent writes: what makes the server a standby.

Before PostgreSQL 12 it is recovery.conf in the data directory.  From 12 on it is
standby.signal there, and settings in recovery.conf in the agent's own directory, which
the server's configuration includes.  Every file is complete at any moment, and is there
before anything refers to it.
"""

from __future__ import annotations

import os

from pgsr import directory, files
from pgsr.instance import Instance
from pgsr.ocf import AgentError
from pgsr.postgres import datadir, include_lines
from pgsr.postgres.observe import session
from pgsr.postgres.quoting import for_configuration, for_libpq
from pgsr.postgres.sql import Query
from pgsr.wait import now, until

_FIRST_WITH_SIGNAL = (12,)
_COMMANDS = ("restore_command", "archive_cleanup_command", "recovery_end_command")
_HEADER = "# Written by the resource agent at each start: changes here are lost.\n"


def prepare(instance: Instance, node: str, slot: str = "") -> None:
    """Make the stopped server a standby at its next start.

    ``node`` is the application_name and ``slot`` the primary_slot_name.  Killed
    anywhere in it, the server starts as before or as a standby.
    """
    if _has_signal(instance) or instance.parameters.is_managed:
        directory.ensure(instance)
    write_standby(instance, node, slot)
    include_lines.put(instance, _included_files(instance))
    if _has_signal(instance):
        files.create(_signal(instance), instance.account, "")


def write_standby(
    instance: Instance, node: str, slot: str = "", host: str = ""
) -> None:
    """Write recovery.conf anew; a running server takes it up by SIGHUP or restart.

    ``host`` is whom to follow instead of the primary.
    """
    lines = [
        f"{name} = {for_configuration(value)}\n"
        for name, value in settings(instance, node, slot, host).items()
    ]
    if not _has_signal(instance):
        lines.append("standby_mode = 'on'\n")
    files.replace(_file(instance), instance.account, _HEADER + "".join(lines))


def settings(
    instance: Instance, node: str, slot: str = "", host: str = ""
) -> dict[str, str]:
    """Return the settings of a standby, in the order in which they are written."""
    parameters = instance.parameters
    commands = {name: getattr(parameters, name) for name in _COMMANDS}
    found = {
        "primary_conninfo": conninfo(instance, node, host),
        "recovery_target_timeline": "latest",
        **{name: command for name, command in commands.items() if command},
    }
    if slot:
        found["primary_slot_name"] = slot
    return found


def conninfo(instance: Instance, node: str, host: str = "") -> str:
    """Return the connection string of a standby; the options come last and win."""
    parameters = instance.parameters
    given = {
        "host": host or parameters.master_ip,
        "port": str(parameters.pgport or ""),
        "user": parameters.repuser,
        "application_name": node.lower(),
    }
    words = [f"{name}={for_libpq(value)}" for name, value in given.items() if value]
    return " ".join([*words, parameters.primary_conninfo_opt]).rstrip()


def confirm(instance: Instance, node: str, slot: str = "", wait_s: float = 0) -> None:
    """Raise AgentError unless the running server uses what was written.

    A reload needs some time, ``wait_s``.  Before version 12 no server tells its
    recovery configuration.  No value is told: there may be passwords in them.
    """
    if not _has_signal(instance):
        return
    wanted = settings(instance, node, slot)
    deadline = min(instance.deadline, now() + wait_s)
    with session(instance, instance.deadline, as_owner=True) as query:
        if until(lambda: _differing(query, wanted) is None or None, deadline):
            return
        differing = _differing(query, wanted)
    if differing:
        name, place = differing
        raise AgentError(
            f"The server does not use the agent's {name}, but one from {place}."
            " Remove that one",
            f"In postgresql.auto.conf: ALTER SYSTEM RESET {name}, then reload",
        )


def release(instance: Instance) -> None:
    """Take back what the stopped server's configuration includes, in other modes.

    A standby goes on following as it was configured: without its include line it
    would stand still, and without standby.signal it would become a primary.
    """
    is_standby = datadir.is_standby_configured(instance.pgdata)

    def is_kept(path: str) -> bool:
        is_used = is_standby and path.endswith("/recovery.conf")
        if not is_used or not os.path.exists(path):
            return False
        instance.log.warning(
            f"{instance.pgdata} is a standby's and goes on following, configured by"
            f" {path}; only a promotion makes it a primary"
        )
        return True

    include_lines.keep(instance, is_kept)


def remove_standby(instance: Instance) -> None:
    """Make the stopped server a primary at its next start, on the same timeline."""
    is_signal = _has_signal(instance)
    path = _signal(instance) if is_signal else _file(instance)
    files.remove(path, instance.account)


def _differing(query: Query, wanted: dict[str, str]) -> tuple[str, str] | None:
    """Return a setting that is not as wanted, and where its value comes from.

    A setting that the session may not see is not in the view.
    """
    names = ", ".join(f"'{name}'" for name in wanted)
    rows = query(
        "select name, setting, coalesce(sourcefile || ' line ' || sourceline, source)"
        f" from pg_catalog.pg_settings where name in ({names})"
    )
    for name, setting, place in rows:
        if setting != wanted[name]:
            return name, place
    return None


def _included_files(instance: Instance) -> list[str]:
    """Return the files that the configuration includes; they are there."""
    parameters = instance.parameters
    found = [_file(instance)] if _has_signal(instance) else []
    if parameters.rep_mode == "sync":
        names = f"{parameters.directory}/rep_mode.conf"
        files.create(names, instance.account, "synchronous_standby_names = ''\n")
        found.append(names)
    return found


def _has_signal(instance: Instance) -> bool:
    return datadir.version_of(instance.pgdata) >= _FIRST_WITH_SIGNAL


def _signal(instance: Instance) -> str:
    return f"{instance.pgdata}/standby.signal"


def _file(instance: Instance) -> str:
    has_signal = _has_signal(instance)
    place = instance.parameters.directory if has_signal else instance.pgdata
    return f"{place}/recovery.conf"
