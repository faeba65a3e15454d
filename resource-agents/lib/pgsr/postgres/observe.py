# SPDX-License-Identifier: GPL-2.0-or-later
"""What state a server is in, as seen from its processes and one connection."""

from __future__ import annotations

from contextlib import AbstractContextManager

from pgsr.decide.health import statement_to_check
from pgsr.declared import Parameters
from pgsr.instance import Instance
from pgsr.postgres import control, datadir, ping, postmaster, replication, sql
from pgsr.state import ControlState, Role, Server, Service

_IS_FULL_SQL = """
select count(*) >= current_setting('max_connections')::int
                 - current_setting('superuser_reserved_connections')::int
                 - coalesce(current_setting('reserved_connections', true), '0')::int
  from pg_catalog.pg_stat_activity where usename is not null
"""

_ROLES = {
    ControlState.IN_PRODUCTION: Role.PRIMARY,
    ControlState.IN_ARCHIVE_RECOVERY: Role.STANDBY,
}


def observe(instance: Instance, deadline: float, is_check: bool = False) -> Server:
    """Return the server's state; with ``is_check``, monitor_sql is run as well.

    A server that takes no connection because it is full, starting, or recovering is
    alive: its role is then read from the control file.
    """
    service = from_processes(instance.pgdata)
    if service is not Service.ANSWERS:
        return Server(service)
    seen = _observe(instance, deadline, is_check)
    if isinstance(seen, Server):
        return seen
    refused = _refused(instance, deadline, seen)
    if refused.service is not Service.FAILS:
        return refused
    # It may have been starting at the first connection, and be ready at the next.
    again = _observe(instance, deadline, is_check)
    if isinstance(again, Server):
        return again
    return _refused(instance, deadline, again)


def _observe(instance: Instance, deadline: float, is_check: bool) -> Server | str:
    """Return the server's state, or why it gave no connection."""
    try:
        with session(instance, deadline) as query:
            server = _ask(instance, query, deadline)
            statement = _statement(instance, server.role) if is_check else ""
            if statement:
                query(statement)
            return server
    except sql.ConnectionFailed as error:
        return str(error)
    except sql.QueryFailed as error:
        return Server(Service.FAILS, _role_on_disk(instance), reason=str(error))


def from_processes(pgdata: str) -> Service:
    """Return STOPPED, LEFTOVERS, or ANSWERS when a connection is worth trying."""
    found = postmaster.find(pgdata)
    if found.postmaster:
        return Service.ANSWERS
    return Service.LEFTOVERS if found.others else Service.STOPPED


def session(
    instance: Instance, deadline: float, as_owner: bool = False
) -> AbstractContextManager[sql.Query]:
    """Connect to the server as the monitoring role, or as the database's owner."""
    return sql.connect(target(instance, as_owner), deadline)


def target(instance: Instance, as_owner: bool = False) -> sql.Target:
    """Return where to connect: the parameters first, else what the server wrote."""
    parameters = instance.parameters
    said = postmaster.read_pid_file(instance.pgdata)
    host = parameters.pghost or parameters.socketdir
    if said and not host:
        host = said.socket_directory or said.listen_address
    as_owner = as_owner or not parameters.monitor_user
    return sql.Target(
        account=instance.account,
        host=host,
        port=parameters.pgport or (said.port if said else None),
        database=parameters.pgdb,
        user=parameters.pgdba if as_owner else parameters.monitor_user,
        password="" if as_owner else parameters.monitor_password,
    )


def _statement(instance: Instance, role: Role) -> str:
    parameters = instance.parameters
    default = Parameters.monitor_sql.default
    return statement_to_check(
        parameters.rep_mode, role, parameters.monitor_sql, default
    )


def _ask(instance: Instance, query: sql.Query, deadline: float) -> Server:
    said = _asked(instance, query)
    if said.hidden:
        said = _asked_as_owner(instance, said, deadline)
    role = Role.STANDBY if said.is_in_recovery else Role.PRIMARY
    is_streaming = None if said.receiver is None else said.receiver == "streaming"
    if role is Role.PRIMARY:
        is_streaming = False
    return Server(
        Service.ANSWERS,
        role,
        is_streaming,
        primary=said.primary,
        standby=said.standby,
    )


def _asked(instance: Instance, query: sql.Query) -> replication.Said:
    version = datadir.version_of(instance.pgdata)
    return replication.ask_all(query, version, instance.parameters.is_managed)


def _asked_as_owner(
    instance: Instance, said: replication.Said, deadline: float
) -> replication.Said:
    """Ask as the database's owner what monitor_user may not see."""
    instance.log.warning(
        f"monitor_user {instance.parameters.monitor_user} may not see the state of"
        f" {said.hidden}: GRANT pg_monitor TO it"
    )
    try:
        with session(instance, deadline, as_owner=True) as query:
            return _asked(instance, query)
    except (sql.ConnectionFailed, sql.QueryFailed):
        return said


def _refused(instance: Instance, deadline: float, reason: str) -> Server:
    """Tell a busy server from one that is broken, by the SQLSTATE of its refusal."""
    service = _kind_of_refusal(instance, deadline)
    still = from_processes(instance.pgdata)
    if still is not Service.ANSWERS:
        return Server(still)
    return Server(service, _role_on_disk(instance), reason=reason)


def _kind_of_refusal(instance: Instance, deadline: float) -> Service:
    place = target(instance)
    try:
        code = ping.sqlstate(
            place.host, place.port or 0, place.user, place.database, deadline
        )
    except (OSError, ValueError):
        return Service.UNREACHABLE
    if code in (ping.TOO_MANY_CONNECTIONS, ping.CANNOT_CONNECT_NOW):
        return Service.BUSY
    # An ordinary role is refused only after its authentication when nothing but
    # the superuser's reserved connections are left.
    is_ordinary = bool(instance.parameters.monitor_user)
    if is_ordinary and _is_full(instance, deadline):
        return Service.BUSY
    return Service.FAILS


def _is_full(instance: Instance, deadline: float) -> bool:
    try:
        with session(instance, deadline, as_owner=True) as query:
            return bool(query(_IS_FULL_SQL)[0][0])
    except (sql.ConnectionFailed, sql.QueryFailed):
        return False


def _role_on_disk(instance: Instance) -> Role:
    state = control.state_of(instance.pgdata)
    return _ROLES.get(state, Role.UNKNOWN) if state else Role.UNKNOWN
