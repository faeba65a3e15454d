# SPDX-License-Identifier: GPL-2.0-or-later
"""A cluster of the virtual machines that `vagrant up` has made.

They are there already, with packages, fencing and a replication that runs. A scenario
gets that replication if it is the one it wants; or new nodes, after all that it left
on the machines has been taken away.
"""

from __future__ import annotations

import atexit
import json
import os
import tempfile
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Callable

from tests.cluster.harness import configuration, process
from tests.cluster.harness.cluster import Cluster
from tests.cluster.harness.configuration import Fencing
from tests.cluster.harness.lan import Lan, Place
from tests.cluster.harness.machine import NoMachines
from tests.cluster.harness.node import Node
from tests.cluster.harness.snapshots import Snapshot
from tests.cluster.harness.ssh import Connection
from tests.cluster.harness.vagrant_machine import FENCING_DISK, Identity, VagrantMachine

CHECKOUT = Path(__file__).parents[3]
DATA = CHECKOUT / os.environ.get("VAGRANT_DOTFILE_PATH", ".vagrant")
SETTINGS = DATA / "pgsr.json"
CIB = "/var/lib/pacemaker/cib/cib.xml"
LEFT_BEHIND = ("/var/lib/pacemaker/cib", "/var/lib/pgsql", "/var/lib/corosync")
VAGRANT_TIMEOUT_S = 120.0


class Machines:
    """The machines as Vagrant has made them, and the state that they have then."""

    def __init__(self) -> None:
        self.settings = recorded()
        self._directory = tempfile.TemporaryDirectory(prefix="pgsr-")
        self.directory = Path(self._directory.name)
        self.machines = _machines(self.settings, self.directory)
        for machine in self.machines:
            machine.power_on()
        self.cluster = _cluster(self.settings, self.machines)

    def want(self, **wanted: str) -> None:
        """Raise NoMachines unless they were made with these settings."""
        if not wanted.items() <= self.settings.items():
            words = " ".join(f"{name}={value}" for name, value in wanted.items())
            raise NoMachines(
                f"there are others: `vagrant destroy -f`, then `{words} vagrant up`"
            )

    @cached_property
    def as_made(self) -> Snapshot:
        """Return the state that they are brought back to, saved at the first use."""
        return Snapshot(self.machines, self.directory)

    def clear(self) -> None:
        """Take away what runs on the machines, and what is left of it."""
        for machine in self.machines:
            machine.stop_service("pacemaker")
            machine.stop_service("corosync")
        for machine in self.machines:
            paths = " ".join(f"{path}/*" for path in LEFT_BEHIND)
            machine.run("sh", "-c", f"rm -rf {paths}")
            machine.write(CIB, configuration.first_cib(), 0o600)
            machine.run("chown", "hacluster:haclient", CIB)

    def close(self) -> None:
        """Leave the machines running as they were found."""
        if "as_made" in self.__dict__:
            self.as_made.close()
        for machine in self.machines:
            machine.connection.close()
        self._directory.cleanup()


class VagrantConstruction:
    """The cluster of the machines for some scenarios."""

    def __init__(self, all_: Machines) -> None:
        self._all = all_
        self.cluster = all_.cluster
        self._started: Snapshot | None = None

    def start(self, kind: str, start: Callable[[], object]) -> None:
        """Take the cluster as it was made, if it is of that kind, or start one."""
        self._all.as_made.restore()
        if kind != self._all.settings["PGSR_MODE"]:
            self._all.clear()
            start()
            directory = Path(tempfile.mkdtemp(dir=self._all.directory))
            self._started = Snapshot(self._all.machines, directory)
            self._started.restore()

    def bring_back(self) -> bool:
        """Restore the state that the cluster had after its start."""
        (self._started or self._all.as_made).restore()
        return True

    def close(self) -> None:
        """Forget the cluster that was started."""
        if self._started is not None:
            self._started.close()


@lru_cache(maxsize=1)
def machines() -> Machines:
    """Return the machines; the same ones as long as this process runs."""
    found = Machines()
    atexit.register(found.close)
    return found


def construct(_name: str, count: int) -> VagrantConstruction:
    """Return the cluster of the machines, which has to have so many nodes."""
    found = machines()
    found.want(PGSR_NODES=str(count))
    return VagrantConstruction(found)


def node_count() -> int:
    """Return how many machines there are; NoMachines when there are none."""
    return int(recorded()["PGSR_NODES"])


def recorded() -> dict[str, str]:
    """Return what the machines were made with; NoMachines when there are none."""
    try:
        settings: dict[str, str] = json.loads(SETTINGS.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NoMachines("there are no machines: run `vagrant up` first") from None
    return settings


def _machines(settings: dict[str, str], directory: Path) -> tuple[VagrantMachine, ...]:
    """Return the machines; `directory` is for their connections."""
    names = [f"node{number + 1}" for number in range(int(settings["PGSR_NODES"]))]
    file = directory / "ssh_config"
    command = ("vagrant", "ssh-config", *names)
    file.write_text(_vagrant(*command), encoding="utf-8")
    return tuple(
        _machine(settings, number, Connection(name, file))
        for number, name in enumerate(names, start=1)
    )


def _vagrant(*argv: str) -> str:
    in_checkout = ("env", f"--chdir={CHECKOUT}", *_given("VAGRANT_", "PGSR_", "HOME"))
    ended = process.run((*in_checkout, *argv), timeout_s=VAGRANT_TIMEOUT_S, check=False)
    if ended.returncode != 0:
        raise NoMachines(str(ended))
    return ended.stdout


def _given(*prefixes: str) -> tuple[str, ...]:
    """Return the variables that Vagrant wants, which programs here do not get."""
    return tuple(
        f"{name}={os.environ[name]}" for name in os.environ if name.startswith(prefixes)
    )


def _machine(
    settings: dict[str, str], number: int, connection: Connection
) -> VagrantMachine:
    network, name = settings["PGSR_NETWORK"], connection.name
    address = f"{network}.{10 + number}"
    domain = (DATA / "machines" / name / "libvirt" / "id").read_text().strip()
    connection.open()
    shown = connection.run(("ip", "-o", "-4", "addr", "show"), "root", 60.0, "").stdout
    interface = next(
        line.split()[1] for line in shown.splitlines() if f" {address}/" in line
    )
    identity = Identity(name, address, domain, f"pgsr-{network}", interface)
    return VagrantMachine(identity, connection)


def _cluster(settings: dict[str, str], machines: tuple[VagrantMachine, ...]) -> Cluster:
    network = settings["PGSR_NETWORK"]
    lan = Lan(f"{network}.10", 24, f"{network}.0/24")
    nodes = [Node(machine, lan) for machine in machines]
    return Cluster(nodes, lan, Place(lan.virtual_address), _fencing(nodes))


def _fencing(nodes: list[Node]) -> Fencing:
    """Return the fencing that the provisioning gives the machines, for crm(8)."""
    names = " ".join(node.name for node in nodes)
    return Fencing(
        properties="stonith-action=off stonith-watchdog-timeout=0 stonith-timeout=120s"
        " priority-fencing-delay=5s",
        resources="primitive fencing stonith:fence_sbd params"
        f" devices=/dev/disk/by-id/virtio-{FENCING_DISK} pcmk_host_list='{names}'"
        " op monitor interval=3600 timeout=120\n",
    )
