# SPDX-License-Identifier: GPL-2.0-or-later
"""A client that writes through a fault and keeps every acknowledged row.

It inserts increasing numbers, one commit each, where it finds the primary. Connecting
and committing have deadlines of their own, far shorter than those of TCP, so that the
pause it sees is the cluster's and not that of a client waiting on a dead address.
"""

from __future__ import annotations

import select
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Callable

from tests.cluster.harness.lan import Place
from tests.cluster.harness.postgres import USER
from tests.cluster.harness.verdict import Acknowledged, Verdict, judge
from tests.cluster.harness.wait import nothing_to_show, patient, wait_until

if TYPE_CHECKING:
    import psycopg2.extensions

TABLE = "acknowledged_to_a_client"
CONNECT_TIMEOUT_S = 0.25
STATEMENT_TIMEOUT_S = 1.0
SELECT_TIMEOUT_S = 30.0
PACE_S = 0.005  # at most 200 rows a second: the client must not be the load
RETRY_S = 0.02
ROW_TIMEOUT_S = 90.0
STOP_TIMEOUT_S = 10.0


class TookTooLong(Exception):
    """The server did not answer within the client's patience."""


class Writer:
    """Writes from start to stop, in a thread inside the cluster's network."""

    def __init__(
        self,
        clients: Place,
        evidence: Callable[[], str] = nothing_to_show,
        table: str = TABLE,
        beside: Place | None = None,
    ) -> None:
        """Take the place of clients on the cluster's network.

        `beside` is another place to write from, right beside a node say; the table is
        made, and the verdict asked for, from the first.
        """
        self.table = table
        self._place = beside or clients
        self.acknowledged: list[Acknowledged] = []
        self.last_failure = "none"
        self._evidence = evidence
        self._stopped = threading.Event()
        self.stopped_at = 0.0  # seconds since the epoch
        self._clients = clients
        self._writing: Future[None] | None = None
        self._verdict: Verdict | None = None

    def start(self) -> None:
        """Begin with an empty table; returns when the first row is acknowledged.

        Raises OSError when the place to write from is gone: its node lost power.
        """
        wait_until("an empty table for the writer", self._make_table, ROW_TIMEOUT_S)
        thread = ThreadPoolExecutor(1)
        writing = self._writing = thread.submit(self._write_there)
        thread.shutdown(wait=False)  # it ends with its only work
        self._wait("1 row", lambda: bool(self.acknowledged) or writing.done())
        if writing.done():
            writing.result()

    def stop(self) -> None:
        """Write no more; the verdict can still be asked for."""
        self._stopped.set()
        if self._writing is not None:
            self._writing.result(timeout=patient(STOP_TIMEOUT_S))

    def wait_for_rows(self, count: int) -> None:
        """Wait until that many rows have been acknowledged in all."""
        self._wait(f"{count} rows", lambda: len(self.acknowledged) >= count)

    def wait_for_new_row(self) -> Acknowledged:
        """Wait for the acknowledgement of a row that is written from now on."""
        now = time.time()
        self._wait(
            "a new row",
            lambda: bool(self.acknowledged) and self.acknowledged[-1].at > now,
        )
        return next(row for row in self.acknowledged if row.at > now)

    def verdict(self) -> Verdict:
        """Stop, and compare with what the primary holds at the first time of asking."""
        self.stop()
        if self._verdict is None:
            rows = self._surviving()
            self._verdict = judge(self.acknowledged, rows, self.stopped_at)
        return self._verdict

    def lost_so_far(self) -> tuple[int, ...]:
        """Return the rows acknowledged by now that the primary does not have."""
        acknowledged = list(self.acknowledged)
        surviving = self._surviving()
        return tuple(row.number for row in acknowledged if row.number not in surviving)

    def _surviving(self) -> set[int]:
        statement = f"SELECT number FROM {self.table}"
        rows = wait_until(
            "the surviving rows",
            lambda: self._try(statement),
            ROW_TIMEOUT_S,
            self._explain,
        )
        return {row[0] for row in rows or []}

    def _wait(self, awaited: str, look: Callable[[], bool]) -> None:
        wait_until(f"{awaited} of the writer", look, ROW_TIMEOUT_S, self._explain)

    def _explain(self) -> str:
        return (
            f"{len(self.acknowledged)} rows were acknowledged,"
            f" last failure: {self.last_failure}\n{self._evidence()}"
        )

    def _make_table(self) -> list[tuple[int]] | None:
        return self._try(
            f"DROP TABLE IF EXISTS {self.table};"
            f" CREATE TABLE {self.table} (number bigint PRIMARY KEY); SELECT 1"
        )

    def _try(self, statement: str) -> list[tuple[int]] | None:
        """Return a statement's rows, or None when no server answers."""
        with self._thread() as thread:
            return thread.submit(self._try_here, statement).result()

    def _thread(self) -> ThreadPoolExecutor:
        """Return a thread of its own: only threads can change networks, for good."""
        return ThreadPoolExecutor(1, initializer=self._clients.join)

    def _try_here(self, statement: str) -> list[tuple[int]] | None:
        import psycopg2

        try:
            opened = closing(connect(self._clients))
            with opened as connection, connection.cursor() as cursor:
                execute(connection, cursor, statement, SELECT_TIMEOUT_S)
                return list(cursor.fetchall())
        except (psycopg2.Error, TookTooLong) as error:
            self.last_failure = str(error).strip()
            return None

    def _write_there(self) -> None:
        self._place.join()
        self._write_until_stopped()

    def _write_until_stopped(self) -> None:
        import psycopg2

        number = 0
        while not self._stopped.is_set():
            try:
                with closing(connect(self._place)) as connection:
                    while not self._stopped.is_set():
                        number += 1
                        self._insert(connection, number)
                        self._stopped.wait(PACE_S)
            except (psycopg2.Error, TookTooLong) as error:
                self.last_failure = f"{error!r} at {time.time():.3f}"
                self._stopped.wait(RETRY_S)
        self.stopped_at = time.time()

    def _insert(self, connection: psycopg2.extensions.connection, number: int) -> None:
        with connection.cursor() as cursor:
            statement = f"INSERT INTO {self.table} VALUES ({number})"
            execute(connection, cursor, statement, STATEMENT_TIMEOUT_S)
        self.acknowledged.append(Acknowledged(number, time.time()))


@contextmanager
def closing(
    connection: psycopg2.extensions.connection,
) -> Iterator[psycopg2.extensions.connection]:
    """Close the connection at the end, not only its transaction as psycopg2 does."""
    try:
        yield connection
    finally:
        connection.close()


def connect(place: Place) -> psycopg2.extensions.connection:
    """Connect as a client who stands there, or raise within CONNECT_TIMEOUT_S."""
    import psycopg2

    connection = psycopg2.connect(
        host=place.host, port=place.port, user=USER, dbname=USER, async_=1
    )
    try:
        wait_until_ready(connection, CONNECT_TIMEOUT_S)
    except BaseException:
        connection.close()
        raise
    return connection


def execute(
    connection: psycopg2.extensions.connection,
    cursor: psycopg2.extensions.cursor,
    statement: str,
    timeout_s: float,
) -> None:
    """Run a statement, which commits on its own, or raise within the time."""
    cursor.execute(statement)
    wait_until_ready(connection, timeout_s)


def wait_until_ready(
    connection: psycopg2.extensions.connection, timeout_s: float
) -> None:
    """Wait for the connection as psycopg2's asynchronous mode prescribes.

    A client of slow nodes is as patient as the harness is.
    """
    from psycopg2.extensions import POLL_OK, POLL_READ

    limit_s = patient(timeout_s)
    deadline = time.monotonic() + limit_s
    while (state := connection.poll()) != POLL_OK:
        left_s = deadline - time.monotonic()
        descriptors = [connection.fileno()]
        reads, writes = (descriptors, []) if state == POLL_READ else ([], descriptors)
        if left_s <= 0 or not any(select.select(reads, writes, [], left_s)):
            raise TookTooLong(f"no answer within {limit_s} s")
