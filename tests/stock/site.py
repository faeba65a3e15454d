# SPDX-License-Identifier: GPL-2.0-or-later
"""A place with a PostgreSQL 15 that an agent manages: directories, server, parameters.

What is done to the server here is done without any agent.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psycopg2
from psycopg2.extensions import connection

from tests.processes import parent_of
from tests.programs import DATABASE_USER, Ended, must, run
from tests.provision.postgresql import DEBIAN_BIN

PR_SET_CHILD_SUBREAPER = 36  # sys/prctl.h

CONFIGURATION = """
listen_addresses = ''
unix_socket_directories = '{socket}'
fsync = off
dynamic_shared_memory_type = mmap
max_wal_senders = 10
min_wal_size = 2MB
max_wal_size = 4MB
shared_buffers = 4MB
"""


class Site(NamedTuple):
    """One server's directories."""

    top: Path

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.top / "data"

    @property
    def socket(self) -> Path:
        """The directory of the Unix socket, the only way to connect."""
        return self.top / "socket"

    @property
    def log(self) -> Path:
        """The log file of the server."""
        return self.top / "log" / "postgresql.log"

    def parameters(self) -> dict[str, str]:
        """The agent's parameters for this server."""
        return {
            "pgctl": str(DEBIAN_BIN / "pg_ctl"),
            "psql": str(DEBIAN_BIN / "psql"),
            "pgdata": str(self.data),
            "socketdir": str(self.socket),
            "logfile": str(self.log),
        }

    def pid(self) -> int | None:
        """The number in the pid file, if there is one."""
        try:
            return int((self.data / "postmaster.pid").read_text().split()[0])
        except FileNotFoundError:
            return None


def make_template(directory: Path) -> None:
    """Create a data directory to be copied."""
    directory.mkdir(exist_ok=True)
    shutil.chown(directory, DATABASE_USER, DATABASE_USER)
    must(
        [
            str(DEBIAN_BIN / "initdb"), "--no-sync", "--auth=trust", "--wal-segsize=1",
            "--username", DATABASE_USER, "--pgdata", str(directory / "data"),
        ],
        user=DATABASE_USER,
    )  # fmt: skip


def make_site(top: Path, template: Path) -> Site:
    """Create a stopped server below `top`, from a template."""
    site = Site(top)
    top.mkdir()
    for directory in (site.socket, site.log.parent):
        directory.mkdir()
        shutil.chown(directory, DATABASE_USER, DATABASE_USER)
    must(["cp", "--archive", "--reflink=auto", str(template / "data"), str(site.data)])
    with (site.data / "postgresql.conf").open("a") as file:
        file.write(CONFIGURATION.format(socket=site.socket))
    return site


def start_server(site: Site, *options: str) -> None:
    """Start the server without an agent."""
    ended = pg_ctl(site, "start", "-w", "-l", str(site.log), "-o", " ".join(options))
    assert ended.code == 0, f"{ended}\n{site.log.read_text()}"


def stop_server(site: Site, mode: str = "immediate") -> None:
    """Stop the server without an agent, if it runs."""
    if (site.data / "postmaster.pid").exists():
        pg_ctl(site, "stop", "-w", "-m", mode)


def pg_ctl(site: Site, action: str, *options: str) -> Ended:
    """Run pg_ctl as an administrator would."""
    argv = [str(DEBIAN_BIN / "pg_ctl"), "-D", str(site.data), action, *options]
    return run(argv, timeout_s=60, user=DATABASE_USER)


def connect(site: Site, user: str = DATABASE_USER) -> connection:
    """A session on the server, in which each statement is its own transaction."""
    session = psycopg2.connect(
        host=str(site.socket), user=user, dbname="template1", connect_timeout=10
    )
    session.autocommit = True
    return session


@contextmanager
def connections_exhausted(site: Site) -> Iterator[None]:
    """Hold sessions until the server refuses one, of a superuser too."""
    sessions: list[connection] = []
    try:
        while len(sessions) < 200:
            sessions.append(connect(site))
        raise AssertionError("the server never refused a connection")
    except psycopg2.OperationalError as error:
        if "too many clients" not in str(error):
            raise
        yield
    finally:
        for session in sessions:
            session.close()


def is_running(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def await_end(pid: int, timeout_s: float = 20) -> None:
    """Wait until a process is gone."""
    deadline = time.monotonic() + timeout_s
    while is_running(pid):
        assert time.monotonic() < deadline, f"process {pid} still runs"
        time.sleep(0.02)


def start_as_child(site: Site) -> None:
    """Start the server such that it becomes a child of this process.

    Otherwise it would depend on the machine's init whether a killed one stays a zombie.
    """
    adopt_orphans(True)
    try:
        start_server(site)
    finally:
        adopt_orphans(False)


def adopt_orphans(wanted: bool) -> None:
    """Become the parent of descendants whose parent ends, or no longer (prctl(2))."""
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(PR_SET_CHILD_SUBREAPER, int(wanted), 0, 0, 0) == 0


def kill_server(site: Site) -> int:
    """Kill the postmaster, our child, as a crash does; it stays a zombie.

    Its pid file stays too. The answer is its pid.
    """
    pid = site.pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    await_end(pid)
    return pid


def reap(site: Site) -> None:
    """Let a killed postmaster that is our child vanish."""
    pid = site.pid()
    if pid is not None and parent_of(pid) == os.getpid():
        os.waitpid(pid, 0)
