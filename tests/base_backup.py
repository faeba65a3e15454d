# SPDX-License-Identifier: GPL-2.0-or-later
"""A base backup taken while a primary is written to, and proof of what a copy holds.

There is a checkpoint in the middle of the copy, as on any busy server: whoever recovers
from that one, not from the beginning of the backup, has a corrupt database.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from psycopg2.extensions import connection, cursor

from tests.programs import must

Connect = Callable[[], connection]

ROWS = 20_000
CONTENT = "select count(*), sum(hashtext(t::text)::bigint) from {} t"
TABLES = ("accounts", "history")


def create_tables(connect: Connect) -> None:
    """Create the tables that are written to."""
    with session(connect) as run:
        run.execute("create table accounts (id int primary key, balance int)")
        run.execute("create table history (id serial, what text)")
        run.execute(
            f"insert into accounts select i, 0 from generate_series(1,{ROWS}) i"
        )


@contextmanager
def writing(connect: Connect) -> Iterator[None]:
    """Write to the primary all the time."""
    ending = threading.Event()
    failures: list[Exception] = []

    def write() -> None:
        try:
            with session(connect) as run:
                number = 0
                while not ending.is_set():
                    number += 1
                    run.execute(
                        "update accounts set balance = balance + 1 where id = %s",
                        (number * 997 % ROWS,),
                    )
                    run.execute("insert into history (what) values ('some words')")
        except Exception as error:  # told by the main thread
            failures.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        ending.set()
        writer.join()
    assert failures == []


def take_backup(connect: Connect, source: Path, target: Path, major: int) -> None:
    """Copy a data directory in use, as the manual has it ("Low Level API")."""
    begin, end = (
        ("pg_start_backup('test', true, false)", "pg_stop_backup(false)")
        if major < 15
        else ("pg_backup_start('test', true)", "pg_backup_stop()")
    )
    with session(connect) as run:
        run.execute(f"select {begin}")
        target.mkdir(mode=0o700)
        _copy(source, target, "base")
        run.execute("update accounts set balance = balance + 1000")
        run.execute("delete from history where id % 2 = 0")
        run.execute("checkpoint")
        rest = {path.name for path in source.iterdir()} - {"base", "pg_wal"}
        for name in sorted(rest - {"postmaster.pid", "postmaster.opts"}):
            _copy(source, target, name)
        run.execute(f"select labelfile from {end}")
        (label,) = run.fetchone() or ("",)
        _copy(source, target, "pg_wal")
        (target / "backup_label").write_text(label)
    for path in (target, target / "backup_label"):
        shutil.chown(path, source.owner(), source.group())


def content(connect: Connect) -> list[object]:
    """Count and checksum of the rows of each table."""
    found: list[object] = []
    with session(connect) as run:
        run.execute("set enable_indexscan = off")
        for table in TABLES:
            run.execute(CONTENT.format(table))
            found.append(run.fetchone())
    return found


def end_of_wal(connect: Connect) -> str:
    """Return how far the primary has written."""
    with session(connect) as run:
        run.execute("select pg_current_wal_lsn()")
        return str((run.fetchone() or [""])[0])


def has_replayed(connect: Connect, lsn: str) -> bool:
    """Tell whether a standby has come as far."""
    with session(connect) as run:
        run.execute("select pg_last_wal_replay_lsn() >= %s::pg_lsn", (lsn,))
        return bool((run.fetchone() or [False])[0])


@contextmanager
def session(connect: Connect) -> Iterator[cursor]:
    """A session in which each statement is its own transaction."""
    opened = connect()
    try:
        opened.autocommit = True
        with opened.cursor() as run:
            yield run
    finally:
        opened.close()


def _copy(source: Path, target: Path, name: str) -> None:
    """Copy with cp: files may vanish meanwhile, which is no harm."""
    must(["sh", "-c", 'cp --archive "$0" "$1" || test -e "$1"/"$2"',
          str(source / name), str(target), name])  # fmt: skip
