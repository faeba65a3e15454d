# SPDX-License-Identifier: GPL-2.0-or-later
"""What an administrator does with PostgreSQL on a node, through commands on it.

The version is whichever the node's system has; only the names of files and settings
that differ between versions depend on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tests.cluster.harness.lan import SERVER_PORT
from tests.cluster.harness.node import Node
from tests.cluster.harness.wait import wait_until

USER = "postgres"
PORT = SERVER_PORT
HOME = "/var/lib/pgsql"
DATA_DIRECTORY = f"{HOME}/data"
SOCKET_DIRECTORY = "/run/postgresql"
LOG_FILE = f"{HOME}/server.log"
TRIGGER_FILE = f"{HOME}/PGSQL.{PORT}.trigger"
PROGRAMS = "/usr/lib/postgresql"

FIRST_WITH_STANDBY_SIGNAL = 12
FIRST_WITHOUT_TRIGGER_FILE = 16
BACKUP_TIMEOUT_S = 120.0
REPLAY_TIMEOUT_S = 30.0


class Installation(NamedTuple):
    """The PostgreSQL of a node's system."""

    major: int
    bin_directory: str

    def program(self, name: str) -> str:
        """Return the path of one of its programs."""
        return f"{self.bin_directory}/{name}"


def installation(node: Node) -> Installation:
    """Return the newest PostgreSQL that the node has."""
    names = node.run("ls", PROGRAMS).stdout.split()
    major = max(int(name) for name in names if name.isdigit())
    return Installation(major, f"{PROGRAMS}/{major}/bin")


def settings(node: Node, major: int) -> str:
    """Return what is appended to postgresql.conf, the same on every node.

    A standby connects to the virtual address and so finds whichever is the primary.
    """
    lines = [
        "listen_addresses = '*'",
        f"port = {PORT}",
        f"unix_socket_directories = '{SOCKET_DIRECTORY}'",
        "wal_level = replica",
        "hot_standby = on",
        "max_wal_senders = 10",
        "log_line_prefix = '%m [%p] '",
        "wal_retrieve_retry_interval = 500ms",
    ]
    if major >= FIRST_WITH_STANDBY_SIGNAL:
        lines.append(f"primary_conninfo = '{primary_conninfo(node)}'")
        if major < FIRST_WITHOUT_TRIGGER_FILE:
            lines.append(f"promote_trigger_file = '{TRIGGER_FILE}'")
    return "\n".join(lines) + "\n"


def primary_conninfo(node: Node) -> str:
    """Return how a standby on the node reaches the primary."""
    host = node.lan.virtual_address
    return f"host={host} port={PORT} user={USER} connect_timeout=2"


def standby_marker(node: Node, major: int) -> tuple[str, str]:
    """Return name and text of the file that makes a server a standby."""
    if major >= FIRST_WITH_STANDBY_SIGNAL:
        return "standby.signal", ""
    return "recovery.conf", (
        "standby_mode = on\nrecovery_target_timeline = latest\n"
        f"primary_conninfo = '{primary_conninfo(node)}'\n"
        f"trigger_file = '{TRIGGER_FILE}'\n"
    )


def make_home(node: Node, home: str = HOME) -> None:
    """Make the database user's directory, where data and flag files are."""
    node.run("install", "-d", "-m", "0700", "-o", USER, "-g", USER, home)


def initialise(
    node: Node, data_directory: str = DATA_DIRECTORY, settings_text: str = ""
) -> None:
    """Make a new database cluster that accepts the peers and the clients.

    Its settings are those of the method, unless others are given.
    """
    found = installation(node)
    text = settings_text or settings(node, found.major)
    as_user(
        *(node, found.program("initdb"), "--auth=trust", "--no-sync"),
        *("--locale=C.UTF-8", "-D", data_directory),
    )
    append(node, f"{data_directory}/postgresql.conf", text)
    access = f"host all,replication all {node.lan.network} trust\n"
    append(node, f"{data_directory}/pg_hba.conf", access)


def restore_backup_of_primary(node: Node) -> None:
    """Copy the primary's data over the node's own and mark it as a standby's."""
    found = installation(node)
    node.run("rm", "-rf", DATA_DIRECTORY)
    as_user(
        *(node, found.program("pg_basebackup"), "--checkpoint=fast", "--no-sync"),
        *("-d", primary_conninfo(node), "-D", DATA_DIRECTORY),
    )
    name, text = standby_marker(node, found.major)
    append(node, f"{DATA_DIRECTORY}/{name}", text)


def sql(node: Node, statement: str, socket_directory: str = SOCKET_DIRECTORY) -> str:
    """Return what a statement answers on the node's own server, unaligned."""
    program = installation(node).program("psql")
    where = ("-h", socket_directory, "-p", str(PORT))
    return as_user(node, program, "-XAtq", *where, "-c", statement).strip()


def start_times(nodes: Sequence[Node]) -> list[str]:
    """Return since when each node's server runs, in the words of the server."""
    return [sql(node, "SELECT pg_postmaster_start_time()") for node in nodes]


def is_in_recovery(node: Node) -> bool:
    """Tell whether the node's server is a standby."""
    return sql(node, "SELECT pg_is_in_recovery()") == "t"


def signal_postmaster(
    node: Node, name: str, data_directory: str = DATA_DIRECTORY
) -> None:
    """Send a signal, KILL or STOP say, to the node's postmaster and it alone."""
    node.run("kill", "-s", name, str(postmaster_pid(node, data_directory)))


def postmaster_pid(node: Node, data_directory: str = DATA_DIRECTORY) -> int:
    """Return the process id of the node's postmaster, as the node numbers it."""
    return int(node.run("cat", f"{data_directory}/postmaster.pid").stdout.split()[0])


def control_data(node: Node, name: str) -> str:
    """Return a value of the control file of a server that does not run."""
    program = installation(node).program("pg_controldata")
    lines = as_user(node, program, "-D", DATA_DIRECTORY).splitlines()
    return (
        next(line for line in lines if line.startswith(name)).partition(":")[2].strip()
    )


def control(node: Node, action: str) -> None:
    """Start, stop or restart the node's server by hand, past the cluster."""
    program = installation(node).program("pg_ctl")
    as_user(node, program, action, "-w", "-D", DATA_DIRECTORY, "-l", LOG_FILE)


def is_running(node: Node) -> bool:
    """Tell whether the node has a postmaster."""
    argv = (installation(node).program("pg_ctl"), "status", "-D", DATA_DIRECTORY)
    return node.run(*argv, user=USER, check=False).returncode == 0


def wait_for_rows(node: Node, statement: str) -> None:
    """Wait until a statement finds rows on the node's own server."""
    wait_until(
        f"rows of {statement} on {node}",
        lambda: sql(node, statement),
        REPLAY_TIMEOUT_S,
        node.evidence,
    )


def as_user(node: Node, *argv: str) -> str:
    """Run a command on the node as the database's user and return what it printed."""
    return node.run(*argv, user=USER, timeout_s=BACKUP_TIMEOUT_S).stdout


def append(node: Node, path: str, text: str) -> None:
    """Append to a file of the database's user."""
    node.run("tee", "-a", path, user=USER, stdin_text=text)
