# SPDX-License-Identifier: GPL-2.0-or-later
"""A virtual machine that Vagrant made with libvirt: the second kind of machine.Machine.

The harness reaches it over the network that Vagrant manages machines with, which no
fault touches. What a scenario wants of its disk goes through its system, so a machine
that is off does not give it away.
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from tests.cluster.harness import libvirt
from tests.cluster.harness.lan import SERVER_PORT, Place
from tests.cluster.harness.machine import NoPower
from tests.cluster.harness.process import CommandFailed, Completed
from tests.cluster.harness.ssh import Connection
from tests.cluster.harness.wait import patient, wait_until

FENCING_DISK = "pgsr-sbd"  # the serial number that the Vagrantfile gives it
DATABASE = "/var/lib/pgsql"
FILLER = f"{DATABASE}/filler"
SERVICE_TIMEOUT_S = 120.0
STOPPED_WITHIN_S = 3.0
RESET_TIMEOUT_S = 60.0


class Identity(NamedTuple):
    """What Vagrant calls a machine, and what libvirt does."""

    name: str
    address: str
    domain: str
    network: str  # the cluster's, as libvirt calls it
    interface: str  # the machine's on that network


class VagrantMachine:
    """A virtual machine; see machine.Machine for what its methods promise."""

    def __init__(self, identity: Identity, connection: Connection) -> None:
        self.name = identity.name
        self.address = identity.address
        self.interface = identity.interface
        self.domain = identity.domain
        self.network = identity.network
        self.connection = connection
        self.boots = 1
        self._boot_id = ""  # when it was told to hang
        self.is_hanging = False

    @property
    def is_on(self) -> bool:
        """Tell whether it has power, and had it ever since it began to hang."""
        if libvirt.state(self.domain) not in ("running", "in shutdown"):
            return False
        return not self.is_hanging or not self._was_reset()

    def power_on(self) -> None:
        """Boot it; no service of the cluster starts at boot."""
        if not self.is_on:
            self.boots += 1
            self.connection.close()
            libvirt.start(self.domain)
        self.connection.open()
        self.set_clock()

    def set_clock(self) -> None:
        """Tell it this host's time, by which scenarios judge."""
        self.run("date", "--set", f"@{time.time():.3f}")

    def cut_power(self) -> None:
        """Take its power away at once."""
        libvirt.destroy(self.domain)
        self.is_hanging = False
        self.connection.close()

    def unplug(self) -> None:
        """Pull its cables: those to its peers, and to the disk that fences."""
        libvirt.cut_disk(self.domain, FENCING_DISK)
        libvirt.set_cable(self.domain, self.network, "down")

    def plug(self) -> None:
        """Put its cables back."""
        if self.is_on:
            libvirt.give_disk_back(self.domain, FENCING_DISK)
            libvirt.set_cable(self.domain, self.network, "up")

    def hang(self) -> None:
        """Stop all of its processes but the first; its watchdog then resets it.

        That is what being fenced looks like for one that cannot read its messages.
        """
        self._boot_id = self.connection.boot_id()
        with suppress(CommandFailed):  # it stops whoever could answer
            stop_all = ("sh", "-c", "kill -s STOP -- -1")
            self.connection.run(stop_all, "root", STOPPED_WITHIN_S, "")
        self.is_hanging = True
        self.connection.close()

    def resume(self) -> None:
        """Wait until it has been reset: nobody can let its processes go on."""
        wait_until(f"reset of {self.name}", lambda: not self.is_on, RESET_TIMEOUT_S)
        self.is_hanging = False

    def _was_reset(self) -> bool:
        return self.connection.boot_id() not in ("", self._boot_id)

    def leave_free(self, free_bytes: int | None) -> None:
        """Fill the file system of the database with a file."""
        if free_bytes is None:
            self.run("rm", "-f", FILLER)
            return
        shown = self.run("df", "--output=avail", "--block-size=1", DATABASE)
        filler_bytes = int(shown.stdout.split()[-1]) - free_bytes
        self.run("fallocate", "--length", str(filler_bytes), FILLER)

    @contextmanager
    def place(self, address: str) -> Iterator[Place]:
        """Let clients stand beside it, through its own connection."""
        if not self.is_on:
            raise NoPower(f"{self.name} has no power")
        with self.connection.forwarded(address, SERVER_PORT) as port:
            yield Place("127.0.0.1", port)

    def configure_network(self, *argv: str) -> None:
        """Run a program that changes its network on it."""
        if self.is_on:
            self.run(*argv)

    def run(
        self,
        *argv: str,
        user: str = "root",
        timeout_s: float = 30.0,
        stdin_text: str = "",
        check: bool = True,
    ) -> Completed:
        """Run a command on it; NoPower when it is off."""
        if not self.is_on:
            raise NoPower(f"{self.name} has no power")
        ended = self.connection.run(argv, user, timeout_s, stdin_text)
        if check and ended.returncode != 0:
            raise CommandFailed(str(ended))
        return ended

    def start_service(self, name: str) -> None:
        """Start one of its services, corosync or pacemaker; SBD comes along."""
        self._systemctl("start", name)

    def stop_service(self, name: str) -> None:
        """Stop one of its services cleanly and wait until it has ended."""
        self._systemctl("stop", name)

    def _systemctl(self, action: str, name: str) -> None:
        self.run("systemctl", action, name, timeout_s=patient(SERVICE_TIMEOUT_S))

    def read(self, path: str) -> str:
        """Return the text of a file on its disk; NoPower when it is off."""
        if self.run("test", "-e", path, check=False).returncode != 0:
            raise FileNotFoundError(path)
        return self.run("cat", path, timeout_s=patient(30)).stdout

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """Write a file on its disk; NoPower when it is off."""
        file, directory = shlex.quote(path), shlex.quote(str(Path(path).parent))
        script = f"mkdir -p {directory} && cat > {file} && chmod {mode:o} {file}"
        self.run("sh", "-c", script, stdin_text=text)
