# SPDX-License-Identifier: GPL-2.0-or-later
"""Make a cluster of namespaces and take it down again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, NamedTuple

from tests.cluster.harness import configuration, network, process, record
from tests.cluster.harness.cluster import Cluster
from tests.cluster.harness.fencing import PowerSwitch, by_power_switch
from tests.cluster.harness.lan import Place
from tests.cluster.harness.namespace_machine import NamespaceMachine
from tests.cluster.harness.node import Node
from tests.cluster.harness.site import INSIDE, Site

CHECKOUT = Path(__file__).parents[3]
CIB = "/var/lib/pacemaker/cib/cib.xml"
FENCE_AGENT = "/usr/sbin/fence_harness"


class Construction(NamedTuple):
    """A cluster together with what it is made of."""

    cluster: Cluster
    machines: tuple[NamespaceMachine, ...]
    power_switch: PowerSwitch
    site: Site

    def install_drop_in(self) -> None:
        """Put the agent in the place of the stock one, ocf:heartbeat:pgsql, too."""
        for machine in self.machines:
            install_agent(machine, "DROPIN=1")

    def start(self, _kind: str, start: Callable[[], object]) -> None:
        """Start the cluster: nothing runs on the nodes yet."""
        start()

    def bring_back(self) -> bool:
        """Have the power switch obey at once; the cluster is left to repairs."""
        self.power_switch.delay_s, self.power_switch.failures_to_come = 0.0, 0
        return False

    def close(self) -> None:
        """Take everything down."""
        self.power_switch.close()
        self.site.close()
        for machine in self.machines:
            machine.forget_processes()
        record.remove(self.site.name)


@contextmanager
def constructed(
    name: str, count: int = 2, lower: Path = Path("/")
) -> Iterator[Construction]:
    """Make a cluster for the time of the block."""
    construction = construct(name, count, lower)
    try:
        yield construction
    finally:
        construction.close()


def construct(name: str, count: int = 2, lower: Path = Path("/")) -> Construction:
    """Make a cluster's nodes with their configuration; leave them without power.

    `lower` is the root directory of a system that has the packages installed.
    """
    record.write(name)
    site = Site(name)
    record.write(name, site.pid)
    try:
        return _construct_in(site, count, lower)
    except BaseException:
        site.close()
        record.remove(name)
        raise


def _construct_in(site: Site, count: int, lower: Path) -> Construction:
    network.make_bridge(site)
    numbers = range(1, count + 1)
    machines = tuple(NamespaceMachine(site, number, lower) for number in numbers)
    power_switch = PowerSwitch(machines)
    power_switch.serve()
    lan = network.LAN
    clients = Place(lan.virtual_address, join=lambda: network.join_network_of(site.pid))
    nodes = [Node(machine, lan) for machine in machines]
    fencing = by_power_switch(node.name for node in nodes)
    cluster = Cluster(nodes, lan, clients, fencing)
    cluster.write_configuration()
    for machine in machines:
        machine.write(FENCE_AGENT, (INSIDE / "fence_harness.py").read_text(), 0o755)
        machine.write(CIB, configuration.first_cib(), 0o600)
        install_agent(machine)
        site.run("chroot", machine.root, "chown", "hacluster:haclient", CIB)
    return Construction(cluster, machines, power_switch, site)


def install_agent(machine: NamespaceMachine, *options: str) -> None:
    """Lay the agent down on a node as a user would."""
    destination = f"DESTDIR={machine.site.path(machine.root)}"
    make = ("make", "--silent", "-C", str(CHECKOUT), "install")
    process.run((*make, destination, *options))
