# SPDX-License-Identifier: GPL-2.0-or-later
"""The data: made on the first machine, copied to the others, before Pacemaker has it.

Debian and EL have the same layout here, that of EL.
"""

from __future__ import annotations

from pathlib import Path

from .facts import Facts
from .settings import Settings
from .system import changed, run, succeeds, wait_until

USER = "postgres"
PORT = 5432
HOME = "/var/lib/pgsql"
DATA_DIRECTORY = f"{HOME}/data"
TEMPORARY = f"{HOME}/tmp"
SOCKET_DIRECTORY = "/run/postgresql"
LOG_FILE = f"{HOME}/server.log"
TRIGGER_FILE = f"{HOME}/PGSQL.{PORT}.trigger"
FIRST_WITHOUT_TRIGGER_FILE = 16
SERVER_TIMEOUT_S = 600.0  # the first machine may just be installing packages


def prepare(settings: Settings, facts: Facts) -> None:
    """Give a machine its data, unless it has some."""
    for directory in (HOME, TEMPORARY, SOCKET_DIRECTORY):
        if not Path(directory).is_dir():
            run("install", "-d", "-m", "0755", "-o", USER, "-g", USER, directory)
            changed(f"made {directory}")
    if (Path(DATA_DIRECTORY) / "PG_VERSION").exists():
        return
    if settings.is_first:
        make(settings, facts, DATA_DIRECTORY)
        control(facts, "start")
        changed("started PostgreSQL by hand, for the others to copy its data")
    else:
        copy(settings, facts)


def make(settings: Settings, facts: Facts, directory: str) -> None:
    """Make a database cluster that admits everybody on the machines' own network."""
    as_user(
        *(f"{facts.bin_directory}/initdb", "--auth=trust", "--data-checksums"),
        *("--encoding=UTF8", "--locale=C", "-D", directory),
    )
    append(f"{directory}/postgresql.conf", configuration(settings, facts.major))
    append(
        f"{directory}/pg_hba.conf",
        f"host all,replication all {settings.network} trust\n",
    )
    changed(f"made a database cluster in {directory}")


def copy(settings: Settings, facts: Facts) -> None:
    """Copy the first machine's data as soon as its server answers."""
    where = ("-h", settings.first_address, "-p", str(PORT), "-U", USER)
    wait_until(
        f"PostgreSQL at {settings.first_address}, to copy its data",
        lambda: succeeds(f"{facts.bin_directory}/pg_isready", "--quiet", *where),
        SERVER_TIMEOUT_S,
    )
    as_user(
        *(f"{facts.bin_directory}/pg_basebackup", "--checkpoint=fast", *where),
        *("-D", DATA_DIRECTORY),
    )
    if settings.mode == "pgsr":
        append(f"{DATA_DIRECTORY}/standby.signal", "")
    changed(f"copied the data of {settings.first_address}")


def configuration(settings: Settings, major: int) -> str:
    """Return what is appended to postgresql.conf, for the mode."""
    lines = [
        "listen_addresses = '*'",
        f"port = {PORT}",
        f"unix_socket_directories = '{SOCKET_DIRECTORY}'",
        "log_line_prefix = '%m [%p] '",
    ]
    if settings.mode != "none":
        lines += _replicating()
    if settings.mode == "pgsr":
        conninfo = f"host={settings.virtual_address} port={PORT} user={USER}"
        lines.append(f"primary_conninfo = '{conninfo} connect_timeout=5'")
        if major < FIRST_WITHOUT_TRIGGER_FILE:
            lines.append(f"promote_trigger_file = '{TRIGGER_FILE}'")
    return "\n".join(lines) + "\n"


def _replicating() -> list[str]:
    return [
        "wal_level = replica",
        "hot_standby = on",
        "max_wal_senders = 10",
        "max_replication_slots = 10",
        "wal_keep_size = 512MB",
        "wal_sender_timeout = 10s",
        "wal_receiver_timeout = 10s",
        "wal_receiver_status_interval = 2s",
        "wal_retrieve_retry_interval = 500ms",
        "restart_after_crash = off",
    ]


def control(facts: Facts, action: str) -> None:
    """Start or stop the machine's server by hand."""
    program = f"{facts.bin_directory}/pg_ctl"
    as_user(program, action, "-w", "-s", "-D", DATA_DIRECTORY, "-l", LOG_FILE)


def stop_first(settings: Settings, facts: Facts) -> None:
    """Stop the first machine's server from wherever: a superuser may run programs."""
    program = f"{facts.bin_directory}/pg_ctl stop -s -W -m fast -D {DATA_DIRECTORY}"
    where = ("-h", settings.first_address, "-p", str(PORT), "-U", USER)
    statement = f"COPY (SELECT 1) TO PROGRAM '{program}'"
    # The statement is ended by the very shutdown it asks for.
    succeeds(f"{facts.bin_directory}/psql", "-Xq", *where, "-d", USER, "-c", statement)
    wait_until(
        f"the end of the server at {settings.first_address}",
        lambda: not succeeds(f"{facts.bin_directory}/pg_isready", "--quiet", *where),
        SERVER_TIMEOUT_S,
    )


def as_user(*argv: str) -> None:
    """Run a program as the database's user."""
    run("runuser", "-u", USER, "--", *argv)


def append(path: str, text: str) -> None:
    """Append to a file of the database's user, which is made if it is not there."""
    run("runuser", "-u", USER, "--", "tee", "-a", path, stdin_text=text)
