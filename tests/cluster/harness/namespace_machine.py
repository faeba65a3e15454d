# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine made of namespaces, a back end of machine.Machine.

It owns the node's first process, its cable and its disk. Losing power is SIGKILL to
the first process: the kernel ends the whole process namespace before anybody can act.
"""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.cluster.harness import network, process
from tests.cluster.harness.disk import make_disk, resize_database_disk
from tests.cluster.harness.lan import Place
from tests.cluster.harness.machine import SHARED_STORAGE, NoPower
from tests.cluster.harness.process import Completed
from tests.cluster.harness.site import (
    INSIDE,
    PYTHON,
    Site,
    first_line,
    kill_first_process,
)
from tests.cluster.harness.wait import wait_until

OUTSIDE = "/run/harness"  # what reaches the node from outside: the power switch
VOLATILE = ("postgresql",)  # made by systemd-tmpfiles on a booted system
PID_FILE = "pid"
STOP_TIMEOUT_S = 120.0


def enter_node(pid: int) -> tuple[str, ...]:
    """Return what to put before a command that is to run where a process runs."""
    namespaces = ("--mount", "--uts", "--ipc", "--net", "--pid", "--root", "--wd")
    return ("nsenter", "-t", str(pid), *namespaces, "--")


class NamespaceMachine:
    """A machine of a site; see machine.Machine for what its methods promise."""

    def __init__(self, site: Site, number: int, lower: Path) -> None:
        self.site = site
        self.number = number
        self.name = f"node{number}"
        self.address = network.node_address(number)
        self.interface = network.NODE_INTERFACE
        self.root = make_disk(site, self.name, lower)
        self.outside = site.directory / self.name / "outside"
        self.shared = site.directory / "shared"
        site.run("mkdir", "-p", self.outside, self.shared)
        self.plugged = True
        self.is_hanging = False
        self.pid = 0
        self.boots = 0
        self._pid_descriptor = -1
        self._power = threading.RLock()  # the power switch has threads of its own
        self._children: list[subprocess.Popen[str]] = []

    @property
    def is_on(self) -> bool:
        """Tell whether it has power."""
        return self.pid != 0

    def power_on(self) -> None:
        """Boot it: network up, no service started."""
        with self._power:
            if self.is_on:
                return
            self._boot()

    def cut_power(self) -> None:
        """Take its power away at once; what its disk holds stays."""
        with self._power:
            if not self.is_on:
                return
            network.cut_cable(self.site, self._cable)
            kill_first_process(self._pid_descriptor)
            self.forget_processes()

    def forget_processes(self) -> None:
        """Let go of the processes once they have ended, with the site perhaps."""
        if self.is_on:
            os.close(self._pid_descriptor)
            self._pid_file.unlink(missing_ok=True)
        self.pid = 0
        self.is_hanging = False
        for child in self._children:
            process.reap(child)
        self._children.clear()

    def unplug(self) -> None:
        """Pull its network cable; the power switch is out of its reach too."""
        self.plugged = False
        if self.is_on:
            network.set_cable(self.site, self._cable, "down")

    def plug(self) -> None:
        """Put its network cable back."""
        self.plugged = True
        if self.is_on:
            network.set_cable(self.site, self._cable, "up")

    def hang(self) -> None:
        """Stop all of its processes but the first, which nothing stops."""
        self.is_hanging = True
        self._signal_all("STOP")

    def resume(self) -> None:
        """Let its processes go on; one that lost power meanwhile hangs no more."""
        if self.is_hanging:
            self._signal_all("CONT")
        self.is_hanging = False

    def _signal_all(self, name: str) -> None:
        with suppress(NoPower):
            self.run("bash", "-c", f"kill -s {name} -- -1", check=False)

    def leave_free(self, free_bytes: int | None) -> None:
        """Shrink or grow the file system of the database."""
        resize_database_disk(self.site, self.root, free_bytes)

    @contextmanager
    def place(self, address: str) -> Iterator[Place]:
        """Let clients join its network namespace; OSError then when it is off."""
        yield Place(address, join=lambda: network.join_network_of(self.pid))

    def configure_network(self, *argv: str) -> None:
        """Run a program of the harness's system in its network, if it has power."""
        if self.is_on:
            process.run(("nsenter", "-t", str(self.pid), "--net", "--", *argv))

    def enter(self, user: str = "root") -> tuple[str, ...]:
        """Return what to put before a command that is to run on it."""
        if not self.is_on:
            raise NoPower(f"{self.name} has no power")
        become = () if user == "root" else ("runuser", "-u", user, "--")
        return (*enter_node(self.pid), *become)

    def run(
        self,
        *argv: str,
        user: str = "root",
        timeout_s: float = 30.0,
        stdin_text: str = "",
        check: bool = True,
    ) -> Completed:
        """Run a command on it; NoPower when it is off."""
        return process.run(
            (*self.enter(user), *argv),
            timeout_s=timeout_s,
            stdin_text=stdin_text,
            check=check,
        )

    def start_service(self, name: str) -> None:
        """Start one of its services, corosync or pacemaker."""
        if name == "corosync":
            self.run("corosync")  # returns when it is ready
            return
        # A child of the node's own first process: were nsenter(1) its parent, it would
        # stop together with it, and nobody would be there to take note of its end.
        self.run("bash", "-c", "setsid pacemakerd < /dev/null &> /dev/null &")

    def stop_service(self, name: str) -> None:
        """Stop one of its services cleanly and wait until it has ended."""
        if name == "corosync":
            pid = self.run("cat", "/run/corosync.pid").stdout.strip()
            self.run("corosync-cfgtool", "-H")  # does not wait for the end itself
            wait_until(
                f"end of corosync on {self.name}",
                lambda: self.run("test", "-e", f"/proc/{pid}", check=False).returncode,
                STOP_TIMEOUT_S,
            )
            return
        self.run("pacemakerd", "--shutdown")  # does not wait for the end either
        wait_until(
            f"end of Pacemaker on {self.name}",
            lambda: self.run("pgrep", "-x", "pacemakerd", check=False).returncode,
            STOP_TIMEOUT_S,
        )

    def file(self, path: str) -> Path:
        """Return where the harness finds a file of its disk."""
        return self.site.path(self.root / path.lstrip("/"))

    def read(self, path: str) -> str:
        """Return the text of a file on its disk, also while it is off."""
        return self.file(path).read_text(encoding="utf-8", errors="replace")

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """Write a file on its disk, also while it is off."""
        file = self.file(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        file.chmod(mode)

    @property
    def _pid_file(self) -> Path:
        """Where others, `make shell` say, find the first process while it has power."""
        return self.site.path(self.site.directory / self.name / PID_FILE)

    @property
    def _cable(self) -> str:
        return f"{self.name}.{self.boots}"

    def _boot(self) -> None:
        self.boots += 1
        first = process.launch(self._first_process_argv(), stderr=subprocess.STDOUT)
        pid = int(first_line(first))
        self._children.append(first)
        self._pid_descriptor = os.pidfd_open(pid)
        network.lay_cable(self.site, self._cable, pid, self.address)
        assert first.stdout is not None
        said = first.stdout.readline()
        if said != "booted\n":
            raise process.CommandFailed(f"{self.name}: {said}{first.stdout.read()}")
        self.pid = pid
        self._pid_file.write_text(str(pid))
        if not self.plugged:
            network.set_cable(self.site, self._cable, "down")
        # Of systems that have PostgreSQL: what is not installed makes nothing at boot.
        if self.run("getent", "passwd", "postgres", check=False).returncode == 0:
            self._make_volatile()

    def _make_volatile(self) -> None:
        for name in VOLATILE:
            self.run(
                "install", "-d", "-o", "postgres", "-g", "postgres", f"/run/{name}"
            )

    def _first_process_argv(self) -> Sequence[str]:
        spaces = ("--mount", "--uts", "--ipc", "--net", "--pid", "--fork")
        binds = (f"{self.outside}={OUTSIDE}", f"{self.shared}={SHARED_STORAGE}")
        return (
            *self.site.enter(),
            *("unshare", *spaces, "--kill-child", PYTHON, "-I"),
            *(str(INSIDE / "first_process_of_node.py"), str(self.root), self.name),
            *binds,
        )
