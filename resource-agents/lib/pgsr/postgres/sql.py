# SPDX-License-Identifier: GPL-2.0-or-later
"""SQL: one connection per look, bounded on both sides.

The session sets its own timeouts, so it is immune to what the database or the role
has configured, and it never reads ``.psqlrc``.  Each wait for the server has a
deadline on this side too: a server that is stopped or hung keeps no timeout of its
own.
"""

from __future__ import annotations

import os
import select
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple

from pgsr.account import Account, acting_as
from pgsr.ocf import AgentError
from pgsr.wait import now

Rows = list[tuple[Any, ...]]
Query = Callable[[str], Rows]


class Target(NamedTuple):
    """Where and as whom to connect.  ``host`` may be a socket's directory."""

    account: Account
    host: str
    port: int | None
    database: str
    user: str
    password: str


class ConnectionFailed(AgentError):
    """The server gave no connection."""


class QueryFailed(AgentError):
    """The server gave a connection, but the statement failed."""


def connect(target: Target, deadline: float) -> AbstractContextManager[Query]:
    """Connect as the database's user and give a function that runs statements."""
    return _connected(target.account, _arguments(target, deadline), deadline)


def replicate(
    conninfo: str, account: Account, deadline: float
) -> AbstractContextManager[Query]:
    """Connect as the WAL receiver of a standby with this ``conninfo`` does.

    The statements are those of the streaming replication protocol.  ``conninfo`` may
    hold a password: no part of it is in an error.
    """
    return _connected(account, _replication_arguments(conninfo), deadline)


@contextmanager
def _connected(
    account: Account, arguments: dict[str, Any], deadline: float
) -> Iterator[Query]:
    """Connect and give a function that runs statements.

    An asynchronous connection, because only that one can be left at a deadline
    whatever state the server is in.  It commits each statement by itself.
    """
    import psycopg2

    _clear_libpq_environment(account)
    connection = None
    try:
        with acting_as(account):
            connection = psycopg2.connect(**arguments, async_=True)
            _finish(connection, deadline)
    except psycopg2.Error as error:
        raise ConnectionFailed(_first_line(error)) from None
    except TimeoutError:
        if connection is not None:
            connection.close()
        raise ConnectionFailed("the server did not answer in time") from None
    try:
        yield lambda statement: _run(connection, statement, deadline)
    finally:
        connection.close()


def _replication_arguments(conninfo: str) -> dict[str, Any]:
    """Return what makes a connection for physical replication.

    The WAL receiver gives the database's name for the sake of .pgpass
    (libpqrcv_connect).  psycopg2 would SET another style of dates, which is refused
    there, and its own name keeps it from being taken for the standby.
    """
    import psycopg2
    from psycopg2.extensions import parse_dsn

    try:
        given = parse_dsn(conninfo)
    except psycopg2.ProgrammingError:
        raise ConnectionFailed(
            "the connection string has an unknown option or a wrong quote"
        ) from None
    return {
        **given,
        "dbname": "replication",
        "replication": "true",
        "client_encoding": "UTF8",
        "application_name": "pgsr",
        "options": f"{given.get('options', '')} -c datestyle=ISO",
    }


def _arguments(target: Target, deadline: float) -> dict[str, Any]:
    timeout_ms = max(100, int((deadline - now()) * 1000))
    given = {
        "host": target.host,
        "port": target.port,
        "dbname": target.database,
        "user": target.user,
        "password": target.password,
    }
    return {
        **{name: value for name, value in given.items() if value},
        "client_encoding": "UTF8",
        "application_name": "pgsr",
        # A monitor_sql that writes must not wait for a standby.
        "options": f"-c statement_timeout={timeout_ms} -c synchronous_commit=local",
    }


def _run(connection: Any, statement: str, deadline: float) -> Rows:
    """Run ``statement`` and return its rows; no rows for one that gives none."""
    import psycopg2

    cursor = connection.cursor()
    try:
        cursor.execute(statement)
        _finish(connection, deadline)
        return cursor.fetchall() if cursor.description else []
    except psycopg2.Error as error:
        raise QueryFailed(_first_line(error)) from None
    except (ValueError, UnicodeError) as error:
        raise QueryFailed(f"the statement cannot be sent: {error}") from None
    except TimeoutError:
        raise QueryFailed(
            "the server gave no answer to the statement in time"
        ) from None


def _finish(connection: Any, deadline: float) -> None:
    """Let the connection do its work; TimeoutError at ``deadline``."""
    from psycopg2.extensions import POLL_OK, POLL_READ

    while True:
        state = connection.poll()
        if state == POLL_OK:
            return
        left_s = deadline - now()
        if left_s <= 0:
            raise TimeoutError
        waiting = select.POLLIN if state == POLL_READ else select.POLLOUT
        poller = select.poll()
        poller.register(connection.fileno(), waiting)
        poller.poll(left_s * 1000)


def _clear_libpq_environment(account: Account) -> None:
    """Let nothing but our own arguments, and the account's .pgpass, reach libpq."""
    for name in [name for name in os.environ if name.startswith("PG")]:
        del os.environ[name]
    os.environ["HOME"] = account.home


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
