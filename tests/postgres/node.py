# SPDX-License-Identifier: GPL-2.0-or-later
"""A node of a test: a data directory, its server, and the agent called on it.

Nodes share the machine, so each has its own port and its own socket directory.
"""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psycopg2
import pytest
from psycopg2.extensions import connection

from tests.postgres.cluster import RESOURCE, Cluster
from tests.programs import DATABASE_USER, PATH, Ended, exit_reason, must, run

CHECKOUT = Path(__file__).resolve().parents[2]
AGENT = CHECKOUT / "resource-agents/resource.d/pgsr/pgsr"
ROLES = {0: "Unpromoted", 7: "Stopped", 8: "Promoted"}
WAIT_S = 20
MORE_THAN_CONNECTIONS = 150

CONFIGURATION = """
listen_addresses = ''
unix_socket_directories = '{socket}'
port = {port}
wal_level = replica
hot_standby = on
max_wal_senders = 10
wal_receiver_status_interval = 1
shared_buffers = 4MB
fsync = off
dynamic_shared_memory_type = mmap
"""


class Answer(NamedTuple):
    """What the agent answered: exit code, exit reason, and all it logged."""

    code: int | None
    reason: str
    log: str
    out: str


class Node(NamedTuple):
    """One node; `major` is the version of its PostgreSQL."""

    name: str
    top: Path
    programs: Path
    major: int
    port: int
    cluster: Cluster

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.top / "data"

    @property
    def flags(self) -> Path:
        """The directory of the flag files (parameter tmpdir)."""
        return self.top / "flags"

    @property
    def start_flag(self) -> Path:
        """repress_start."""
        return self.flags / f"PGSQL.{self.port}.repress_start"

    @property
    def monitor_flag(self) -> Path:
        """repress_monitor."""
        return self.flags / f"PGSQL.{self.port}.repress_monitor"

    @property
    def trigger(self) -> Path:
        """The trigger file."""
        return self.flags / "trigger"

    def parameters(self) -> dict[str, str]:
        """Return the resource's parameters on this node."""
        return {
            "pgctl": str(self.programs / "pg_ctl"),
            "pgdata": str(self.data),
            "pgport": str(self.port),
            "logfile": str(self.top / "server.log"),
            "rep_mode": "async",
            "tmpdir": str(self.flags),
            "trigger_file": str(self.trigger),
        }

    def environment(self, **changes: str) -> dict[str, str]:
        """Return what Pacemaker hands to an action; changes are parameters."""
        given = {**self.parameters(), **changes}
        return {
            "PATH": PATH,
            "OCF_ROOT": "/usr/lib/ocf",
            "OCF_RESOURCE_INSTANCE": RESOURCE,
            "OCF_RESKEY_CRM_meta_timeout": "30000",
            "OCF_RESKEY_CRM_meta_interval": "10000",
            "OCF_RESKEY_CRM_meta_on_node": self.name,
            "OCF_RESKEY_CRM_meta_promotable": "true",
            "HA_SBIN_DIR": str(self.cluster.tools),
            "OCF_CHECK_LEVEL": given.pop("CHECK_LEVEL", "0"),
            **{f"OCF_RESKEY_{name}": value for name, value in given.items()},
        }

    def agent(self, action: str, **changes: str) -> Answer:
        """Call the agent as Pacemaker does."""
        return answer_of(
            run([str(AGENT), action], 40, environment=self.environment(**changes))
        )

    def probe(self) -> Answer:
        """Call the probe."""
        return self.agent("monitor", CRM_meta_interval="0")

    def operate(self, action: str) -> Answer:
        """Call an action that must succeed, and let the cluster know its outcome."""
        answer = self.agent(action)
        assert answer.code == 0, (action, answer)
        roles = {"promote": "Promoted", "stop": "Stopped"}
        self.cluster.set_node(self.name, role=roles.get(action, "Unpromoted"))
        return answer

    def sql(self, statement: str) -> Any:
        """Run a statement; return the first column of its first row, if any."""
        session = self.connect()
        try:
            session.autocommit = True
            with session.cursor() as cursor:
                cursor.execute(statement)
                row = cursor.fetchone() if cursor.description else None
                return row[0] if row else None
        finally:
            session.close()

    def pid(self) -> int:
        """Return the postmaster's process."""
        return int((self.data / "postmaster.pid").read_text().split()[0])

    def suspend(self) -> None:
        """Stop the postmaster with SIGSTOP: it lives and answers nothing."""
        os.kill(self.pid(), signal.SIGSTOP)

    def resume(self) -> None:
        """Let the postmaster go on."""
        os.kill(self.pid(), signal.SIGCONT)

    @contextmanager
    def connections_exhausted(self) -> Iterator[None]:
        """Hold sessions until the server refuses one, of a superuser too."""
        sessions: list[connection] = []
        try:
            with pytest.raises(psycopg2.OperationalError, match="too many clients"):
                sessions.extend(self.connect() for _ in range(MORE_THAN_CONNECTIONS))
            yield
        finally:
            for session in sessions:
                session.close()

    def connect(self) -> connection:
        """Return a session on the server."""
        return psycopg2.connect(
            host=str(self.top), port=self.port, user=DATABASE_USER, dbname="postgres"
        )

    def kill_server(self) -> None:
        """End the postmaster by SIGKILL, and wait until its children are gone."""
        os.kill(self.pid(), 9)
        self.wait_for("SIGKILL", lambda: self.probe().code == 7)

    def end_server(self) -> None:
        """End the server at the end of a test, if one runs."""
        if (self.data / "postmaster.pid").exists():
            pg_ctl = [str(self.programs / "pg_ctl"), "-D", str(self.data)]
            run([*pg_ctl, "-w", "-m", "immediate", "stop"], 30, user=DATABASE_USER)

    def wait_for(self, what: str, condition: Callable[[], object]) -> None:
        """Wait for a condition; the failure says what was awaited."""
        deadline = time.monotonic() + WAIT_S
        while not condition():
            assert time.monotonic() < deadline, f"{self.name}: waited for {what}"
            time.sleep(0.02)

    def follow(self, primary: Node) -> None:
        """Configure the data directory as a standby of `primary`."""
        conninfo = (
            f"host={primary.top} port={primary.port} user={DATABASE_USER}"
            f" application_name={self.name}"
        )
        if self.major < 12:
            text = f"standby_mode = on\nprimary_conninfo = '{conninfo}'\n"
            text += f"trigger_file = '{self.trigger}'\n"
            text += "recovery_target_timeline = 'latest'\n"
            self.write(self.data / "recovery.conf", text)
            return
        self.write(self.data / "standby.signal", "")
        settings = f"primary_conninfo = '{conninfo}'\n"
        if self.major < 16:
            settings += f"promote_trigger_file = '{self.trigger}'\n"
        with (self.data / "postgresql.conf").open("a") as file:
            file.write(settings)

    def restore(self, primary: Node) -> None:
        """Take a copy of the stopped `primary`, and configure it as its standby."""
        shutil.rmtree(self.data, ignore_errors=True)
        copy_data(primary.data, self)
        self.follow(primary)

    def save(self) -> Path:
        """Keep a copy of the stopped server's data, to begin from it again."""
        must(["cp", "--archive", str(self.data), str(self.top / "saved")])
        return self.top / "saved"

    def restore_from(self, saved: Path) -> None:
        """Begin again: saved data, no flags, an unused node in the cluster."""
        shutil.rmtree(self.data)
        must(["cp", "--archive", str(saved), str(self.data)])
        for flag in self.flags.iterdir():
            flag.unlink()
        self.cluster.set_node(self.name, role="Stopped", attributes={})

    def is_running(self) -> bool:
        """Tell whether a postmaster runs, by its own word."""
        argv = [str(self.programs / "pg_ctl"), "-D", str(self.data), "status"]
        return run(argv, 20, user=DATABASE_USER).code == 0

    def start_server(self) -> None:
        """Start the server without the agent."""
        argv = [str(self.programs / "pg_ctl"), "-D", str(self.data), "-w", "start"]
        log = str(self.top / "server.log")
        assert run([*argv, "-l", log], 30, user=DATABASE_USER).code == 0

    def write(self, path: Path, text: str) -> None:
        """Write a file as the database's user would."""
        path.write_text(text)
        shutil.chown(path, DATABASE_USER, DATABASE_USER)


def answer_of(ended: Ended) -> Answer:
    """Return the answer in an ended call."""
    assert "Traceback" not in ended.err, ended.err
    return Answer(ended.code, exit_reason(ended), ended.err, ended.out)


def make_template(programs: Path, directory: Path) -> Path:
    """Create a data directory to be copied."""
    directory.mkdir(mode=0o755)
    shutil.chown(directory, DATABASE_USER, DATABASE_USER)
    argv = [str(programs / "initdb"), "-N", "-A", "trust", "-U", DATABASE_USER]
    must([*argv, "-D", str(directory / "data")], user=DATABASE_USER)
    return directory / "data"


def make_node(node: Node, template: Path) -> Node:
    """Create a node with a primary's data directory, stopped and never used."""
    for directory in (node.top, node.flags):
        directory.mkdir(mode=0o755)
        shutil.chown(directory, DATABASE_USER, DATABASE_USER)
    copy_data(template, node)
    return node


def copy_data(source: Path, node: Node) -> None:
    """Copy a stopped server's data, with the node's own configuration."""
    must(["cp", "--archive", str(source), str(node.data)])
    configuration = CONFIGURATION.format(socket=node.top, port=node.port)
    node.write(node.data / "postgresql.conf", configuration)
    for name in ("standby.signal", "recovery.conf", "recovery.done", "postmaster.pid"):
        (node.data / name).unlink(missing_ok=True)
