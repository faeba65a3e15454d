# SPDX-License-Identifier: GPL-2.0-or-later
"""Two empty machines: Debian as its installer leaves it, and power under IPMI.

They are nodes of the harness without anything that the harness lays down; bmc.py
switches their power. There is no systemd: inside/systemctl does what the tutorials ask
of it. apt finds packages on the machines' own disks: their network leads nowhere.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Callable

from tests.cluster.harness import network, process, record
from tests.cluster.harness.fencing import PowerSwitch
from tests.cluster.harness.machine import NoPower
from tests.cluster.harness.namespace_machine import NamespaceMachine
from tests.cluster.harness.process import CommandFailed
from tests.cluster.harness.site import Site
from tests.cluster.tutorial.bmc import start_bmc

INSIDE = Path(__file__).parent / "inside"
BOOT_TIMEOUT_S = 120.0
# As the installer leaves it.
HOSTS = "127.0.0.1\tlocalhost\n127.0.1.1\t{name}\n"


class EmptyMachine(NamespaceMachine):
    """A machine that starts at boot what was installed and enabled on it."""

    _starting: threading.Thread | None = None

    def power_on(self) -> None:
        """Boot it; it goes on starting its services, as a machine does."""
        if self.is_on:
            return
        super().power_on()
        self.run("mkdir", "-p", "/run/systemd/system")  # what runs here is systemd
        self._starting = threading.Thread(target=self._start_services, daemon=True)
        self._starting.start()

    def start_service(self, name: str) -> None:
        """Nothing: what starts at boot is the machine's own affair."""

    def _start_services(self) -> None:
        with suppress(NoPower, CommandFailed):  # it lost power meanwhile
            self.run("systemctl", "default", timeout_s=BOOT_TIMEOUT_S)

    def wait_for_services(self) -> None:
        """Wait until it has started all that it starts at boot."""
        if self._starting is not None:
            self._starting.join(BOOT_TIMEOUT_S)


@contextmanager
def two_machines(
    name: str, lower: Path, before_boot: Callable[[EmptyMachine], None]
) -> Iterator[tuple[EmptyMachine, ...]]:
    """Give two machines that are on; `lower` is the root directory of their system."""
    record.sweep()
    record.write(name)
    site = Site(name)
    record.write(name, site.pid)
    with ExitStack() as undo:
        undo.callback(record.remove, name)
        ended = undo.enter_context(ExitStack())  # what ends together with the site
        undo.callback(site.close)
        network.make_bridge(site)
        machines = tuple(EmptyMachine(site, number, lower) for number in (1, 2))
        for machine in machines:
            ended.callback(machine.forget_processes)
            _as_installed(machine)
            before_boot(machine)
        switch = PowerSwitch(machines)
        undo.callback(switch.close)
        switch.serve()
        for machine in machines:
            ended.callback(process.reap, start_bmc(site, machine))
            machine.power_on()
            machine.wait_for_services()
        _let_in(*machines)
        yield machines


def bring(machine: EmptyMachine, file: Path) -> None:
    """Copy a file to the home directory of root."""
    machine.file(f"/root/{file.name}").write_bytes(file.read_bytes())


def _as_installed(machine: EmptyMachine) -> None:
    machine.write("/etc/hostname", f"{machine.name}\n")
    machine.write("/etc/hosts", HOSTS.format(name=machine.name))
    machine.write("/sbin/init", "", 0o755)  # packages look whether there is one
    machine.write("/usr/bin/systemctl", (INSIDE / "systemctl").read_text(), 0o755)


def _let_in(guest: EmptyMachine, host: EmptyMachine) -> None:
    """Let root of a machine log in at another one, as administrators arrange it."""
    key = "/root/.ssh/id_ed25519"
    guest.write(
        "/root/.ssh/config", "StrictHostKeyChecking accept-new\nLogLevel ERROR\n"
    )
    guest.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
    host.write("/root/.ssh/authorized_keys", guest.read(f"{key}.pub"), 0o600)
