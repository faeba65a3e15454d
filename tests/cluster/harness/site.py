# SPDX-License-Identifier: GPL-2.0-or-later
"""The place where a cluster's nodes live: one process, its namespaces, a tmpfs.

A site is a process whose mount, network and process namespaces hold everything that
a cluster makes. It ends with the process that opened it, even when that one is
killed, and the kernel takes every node, mount and interface away with it: no list of
things to undo is kept. Only the empty directory /run/pgsr-test/NAME and the record
beside it outlive a kill; record.py removes these.
"""

from __future__ import annotations

import select
import signal
import subprocess
from pathlib import Path

from tests.cluster.harness import process

RUN_DIRECTORY = Path("/run/pgsr-test")
INSIDE = Path(__file__).parent / "inside"
PYTHON = "/usr/bin/python3"
SIZE_LIMIT = "8g"  # of the tmpfs; it takes only what the nodes write


class Site:
    """A cluster's namespaces and its tmpfs, alive from open to close."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.directory = RUN_DIRECTORY / name
        self.directory.mkdir(parents=True, exist_ok=True)
        self._first = process.launch(
            (
                *("unshare", "--mount", "--net", "--pid", "--fork", "--kill-child"),
                *(PYTHON, "-I", str(INSIDE / "first_process_of_site.py")),
            ),
            stdin=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.pid = int(first_line(self._first))
        options = f"size={SIZE_LIMIT},mode=755"
        self.run("mount", "-t", "tmpfs", "-o", options, "pgsr-test", self.directory)

    def enter(self) -> tuple[str, ...]:
        """Return what to put before a command that is to run in the namespaces."""
        return ("nsenter", "-t", str(self.pid), "--mount", "--net", "--pid", "--")

    def run(self, *argv: str | Path) -> process.Completed:
        """Run a command in the site's namespaces."""
        return process.run((*self.enter(), *map(str, argv)))

    def path(self, inner: Path | str) -> Path:
        """Return where this process finds a file of the site's tmpfs."""
        return Path(f"/proc/{self.pid}/root") / str(inner).lstrip("/")

    def close(self) -> None:
        """End every process of the site and wait until they are gone."""
        assert self._first.stdin is not None
        self._first.stdin.close()
        process.reap(self._first)
        self.directory.rmdir()


def first_line(child: subprocess.Popen[str], timeout_s: float = 30.0) -> str:
    """Return the first line that a program writes.

    Raises CommandFailed with all that it wrote when that is not a number of a process.
    """
    assert child.stdout is not None
    readable, _, _ = select.select([child.stdout], [], [], timeout_s)
    line = child.stdout.readline() if readable else ""
    if line.strip().isdigit():
        return line.strip()
    child.kill()
    raise process.CommandFailed(
        f"{child.args!r} did not start: {line}{child.stdout.read()}"
    )


def kill_first_process(pid_descriptor: int, timeout_s: float = 30.0) -> None:
    """Kill the first process of a process namespace, and so all in it; wait."""
    signal.pidfd_send_signal(pid_descriptor, signal.SIGKILL)
    select.select([pid_descriptor], [], [], timeout_s)
