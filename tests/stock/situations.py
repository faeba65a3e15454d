# SPDX-License-Identifier: GPL-2.0-or-later
"""The situations in which both agents are asked, and what the stock agent answers.

The answers are those of the stock agent in resource-agents 4.12.0, seen here. NEVER is
an action that does not end by itself.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple, Optional

from tests.programs import DATABASE_USER
from tests.stock.site import (
    Site,
    kill_server,
    reap,
    start_as_child,
    start_server,
    stop_server,
)

NEVER = None  # written as -
# Each site is asked in this order. Those that look change nothing.
LOOKING = ("monitor", "probe", "status", "notify", "promote", "demote", "validate-all")
ACTIONS = (*LOOKING, "start", "stop")

Answer = Optional[int]


class Situation(NamedTuple):
    """A state of the server, changed parameters, and the stock agent's exit codes.

    `{top}` in a parameter's value is the directory of the site.
    """

    state: Callable[[Site], None]
    parameters: Mapping[str, str]
    codes: str

    def stock(self) -> dict[str, Answer]:
        """What the stock agent answers, by action."""
        codes = [NEVER if word == "-" else int(word) for word in self.codes.split()]
        assert len(codes) == len(ACTIONS)
        return dict(zip(ACTIONS, codes))

    def parameters_at(self, site: Site) -> dict[str, str]:
        """The agent's parameters for a site in this situation."""
        changed = {
            name: value.replace("{top}", str(site.top))
            for name, value in self.parameters.items()
        }
        return {**site.parameters(), **changed}

    @contextmanager
    def at(self, site: Site) -> Iterator[None]:
        """Bring a new site into this state, and leave it with nothing that runs."""
        try:
            self.state(site)
            yield
        finally:
            reap(site)
            stop_server(site)


def stopped(site: Site) -> None:
    """The server was never started."""


def running(site: Site) -> None:
    """The server runs."""
    start_server(site)


def crashed(site: Site) -> None:
    """The server was killed; its pid file names a process that is gone."""
    start_as_child(site)
    os.waitpid(kill_server(site), 0)


def undead(site: Site) -> None:
    """The server was killed and its parent does not care: it is a zombie."""
    start_as_child(site)
    kill_server(site)


def emptied(site: Site) -> None:
    """The data directory is there and empty, as one whose disk is not mounted."""
    shutil.rmtree(site.data)
    site.data.mkdir(mode=0o700)
    shutil.chown(site.data, DATABASE_USER, DATABASE_USER)


def misconfigured(site: Site) -> None:
    """The configuration has a word that PostgreSQL does not know."""
    with (site.data / "postgresql.conf").open("a") as file:
        file.write("no_such_setting = 1\n")


def taken_by_another(site: Site) -> None:
    """The server was killed, and its number has gone to another process."""
    crashed(site)
    pid_file = site.data / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")


def with_directory(site: Site) -> None:
    """The directory of the agent's files is there, and the server was never started."""
    directory = site.top / "tmp"
    directory.mkdir(mode=0o700)
    shutil.chown(directory, DATABASE_USER, DATABASE_USER)


def following(site: Site) -> None:
    """The server runs as a standby whose primary does not answer."""
    with_directory(site)
    signal = site.data / "standby.signal"
    signal.touch()
    shutil.chown(signal, DATABASE_USER, DATABASE_USER)
    start_server(site)


def left_from_slave(site: Site) -> None:
    """The configuration includes a file of another mode that is there no more."""
    with (site.data / "postgresql.conf").open("a") as file:
        file.write(f"include '{site.top}/tmp/recovery.conf' # added by pgsql RA\n")


NO_EFFECT_WHEN_EMPTY = (
    "check_wal_receiver",
    "ctl_opt",
    "monitor_password",
    "monitor_sql",
    "monitor_user",
    "pgdb",
    "pghost",
    "pglibs",
    "start_opt",
    "stop_escalate",
)
ESCALATE_SOON = {"stop_escalate": "soon"}
RECEIVER = {"check_wal_receiver": "true"}
PGHOST = {"pghost": "{top}/socket"}
EMPTY = dict.fromkeys(NO_EFFECT_WHEN_EMPTY, "")
MONITOR_USER = {"monitor_user": "postgres", "monitor_password": "secret"}
NO_PASSWORD = {"monitor_user": "postgres"}
UNKNOWN_ROLE = {"monitor_user": "stranger", "monitor_password": "secret"}
PG_CTL_WITH_OPTION = {"pgctl": "/usr/lib/postgresql/15/bin/pg_ctl -s"}
FAILING_QUERY = {"monitor_sql": "select 1/0"}
TWO_QUERIES = {"monitor_sql": "select 1; select 2"}
SOCKET_IS_FILE = {"socketdir": "{top}/data/PG_VERSION"}
SLAVE = {"rep_mode": "slave", "master_ip": "192.0.2.1", "tmpdir": "{top}/tmp"}
SLAVE_PROMOTABLE = {**SLAVE, "CRM_meta_promotable": "true"}
SLAVE_QUOTE = {**SLAVE, "restore_command": "cp '/archive/%f' '%p'"}
SLAVE_SLOT = {**SLAVE, "replication_slot_name": "No-Slot"}
SLAVE_NO_ADDRESS = {**SLAVE, "master_ip": ""}
SLAVE_NEW_PLACE = {**SLAVE, "tmpdir": "{top}/log/tmp"}
SLAVE_OPTION = {**SLAVE, "primary_conninfo_opt": "sslmode=prefer port=5433"}
A_FILE_OF_ROOT = {"logfile": "/etc/hostname"}

of = Situation
# Codes: monitor, probe, status, notify, promote, demote, validate-all; start, stop.
# fmt: off
SITUATIONS = {
    "stopped": of(stopped, {}, "7 7 7 0 6 6 0  0 0"),
    "running": of(running, {}, "0 0 0 0 6 6 0  0 0"),
    "crashed": of(crashed, {}, "7 7 7 0 6 6 0  0 0"),
    "crashed, a zombie": of(undead, {}, "1 1 0 0 6 6 0  - -"),
    "crashed, its number taken": of(taken_by_another, {}, "7 7 7 0 6 6 0  0 0"),
    "empty data directory": of(emptied, {}, "7 7 7 5 5 5 5  5 0"),
    "no data directory": of(stopped, {"pgdata": "/no/dir"}, "7 7 7 5 5 5 5  5 0"),
    "broken configuration": of(misconfigured, {}, "7 7 7 0 6 6 0  - 0"),
    "no pg_ctl, stopped": of(stopped, {"pgctl": "/no/it"}, "7 7 7 5 5 5 5  5 0"),
    "no pg_ctl, running": of(running, {"pgctl": "/no/it"}, "7 7 7 5 5 5 5  5 0"),
    "no psql, stopped": of(stopped, {"psql": "/no/it"}, "7 7 7 5 5 5 5  5 0"),
    "no psql, running": of(running, {"psql": "/no/it"}, "7 7 7 5 5 5 5  5 0"),
    "no config, stopped": of(stopped, {"config": "/no/it"}, "7 7 7 5 5 5 5  5 0"),
    "no config, running": of(running, {"config": "/no/it"}, "7 0 7 5 5 5 5  5 0"),
    "no such user, stopped": of(stopped, {"pgdba": "no_user"}, "7 7 7 5 5 5 5  5 0"),
    "no such user, running": of(running, {"pgdba": "no_user"}, "7 7 7 5 5 5 5  5 0"),
    "wrong user, stopped": of(stopped, {"pgdba": "nobody"}, "7 7 7 4 4 4 4  4 0"),
    "wrong user, running": of(running, {"pgdba": "nobody"}, "7 7 7 4 4 4 4  4 0"),
    "user root, stopped": of(stopped, {"pgdba": "root"}, "7 7 7 0 6 6 0  1 0"),
    "all empty that may be, stopped": of(stopped, EMPTY, "7 7 7 0 6 6 0  0 0"),
    "all empty that may be, running": of(running, EMPTY, "0 0 0 0 6 6 0  0 0"),
    "empty pgctl": of(running, {"pgctl": ""}, "7 7 7 5 5 5 5  5 0"),
    "empty psql": of(running, {"psql": ""}, "7 7 7 5 5 5 5  5 0"),
    "empty pgdata": of(stopped, {"pgdata": ""}, "7 7 7 5 5 5 5  5 0"),
    "empty user": of(stopped, {"pgdba": ""}, "7 7 7 0 6 6 0  1 0"),
    "empty config": of(stopped, {"config": ""}, "7 7 7 5 5 5 5  5 0"),
    "empty logfile, stopped": of(stopped, {"logfile": ""}, "7 7 7 0 6 6 0  1 0"),
    "empty logfile, running": of(running, {"logfile": ""}, "0 0 0 0 6 6 0  0 0"),
    "empty socketdir, stopped": of(stopped, {"socketdir": ""}, "7 7 7 6 6 6 6  6 0"),
    "empty socketdir, running": of(running, {"socketdir": ""}, "7 7 7 6 6 6 6  6 0"),
    "empty pgport, stopped": of(stopped, {"pgport": ""}, "7 7 7 0 6 6 0  - 0"),
    "empty pgport, running": of(running, {"pgport": ""}, "1 1 0 0 6 6 0  - 0"),
    "empty rep_mode, stopped": of(stopped, {"rep_mode": ""}, "7 7 7 6 6 6 6  6 -"),
    "unknown rep_mode, running": of(running, {"rep_mode": "x"}, "7 7 7 6 6 6 6  6 -"),
    "port not a number": of(running, {"pgport": "abc"}, "1 1 0 0 6 6 0  - 0"),
    "port of nobody": of(running, {"pgport": "5433"}, "1 1 0 0 6 6 0  - 0"),
    "unknown database": of(running, {"pgdb": "nowhere"}, "1 1 0 0 6 6 0  - 0"),
    "failing query": of(running, FAILING_QUERY, "1 1 0 0 6 6 0  - 0"),
    "port of nobody, stopped": of(stopped, {"pgport": "5433"}, "7 7 7 0 6 6 0  0 0"),
    "unknown database, stopped": of(stopped, {"pgdb": "nowhere"}, "7 7 7 0 6 6 0  - 0"),
    "failing query, stopped": of(stopped, FAILING_QUERY, "7 7 7 0 6 6 0  - 0"),
    "two queries": of(running, TWO_QUERIES, "0 0 0 0 6 6 0  0 0"),
    "socketdir is a file": of(stopped, SOCKET_IS_FILE, "7 7 7 0 6 6 0  4 0"),
    "logfile nowhere": of(stopped, {"logfile": "/no/log"}, "7 7 7 0 6 6 0  4 0"),
    "logfile not writable": of(stopped, A_FILE_OF_ROOT, "7 7 7 0 6 6 0  4 0"),
    "monitoring with password": of(running, MONITOR_USER, "0 0 0 0 6 6 0  0 0"),
    "monitoring, no password": of(running, NO_PASSWORD, "7 7 7 6 6 6 6  6 0"),
    "password alone": of(running, {"monitor_password": "x"}, "7 7 7 6 6 6 6  6 0"),
    "monitoring by a stranger": of(running, UNKNOWN_ROLE, "1 1 0 0 6 6 0  - 0"),
    "start_opt": of(stopped, {"start_opt": "-c work_mem=5MB -i"}, "7 7 7 0 6 6 0  0 0"),
    "wrong start_opt": of(stopped, {"start_opt": "--nonsense"}, "7 7 7 0 6 6 0  - 0"),
    "ctl_opt": of(stopped, {"ctl_opt": "-s -t 5"}, "7 7 7 0 6 6 0  0 0"),
    "wrong ctl_opt": of(stopped, {"ctl_opt": "--nonsense"}, "7 7 7 0 6 6 0  1 0"),
    "pg_ctl with option": of(stopped, PG_CTL_WITH_OPTION, "7 7 7 0 6 6 0  0 0"),
    "stop_escalate of none": of(running, {"stop_escalate": "0"}, "0 0 0 0 6 6 0  0 0"),
    "stop_escalate a word": of(running, ESCALATE_SOON, "0 0 0 0 6 6 0  0 0"),
    "receiver wanted": of(running, RECEIVER, "0 0 0 0 6 6 0  0 0"),
    "pghost is the socket": of(running, PGHOST, "0 0 0 0 6 6 0  0 0"),
    "slave, stopped": of(with_directory, SLAVE, "7 7 7 0 6 6 0  0 0"),
    "slave, running": of(following, SLAVE, "0 0 0 0 6 6 0  0 0"),
    "slave, runs as primary": of(running, SLAVE, "0 0 0 0 6 6 0  0 0"),
    "slave, with options": of(with_directory, SLAVE_OPTION, "7 7 7 0 6 6 0  0 0"),
    "slave, no tmpdir": of(stopped, SLAVE_NEW_PLACE, "7 7 7 0 6 6 0  1 0"),
    "slave, no master_ip": of(following, SLAVE_NO_ADDRESS, "7 7 7 6 6 6 6  6 0"),
    "slave, promotable": of(following, SLAVE_PROMOTABLE, "7 7 7 6 6 6 6  6 0"),
    "slave, wrong slot": of(with_directory, SLAVE_SLOT, "7 7 7 6 6 6 6  6 0"),
    "slave, a quote": of(with_directory, SLAVE_QUOTE, "7 7 7 0 6 6 0  - 0"),
    "slave before": of(left_from_slave, {}, "7 7 7 0 6 6 0  - 0"),
}
# fmt: on
