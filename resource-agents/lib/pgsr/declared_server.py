# SPDX-License-Identifier: GPL-2.0-or-later
"""The parameters of the server itself, which every mode uses."""

from __future__ import annotations

from pgsr.parameters import (
    Parameter,
    ParameterSet,
    absolute_path,
    one_line,
    optional_path,
    port,
    program,
    seconds,
    text,
    words,
)


def escalation(value: str) -> int:
    """Accept seconds; nothing means the default."""
    return seconds(value or "90")


class ServerParameters(ParameterSet):
    """Where the server is, how it is started, checked and stopped."""

    pgctl = Parameter(
        program,
        default="/usr/bin/pg_ctl",
        short="Path to pg_ctl",
        long="""Path to the pg_ctl program, which may be followed by options. On Debian
        and Ubuntu it is /usr/lib/postgresql/VERSION/bin/pg_ctl.""",
    )
    start_opt = Parameter(
        words,
        short="Options for the server",
        long="""Options given to the server at start, such as "-p 5433" or
        "-c work_mem=8MB". They are split into words as a shell splits them; nothing
        in them is expanded or executed.""",
    )
    ctl_opt = Parameter(
        words,
        short="Options for pg_ctl",
        long="""Additional options for pg_ctl at start, such as "-c". They are split
        into words as a shell splits them. The agent itself waits for the server, so
        -w, -W and -t have no effect.""",
    )
    psql = Parameter(
        text,
        default="/usr/bin/psql",
        short="Path to psql (compatibility only)",
        long="""Accepted for compatibility only and without effect: the agent speaks
        to the server by itself and needs no psql.""",
    )
    pgdata = Parameter(
        absolute_path,
        default="/var/lib/pgsql/data",
        short="Data directory",
        long="""The server's data directory. On Debian and Ubuntu it is
        /var/lib/postgresql/VERSION/main unless created elsewhere.""",
    )
    pgdba = Parameter(
        one_line,
        default="postgres",
        short="Owner of the database",
        long="""The operating system's user that owns the data directory and runs the
        server; the agent connects as the role of that name too.""",
    )
    pghost = Parameter(
        one_line,
        short="Host name or address to listen on",
        long="""Host name or address on which the server listens (listen_addresses) and
        at which the agent connects to it. Empty: as in the server's configuration, and
        the agent connects over the Unix-domain socket.""",
    )
    pgport = Parameter(
        port,
        default="5432",
        content="integer",
        short="Port",
        long="""The port at which the agent connects. The server itself uses it only
        where neither its configuration nor start_opt names one. Empty: the port that
        the running server wrote into its postmaster.pid.""",
    )
    pglibs = Parameter(
        text,
        default="/usr/lib",
        short="Directories of the libraries",
        long="""Directories with PostgreSQL's libraries, for LD_LIBRARY_PATH of pg_ctl
        and the server. The default means the standard place and sets nothing.""",
    )
    monitor_user = Parameter(
        one_line,
        short="Role used to check the server",
        long="""The role as which the agent connects. Empty: the role named as pgdba.
        For replication it needs the privileges of pg_monitor.""",
    )
    monitor_password = Parameter(
        text,
        short="Password of monitor_user",
        long="""The password of monitor_user. Everybody who may read the cluster's
        configuration can read it: a .pgpass file of pgdba serves too.""",
    )
    monitor_sql = Parameter(
        text,
        default="select now();",
        short="Statement that checks the server",
        long="""SQL run by each monitor; under replication only on the primary, and only
        if it is not the default. Any text is taken as it is; the result is discarded,
        and an error means that the server is broken.""",
    )
    config = Parameter(
        optional_path,
        default="",
        short="Configuration file",
        long="""The server's configuration file. Default: postgresql.conf in the data
        directory. On Debian and Ubuntu it is
        /etc/postgresql/VERSION/main/postgresql.conf.""",
    )
    pgdb = Parameter(
        one_line,
        default="template1",
        short="Database to connect to",
        long="""The database that the agent connects to.""",
    )
    logfile = Parameter(
        optional_path,
        default="/dev/null",
        short="Log file of the server's start",
        long="""File to which the server's standard output and error are appended. It
        is created as pgdba where it does not exist.""",
    )
    socketdir = Parameter(
        optional_path,
        short="Directory of the Unix-domain socket",
        long="""Directory of the server's Unix-domain socket, where the agent connects
        unless pghost is set. It is created at start where it does not exist. Empty: the
        directory that the running server wrote into its postmaster.pid.""",
    )
    stop_escalate = Parameter(
        escalation,
        default="90",
        content="integer",
        short="Seconds for a fast shutdown",
        long="""Seconds that a fast shutdown may take before an immediate one is tried.
        Where the operation's own timeout is shorter, a share of that is used instead; 0
        means an immediate shutdown, which costs a crash recovery, at once.""",
    )
