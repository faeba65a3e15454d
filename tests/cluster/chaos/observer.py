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
from contextlib import contextmanager, suppress
from typing import NamedTuple

from tests.cluster.harness.lan import Place
from tests.cluster.harness.machine import NoPower
from tests.cluster.harness.node import Node
from tests.cluster.harness.wait import patient
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

    def __init__(self, nodes: tuple[Node, ...], clients: Place) -> None:
        self.violations: list[str] = []
        self._nodes = nodes
        self._clients = clients
        self._spans: dict[str, Span] = {}
        self._guard = threading.Lock()
        self._ended = threading.Event()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Look around for the time of the block."""
        threads = [*self._far(), *map(self._beside, self._nodes)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._ended.set()
            for thread in threads:
                thread.join(timeout=patient(10))

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

    def _far(self) -> list[threading.Thread]:
        """Return a thread for each address, on the clients' network."""
        places = {str(n): self._clients._replace(host=n.address) for n in self._nodes}
        places["the virtual address"] = self._clients
        return [
            threading.Thread(target=self._look_from, args=(place, where), daemon=True)
            for where, place in places.items()
        ]

    def _beside(self, node: Node) -> threading.Thread:
        return threading.Thread(target=self._look_beside, args=(node,), daemon=True)

    def _look_from(self, place: Place, where: str) -> None:
        """Look from a place of the clients' network."""
        place.join()
        while not self._ended.wait(INTERVAL_S):
            self._look(place, where)

    def _look_beside(self, node: Node) -> None:
        """Look from the node's own side of its cable, a new place at each boot."""
        while not self._ended.wait(INTERVAL_S):
            if not node.is_on:
                continue
            # It may just have lost power.
            with suppress(NoPower, OSError):
                self._look_until_off(node)

    def _look_until_off(self, node: Node) -> None:
        boots = node.machine.boots
        with node.machine.place(node.address) as place:
            place.join()
            self._look(place, str(node))
            while not self._ended.wait(INTERVAL_S):
                if not node.is_on or node.machine.boots != boots:
                    return
                self._look(place, str(node))

    def _look(self, place: Place, where: str) -> None:
        import psycopg2

        asked = time.monotonic()
        try:
            opened = closing(connect(place))
            with opened as connection, connection.cursor() as cursor:
                asked = time.monotonic()
                execute(connection, cursor, QUESTION, ANSWER_TIMEOUT_S)
                rows = cursor.fetchall()
        except (psycopg2.Error, TookTooLong):
            return
        for row in rows:
            self.see(row[0], where, asked, time.monotonic())


def overlap(one: Span, other: Span) -> float:
    """Return for how many seconds both certainly were primaries."""
    return min(one.ended, other.ended) - max(one.began, other.began)
