# SPDX-License-Identifier: GPL-2.0-or-later
"""Look for two primaries that clients can reach at one time.

It asks every node at its own address, from the clients' network and from the node's
own side of its cable, and the virtual address, several times a second. A server that
answers twice, with the same start time, that it is not in recovery was a primary all
the time between: a primary becomes a standby only by a restart. Two servers whose times
overlap were primaries together; that needs no clock but the observer's.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Callable, NamedTuple

from tests.cluster.harness.network import VIRTUAL_ADDRESS
from tests.cluster.harness.node import Node
from tests.cluster.harness.writer import TookTooLong, closing, connect, execute

INTERVAL_S = 0.1
ANSWER_TIMEOUT_S = 0.5
QUESTION = (
    "SELECT pg_postmaster_start_time()::text"
    " WHERE NOT pg_is_in_recovery()"
    " AND current_setting('transaction_read_only') = 'off'"
)


class Span(NamedTuple):
    """A time in which a server certainly was a primary; seconds of a steady clock."""

    server: str  # when it started, and where it was seen first
    began: float
    ended: float

    def __str__(self) -> str:
        return f"{self.server}, for {self.ended - self.began:.2f} s"


class Observer:
    """Keeps when which server was seen as a primary."""

    def __init__(self, nodes: tuple[Node, ...], join: Callable[[], None]) -> None:
        self.violations: list[str] = []
        self._nodes = nodes
        self._join = join
        self._spans: dict[str, Span] = {}
        self._guard = threading.Lock()
        self._ended = threading.Event()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Look around for the time of the block."""
        looks = [
            *((node, True) for node in self._nodes),
            *((node, False) for node in (*self._nodes, None)),
        ]
        threads = [
            threading.Thread(target=self._look_on, args=look, daemon=True)
            for look in looks
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._ended.set()
            for thread in threads:
                thread.join(timeout=10)

    def see(self, start_time: str, where: str, asked: float, answered: float) -> None:
        """Note that a server, known by its start time, answered as a primary."""
        with self._guard:
            known = self._spans.get(start_time)
            began = known.began if known else answered
            server = known.server if known else f"{where}, started {start_time}"
            seen = Span(server, began, max(asked, began, known.ended if known else 0))
            self._spans[start_time] = seen
            for other, span in self._spans.items():
                if other != start_time and overlap(span, seen) > 0:
                    self._report(span, seen)

    def _report(self, one: Span, other: Span) -> None:
        pair = " and ".join(sorted((one.server, other.server)))
        if not any(text.startswith(pair) for text in self.violations):
            seconds = overlap(one, other)
            self.violations.append(f"{pair} were primaries together, {seconds:.2f} s")

    def _look_on(self, node: Node | None, is_beside: bool) -> None:
        boots = -1
        if not is_beside:
            self._join()
        while not self._ended.wait(INTERVAL_S):
            if node is not None and is_beside:
                if not node.is_on:
                    continue
                if boots != node.machine.boots and not _moved(node):
                    continue
                boots = node.machine.boots
            self._look(node)

    def _look(self, node: Node | None) -> None:
        import psycopg2

        asked = time.monotonic()
        try:
            address = node.address if node else VIRTUAL_ADDRESS
            with closing(connect(address)) as connection, connection.cursor() as cursor:
                asked = time.monotonic()
                execute(connection, cursor, QUESTION, ANSWER_TIMEOUT_S)
                rows = cursor.fetchall()
        except (psycopg2.Error, TookTooLong):
            return
        for row in rows:
            where = str(node) if node else "the virtual address"
            self.see(row[0], where, asked, time.monotonic())


def overlap(one: Span, other: Span) -> float:
    """Return for how many seconds both certainly were primaries."""
    return min(one.ended, other.ended) - max(one.began, other.began)


def _moved(node: Node) -> bool:
    """Move this thread into the node's own network; False if it just lost power."""
    try:
        node.machine.join_network()
    except OSError:
        return False
    return True
