# SPDX-License-Identifier: GPL-2.0-or-later
"""Which clusters exist on this machine, and their end.

A record names the process that owns a cluster and the site's first process, each with
its start time so that a reused number is never mistaken for it. A cluster whose owner
is gone is dead: its namespaces went with the owner, and sweep removes what is left.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.cluster.harness.site import RUN_DIRECTORY
from tests.cluster.harness.wait import wait_until

END_TIMEOUT_S = 30.0


class Record(NamedTuple):
    """A cluster on this machine."""

    name: str
    owner_pid: int
    owner_started: str
    site_pid: int
    site_started: str
    is_kept: bool  # a person wanted it to stay; a test run did not


def start_time(pid: int) -> str:
    """Return when a process started, in clock ticks; empty when there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""
    state, *fields = stat.rpartition(")")[2].split()
    return "" if state in "ZX" else fields[18]


def write(name: str, site_pid: int = 0, is_kept: bool = False) -> None:
    """Record a cluster as owned by this process."""
    owner = os.getpid()
    entry = Record(
        *(name, owner, start_time(owner)),
        *(site_pid, start_time(site_pid) if site_pid else "", is_kept),
    )
    with _locked():
        RUN_DIRECTORY.mkdir(exist_ok=True)
        _file(name).write_text(json.dumps(entry._asdict()), encoding="utf-8")


def remove(name: str) -> None:
    """Forget a cluster that is down; the last one takes the directory along."""
    with _locked():
        _file(name).unlink(missing_ok=True)
        if RUN_DIRECTORY.is_dir() and not any(RUN_DIRECTORY.iterdir()):
            RUN_DIRECTORY.rmdir()


def read_all() -> tuple[Record, ...]:
    """Return the record of every cluster, dead ones too."""
    with _locked():
        paths = sorted(RUN_DIRECTORY.glob("*.json"))
        texts = [path.read_text(encoding="utf-8") for path in paths]
    return tuple(Record(**json.loads(text)) for text in texts)


def is_alive(entry: Record) -> bool:
    """Tell whether the cluster's owner still runs."""
    return bool(entry.owner_started) and (
        start_time(entry.owner_pid) == entry.owner_started
    )


def kept() -> tuple[Record, ...]:
    """Return the clusters that a person keeps."""
    return tuple(entry for entry in read_all() if entry.is_kept and is_alive(entry))


def sweep() -> tuple[str, ...]:
    """Remove what killed owners left; return the names of their clusters."""
    dead = [entry for entry in read_all() if not is_alive(entry)]
    for entry in dead:
        take_down(entry)
    return tuple(entry.name for entry in dead)


def take_down(entry: Record) -> None:
    """End a cluster together with its owner."""
    for pid, started in (
        (entry.owner_pid, entry.owner_started),
        (entry.site_pid, entry.site_started),
    ):
        _end(pid, started)
    directory = RUN_DIRECTORY / entry.name
    if directory.is_dir():
        directory.rmdir()
    remove(entry.name)


def _end(pid: int, started: str) -> None:
    """End a process if it still is the one that started then."""
    if started and start_time(pid) == started:
        os.kill(pid, signal.SIGKILL)
        wait_until(
            f"end of process {pid}",
            lambda: start_time(pid) != started,
            END_TIMEOUT_S,
        )


@contextmanager
def _locked() -> Iterator[None]:
    """Keep others who start or end a cluster out for the time of the block."""
    directory = os.open(RUN_DIRECTORY.parent, os.O_RDONLY)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX)
        yield
    finally:
        os.close(directory)


def _file(name: str) -> Path:
    return RUN_DIRECTORY / f"{name}.json"
