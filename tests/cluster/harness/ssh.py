# SPDX-License-Identifier: GPL-2.0-or-later
"""One lasting SSH connection to a machine, over which commands run and ports lead."""

from __future__ import annotations

import shlex
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cluster.harness import process
from tests.cluster.harness.process import CommandFailed, Completed
from tests.cluster.harness.wait import wait_until

LOGIN_TIMEOUT_S = 60.0
MUTE_AFTER_S = 5
BOOT_ID = "/proc/sys/kernel/random/boot_id"
LOST = 255  # ssh(1)'s own exit code
LIFE_SIGNS = ("-o", "ServerAliveInterval=2", "-o", "ServerAliveCountMax=5")


class Connection:
    """A connection that is opened as soon as the machine answers."""

    def __init__(self, name: str, configuration: Path) -> None:
        self.name = name
        self._socket = configuration.parent / f"{name}.ssh"
        self._ssh = ("ssh", "-F", str(configuration), "-S", str(self._socket))
        self._master: subprocess.Popen[str] | None = None

    def open(self) -> None:
        """Log in; the machine may still be booting."""
        wait_until(f"SSH to {self.name}", self._is_open, LOGIN_TIMEOUT_S)

    def close(self) -> None:
        """Forget the connection, of which nothing may be left at the other end."""
        if self._master is not None:
            self._master.kill()
            process.reap(self._master)
        self._master = None
        self._socket.unlink(missing_ok=True)

    def _is_open(self) -> bool:
        if self._master is None or self._master.poll() is not None:
            self.close()
            alone = ("-o", "ConnectTimeout=5", *LIFE_SIGNS, "-M", "-N")
            self._master = process.launch((*self._ssh, *alone, self.name))
        return self._control("check").returncode == 0

    def _control(self, command: str, *argv: str) -> Completed:
        return process.run((*self._ssh, "-O", command, *argv, self.name), check=False)

    def run(
        self, argv: tuple[str, ...], user: str, timeout_s: float, text: str
    ) -> Completed:
        """Run a command as a user; CommandFailed when the connection breaks."""
        become = (
            ("sudo", "-n", "--") if user == "root" else ("sudo", "-n", "-u", user, "--")
        )
        command = f"cd / && {shlex.join((*become, *argv))}"
        ended = process.run(
            (*self._ssh, "-o", "ControlMaster=no", self.name, command),
            timeout_s=timeout_s,
            stdin_text=text,
            check=False,
        )
        if ended.returncode == LOST:
            raise CommandFailed(f"{self.name} does not answer: {ended}")
        return ended

    def boot_id(self) -> str:
        """Return what tells this boot of the machine from others; "" if it is mute."""
        quick = ("-o", "ControlPath=none", "-o", f"ConnectTimeout={MUTE_AFTER_S}")
        asked = (*self._ssh[:3], *quick, self.name, "cat", BOOT_ID)
        return process.run(asked, check=False).stdout.strip()

    @contextmanager
    def forwarded(self, address: str, port: int) -> Iterator[int]:
        """Have a port of this host lead from the machine to an address."""
        here = free_port()
        way = f"127.0.0.1:{here}:{address}:{port}"
        opened = self._control("forward", "-L", way)
        if opened.returncode != 0:
            raise CommandFailed(str(opened))
        try:
            yield here
        finally:
            self._control("cancel", "-L", way)


def free_port() -> int:
    """Return a port of this host that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
