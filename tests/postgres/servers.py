# SPDX-License-Identifier: GPL-2.0-or-later
"""What the servers of a managed group are asked, and made to do, by a test."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from tests.postgres.node import Node


def lock_of(node: Node) -> Path:
    """Return the lock file of a node."""
    return node.flags / "PGSQL.lock"


def names_in_force(node: Node) -> str:
    """Return for whom the commits on a node wait."""
    return str(node.sql("show synchronous_standby_names"))


def is_standby(node: Node) -> bool:
    """Tell whether the server is in recovery."""
    return bool(node.sql("select pg_is_in_recovery()"))


def end_of_wal(node: Node) -> str:
    """Return how far a primary has written."""
    return str(node.sql("select pg_current_wal_flush_lsn()::text"))


def await_replay(node: Node, lsn: str) -> None:
    """Wait until a standby has replayed up to a position."""
    statement = f"select pg_last_wal_replay_lsn() >= '{lsn}'::pg_lsn"
    node.wait_for(f"replay of {lsn}", lambda: node.sql(statement))


def write_rows(node: Node, number: int) -> None:
    """Commit rows, each in a transaction of its own."""
    node.sql("create table if not exists t (n int)")
    for each in range(number):
        node.sql(f"insert into t values ({each})")


def rows(node: Node) -> int:
    """Count the rows that were committed."""
    return int(node.sql("select count(*) from t"))


def be_quiet(primary: Node, *standbys: Node) -> None:
    """Let the standbys have all that the primary has, and will have by itself."""
    primary.sql("checkpoint")
    lsn = end_of_wal(primary)
    for standby in standbys:
        await_replay(standby, lsn)


def is_alone(node: Node) -> bool:
    """Tell whether a standby is connected to nobody."""
    return int(node.sql("select count(*) from pg_stat_wal_receiver")) == 0


def process_of(node: Node, kind: str) -> int:
    """Return a process of a server by its backend_type, which only one has."""
    asked = f"select pid from pg_stat_activity where backend_type = '{kind}'"
    return int(node.sql(asked))


@contextmanager
def hanging(pid: int) -> Iterator[None]:
    """Let one process of a server hang for a while."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def commit_waits(node: Node) -> bool:
    """Commit a row; tell whether the commit waits for a standby.

    Then it is given up: the row is there, but nobody was told.
    """
    waiting = "from pg_stat_activity where wait_event = 'SyncRep'"
    with ThreadPoolExecutor(1) as executor:
        insert = executor.submit(node.sql, "insert into t values (-1)")
        node.wait_for(
            "a commit, or its wait",
            lambda: insert.done() or node.sql(f"select count(*) {waiting}"),
        )
        node.sql(f"select pg_terminate_backend(pid) {waiting}")
        return insert.exception() is not None
