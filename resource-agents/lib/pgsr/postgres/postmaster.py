# SPDX-License-Identifier: GPL-2.0-or-later
"""Which processes serve a data directory: proof, never a bare process number.

A number in ``postmaster.pid`` proves nothing: the process may be gone, or the number
may belong to somebody else by now, or to a process of another node where the
directory is shared.  What proves it is the process's working directory, which
PostgreSQL sets to the data directory and never changes.
"""

from __future__ import annotations

import os
import signal
from typing import NamedTuple

from pgsr.ocf import AgentError
from pgsr.wait import until

SERVER_PROGRAMS = frozenset(("postgres", "postmaster", "edb-postgres"))


class PidFile(NamedTuple):
    """What ``postmaster.pid`` says (miscadmin.h, LOCK_FILE_LINE_*).

    ``status`` is "starting", "stopping", "ready" or "standby"; empty before
    PostgreSQL 10.
    """

    pid: int
    port: int | None
    socket_directory: str
    listen_address: str
    status: str


class Processes(NamedTuple):
    """The processes that serve a data directory.

    ``postmaster`` is None when it is gone; ``others`` are then left-overs that may
    still write.  Both empty is proof that nothing runs.
    """

    postmaster: int | None
    others: tuple[int, ...]

    @property
    def all(self) -> tuple[int, ...]:
        """The postmaster, if there is one, and the others."""
        return (self.postmaster, *self.others) if self.postmaster else self.others


NOTHING = Processes(None, ())


def parse_pid_file(text: str) -> PidFile | None:
    """Return the content of ``postmaster.pid``, None when it is no such file.

    The number is negative for a server in single-user mode.
    """
    lines = [line.strip() for line in text.splitlines()]
    lines += [""] * (8 - len(lines))
    try:
        pid = abs(int(lines[0]))
    except ValueError:
        return None
    listen = lines[5] if lines[5] != "*" else "localhost"
    port = int(lines[3]) if lines[3].isdigit() else None
    return PidFile(pid, port, lines[4], listen, lines[7])


def read_pid_file(pgdata: str) -> PidFile | None:
    """Return what the data directory's ``postmaster.pid`` says, if there is one."""
    try:
        with open(
            f"{pgdata}/postmaster.pid", encoding="utf-8", errors="replace"
        ) as file:
            return parse_pid_file(file.read())
    except OSError:
        return None


def find(pgdata: str) -> Processes:
    """Return the processes that serve ``pgdata``; only the postmaster if it runs.

    The quick way is taken when ``postmaster.pid`` is right; else all processes of
    the node are looked through.
    """
    said, place = read_pid_file(pgdata), _place(pgdata)
    if said and _serves(said.pid, place) and not _serves(_parent(said.pid), place):
        return Processes(said.pid, ())
    return processes_of(pgdata)


def processes_of(pgdata: str) -> Processes:
    """Return all processes that serve ``pgdata``."""
    place = _place(pgdata)
    serving = [pid for pid in _all_processes() if _serves(pid, place)]
    first = [pid for pid in serving if _parent(pid) not in serving]
    postmaster = _choose_postmaster(first, serving, read_pid_file(pgdata))
    others = tuple(pid for pid in serving if pid != postmaster)
    return Processes(postmaster, others)


def reload(pgdata: str) -> None:
    """Have a running server read its configuration anew, and look around at once."""
    pid = find(pgdata).postmaster
    if pid:
        send(pid, pgdata, signal.SIGHUP)


def send(pid: int, pgdata: str, number: signal.Signals) -> bool:
    """Signal ``pid`` if it still serves ``pgdata``; tell whether it was signalled.

    The descriptor is opened before the proof, so the number cannot be given to
    another process between proof and signal (pidfd_open(2)).
    """
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return False
    try:
        if not _serves(pid, _place(pgdata)):
            return False
        signal.pidfd_send_signal(descriptor, number)
        return True
    except ProcessLookupError:
        return False
    finally:
        os.close(descriptor)


def wait_for_end(pgdata: str, deadline: float) -> bool:
    """Wait until nothing serves ``pgdata``; False when the deadline came first."""
    gone = until(lambda: processes_of(pgdata) == NOTHING or None, deadline)
    return gone is not None


def _choose_postmaster(
    first: list[int], serving: list[int], said: PidFile | None
) -> int | None:
    """Return the postmaster among processes without a serving parent.

    Children of a postmaster that died have become children of process 1 or of
    another reaper: they have no children themselves, and no pid file names them.
    """
    if said and said.pid in first:
        return said.pid
    parents = {_parent(pid) for pid in serving}
    with_children = [pid for pid in first if pid in parents]
    return with_children[0] if len(with_children) == 1 else None


def _all_processes() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


class _Place(NamedTuple):
    """A data directory: its names, and what it is on disk if that can be seen."""

    names: frozenset[str]
    seen: os.stat_result | None


def _place(pgdata: str) -> _Place:
    """Look at the data directory once.

    Its names serve where it cannot be looked at: a server goes on running when its
    storage fails or its directory is gone.
    """
    names = (pgdata, os.path.realpath(pgdata))
    gone = tuple(f"{name} (deleted)" for name in names)
    try:
        seen = os.stat(pgdata)
    except OSError:
        seen = None
    return _Place(frozenset(names + gone), seen)


def _serves(pid: int, place: _Place) -> bool:
    """Tell whether ``pid`` is a server process that works in the data directory.

    Everybody may read a process's name, but only its owner the directory, and not
    even that one between a change of user and exec: the name is looked at first.
    A zombie has no working directory: a dead server is not taken for a live one
    where nobody reaps it.
    """
    try:
        if _name(pid) not in SERVER_PROGRAMS:
            return False
        directory = os.readlink(f"/proc/{pid}/cwd")
        return directory in place.names or _is_same_directory(pid, place)
    except PermissionError as error:
        if _is_same_owner(pid, place):
            raise AgentError(f"Cannot tell what process {pid} does: {error}") from None
        return False  # PostgreSQL runs only as the owner of its data directory
    except OSError:
        return False


def _name(pid: int) -> str:
    with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
        return file.read().rstrip("\n")


def _is_same_directory(pid: int, place: _Place) -> bool:
    """Compare what is on disk: one directory has several names with bind mounts."""
    return place.seen is not None and os.path.samestat(
        os.stat(f"/proc/{pid}/cwd"), place.seen
    )


def _is_same_owner(pid: int, place: _Place) -> bool:
    try:
        owner = os.stat(f"/proc/{pid}").st_uid
    except FileNotFoundError:
        return False
    return place.seen is not None and owner == place.seen.st_uid


def _parent(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            # The program's name, in parentheses, may hold anything.
            return int(file.read().rpartition(")")[2].split()[1])
    except (OSError, IndexError, ValueError):
        return 0
