# SPDX-License-Identifier: GPL-2.0-or-later
"""A Pacemaker cluster as a scenario sees it: what it shows and what it waits for.

It uses nodes only through machine.Machine; the site it lives in is made and ended by
construction.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Callable

from tests.cluster.harness import configuration
from tests.cluster.harness.lan import Lan, Place
from tests.cluster.harness.node import Node
from tests.cluster.harness.status import NOTHING, Status
from tests.cluster.harness.wait import patient, wait_until
from tests.cluster.harness.writer import TABLE, Writer
from tests.vagrant.provision.corosync import corosync_conf

RESOURCE = "pgsql"
ADDRESS_RESOURCE = "address"
ONLINE_TIMEOUT_S = 60.0
CHANGE_TIMEOUT_S = 90.0
IDLE_TIMEOUT_S = 60.0
TOKEN_MS = 1000


class Cluster:
    """The nodes together."""

    def __init__(
        self,
        nodes: Sequence[Node],
        lan: Lan,
        clients: Place,
        fencing: configuration.Fencing,
    ) -> None:
        """Take the nodes, their network, the place of clients on it, and the fencing.

        From their place clients find the primary at the virtual address.
        """
        self.nodes = tuple(nodes)
        self.lan = lan
        self.clients = clients
        self.fencing = fencing

    @contextmanager
    def writer(
        self, table: str = TABLE, beside: Node | None = None
    ) -> Iterator[Writer]:
        """Have a client write at the virtual address for the time of the block.

        It is on the nodes' common network, or right beside one of them, on its side of
        its cable.
        """
        near = beside.machine.place(self.lan.virtual_address) if beside else None
        with near or nullcontext(self.clients) as place:
            writer = Writer(self.clients, self.evidence, table, place)
            try:
                writer.start()
                yield writer
            finally:
                writer.stop()

    def write_configuration(self) -> None:
        """Give every node the cluster's configuration files.

        None needs to be on if its disk can be written without it.
        """
        addresses = {node.name: node.address for node in self.nodes}
        text = corosync_conf(addresses, TOKEN_MS)
        for node in self.nodes:
            write = node.machine.write
            write("/etc/hostname", f"{node.name}\n")
            write("/etc/hosts", configuration.hosts(addresses))
            write("/etc/corosync/corosync.conf", text)

    def configure(self, crm_text: str) -> None:
        """Load a configuration in the language of crm(8)."""
        node = self.living_node()
        node.run("crm", "-F", "configure", "load", "update", "-", stdin_text=crm_text)

    def living_node(self) -> Node:
        """Return the first node that is a member of the cluster."""
        for node in self.nodes:
            if node.status().coordinator:
                return node
        raise AssertionError(f"no node answers\n{self.evidence()}")

    def status(self) -> Status:
        """Return the cluster's state as its members see it.

        A node that is joining sees itself alone until it knows the coordinator.
        """
        views = (node.status() for node in self.nodes)
        return next((seen for seen in views if seen.coordinator), NOTHING)

    def wait_for(
        self,
        awaited: str,
        is_so: Callable[[Status], bool],
        timeout_s: float = CHANGE_TIMEOUT_S,
    ) -> Status:
        """Return the first state that satisfies is_so."""

        def look() -> Status | None:
            seen = self.status()
            return seen if is_so(seen) else None

        seen = wait_until(awaited, look, timeout_s, self.evidence)
        assert seen is not None
        return seen

    def wait_for_online(self, *nodes: Node) -> None:
        """Wait until the nodes, and no others, are members and have a coordinator."""
        names = frozenset(node.name for node in nodes)
        self.wait_for(
            f"online: {' '.join(sorted(names))}",
            lambda seen: seen.online == names and seen.coordinator in names,
            ONLINE_TIMEOUT_S,
        )

    def wait_for_fenced(self, node: Node) -> None:
        """Wait until the cluster knows that the node is off.

        A node that boots earlier is fenced in the middle of it.
        """
        self.wait_for(
            f"{node} known to be off",
            lambda seen: (
                seen != NOTHING
                and node.name not in seen.online
                and node.name not in seen.unclean
            ),
        )

    def wait_for_role(self, node: Node, role: str, resource: str = RESOURCE) -> None:
        """Wait until the resource has that role on the node."""
        self.wait_for(
            f"{resource} {role} on {node}",
            lambda seen: seen.role(resource, node.name) == role,
        )

    def wait_for_promoted(self, node: Node) -> None:
        """Wait until the node is the primary's and has the virtual address."""
        self.wait_for(
            f"{RESOURCE} promoted on {node}, with the address",
            lambda seen: (
                seen.where(RESOURCE, "promoted") == node.name
                and seen.where(ADDRESS_RESOURCE) == node.name
            ),
        )

    def wait_for_attribute(self, node: Node, name: str, value: str) -> None:
        """Wait until the node's attribute has that value."""
        self.wait_for(
            f"{name}={value} on {node}",
            lambda seen: seen.attribute(node.name, name) == value,
        )

    @contextmanager
    def maintenance(self) -> Iterator[None]:
        """Have the cluster leave all resources alone for the time of the block.

        Monitors end some time after the property was set, and one that is under way may
        see, and have the cluster act on, what is done to a server meanwhile.
        """
        self._set_maintenance("true")
        self.wait_until_idle()
        yield
        self._set_maintenance("false")

    def _set_maintenance(self, value: str) -> None:
        node = self.living_node()
        node.run("crm_attribute", "-n", "maintenance-mode", f"--update={value}")

    def wait_until_idle(self, *, check: bool = True) -> None:
        """Wait until the cluster has no transition under way; it must, with check."""
        node = self.living_node()
        limit = f"--timeout={patient(IDLE_TIMEOUT_S):.0f}"
        command = ("crm_resource", "--wait", limit)
        node.run(*command, timeout_s=IDLE_TIMEOUT_S + 10, check=check)

    def evidence(self) -> str:
        """Return what every node shows and the end of its logs."""
        shown = (
            f"--- {node}: crm_mon\n{node.show()}" for node in self.nodes if node.is_on
        )
        return "\n".join((*shown, *(node.evidence() for node in self.nodes)))
