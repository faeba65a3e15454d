# SPDX-License-Identifier: GPL-2.0-or-later
"""Nodes under managed replication, and what Pacemaker does with them.

The address of the primary is a link to the directory of its socket: it moves as a
virtual address does, and the configuration that names it stays the same.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from tests.postgres.cluster import RESOURCE, Cluster
from tests.postgres.node import Answer, Node
from tests.postgres.servers import is_alone, names_in_force

MINUS_INFINITY = "-INFINITY"
# The order in which Pacemaker has them in a transition.
OPERATIONS = ("demote", "stop", "start", "promote")
ROLE_AFTER = {
    "demote": "Unpromoted",
    "stop": "Stopped",
    "start": "Unpromoted",
    "promote": "Promoted",
}
CODES = {"Stopped": 7, "Started": 0, "Unpromoted": 0, "Promoted": 8}
MOST_ROUNDS = 30
DONE = Answer(0, "", "", "")


class Group(NamedTuple):
    """Nodes of one cluster; `options` are parameters beside those that all have."""

    top: Path
    nodes: tuple[Node, ...]
    options: Mapping[str, str]

    @property
    def cluster(self) -> Cluster:
        """The cluster as it sees the nodes."""
        return self.nodes[0].cluster

    @property
    def address(self) -> Path:
        """Where the primary is reached (master_ip)."""
        return self.top / "address"

    @property
    def names(self) -> list[str]:
        """The names of all nodes."""
        return [node.name for node in self.nodes]

    def having(self, **options: str) -> Group:
        """Return the group with other parameters."""
        return self._replace(options={**self.options, **options})

    def parameters(self) -> dict[str, str]:
        """Return the parameters of the resource."""
        return {
            "rep_mode": "sync",
            "node_list": " ".join(self.names),
            "master_ip": str(self.address),
            "CRM_meta_notify": "true",
            **self.options,
        }

    def node(self, name: str) -> Node:
        """Return a node by its name."""
        return next(node for node in self.nodes if node.name == name)

    def call(self, node: Node, action: str, **changes: str) -> Answer:
        """Call the agent on a node."""
        return node.agent(action, **{**self.parameters(), **changes})

    def environment(self, node: Node, **changes: str) -> dict[str, str]:
        """Return what Pacemaker hands to an action on a node."""
        return node.environment(**{**self.parameters(), **changes})

    def monitor(self, node: Node) -> Answer:
        """Call the recurring monitor, which must find the role that Pacemaker knows."""
        answer = self.call(node, "monitor")
        role = self.cluster.role(node.name)
        assert answer.code == CODES[role], (node.name, role, answer)
        return answer

    def probe(self, node: Node) -> Answer:
        """Call the probe."""
        return self.call(node, "monitor", CRM_meta_interval="0")

    def change(self, **operations: Iterable[Node]) -> Answer:
        """Do a transition that must succeed; return the answer of its last action."""
        answer = self.try_to_change(**operations)
        assert answer.code == 0, answer
        return answer

    def try_to_change(self, **operations: Iterable[Node]) -> Answer:
        """Do a transition as Pacemaker does: it ends at the first action that fails.

        `demote`, `stop`, `start` and `promote` are the nodes of each.
        """
        plan = {name: list(nodes) for name, nodes in operations.items()}
        meta, answer = self.meta(plan), DONE
        for operation in OPERATIONS:
            nodes = plan.get(operation, [])
            if nodes:
                self.notify("pre", operation, meta)
            if operation == "start":
                # All nodes start at the same time, and each knows of the others.
                for node in nodes:
                    self.cluster.set_node(node.name, role="Started")
            for node in nodes:
                answer = self.call(node, operation, **meta)
                if answer.code != 0:
                    return answer
                self.take_role(node, operation)
            if nodes:
                self.notify("post", operation, meta)
        return answer

    def take_role(self, node: Node, operation: str) -> None:
        """Let Pacemaker know that an operation succeeded; the address follows."""
        if operation == "demote":
            self.release_address(node)
        self.cluster.set_node(node.name, role=ROLE_AFTER[operation])
        if operation == "promote":
            self.address.unlink(missing_ok=True)
            self.address.symlink_to(node.top)

    def release_address(self, node: Node) -> None:
        """Take the address from a node that has it."""
        if self.address.is_symlink() and self.address.readlink() == node.top:
            self.address.unlink()

    def meta(self, plan: Mapping[str, Iterable[Node]]) -> dict[str, str]:
        """Return what Pacemaker says of a transition with every action in it."""
        names = {kind: [node.name for node in nodes] for kind, nodes in plan.items()}
        for role in ("Promoted", "Unpromoted"):
            names[role.lower()] = [
                name for name in self.names if self.cluster.role(name) == role
            ]
        return {
            f"CRM_meta_notify_{kind}_uname": " ".join(found)
            for kind, found in names.items()
        }

    def notify(self, moment: str, operation: str, meta: Mapping[str, str]) -> None:
        """Notify all nodes on which an instance runs."""
        about = {
            "CRM_meta_notify_type": moment,
            "CRM_meta_notify_operation": operation,
            **meta,
        }
        for node in self.nodes:
            if self.cluster.role(node.name) != "Stopped":
                assert self.call(node, "notify", **about).code == 0

    def candidate(self) -> Node | None:
        """Return the node that Pacemaker would promote: the one with the best score."""
        able = [
            (int(score), node.name)
            for node in self.nodes
            if self.cluster.role(node.name) == "Unpromoted"
            and (score := self.cluster.score(node.name) or "").isdigit()
            and int(score) > 0
        ]
        return self.node(max(able)[1]) if able else None

    def primary(self) -> Node | None:
        """Return the node whose instance is promoted."""
        found = [n for n in self.nodes if self.cluster.role(n.name) == "Promoted"]
        return found[0] if found else None

    def settle(self) -> None:
        """Call all monitors until they change nothing, promoting whoever may be."""
        for _ in range(MOST_ROUNDS):
            before = self._state()
            candidate = self.candidate()
            if candidate and not self.primary():
                self.change(promote=[candidate])
            for node in self.nodes:
                if self.cluster.role(node.name) != "Stopped":
                    self.monitor(node)
            if self._state() == before:
                return
        raise AssertionError(f"never at rest: {self._state()}")

    def _state(self) -> tuple[dict[str, Any], str]:
        """Return what monitors change: the cluster, and for whom commits wait."""
        primary = self.primary()
        return self.cluster.read(), names_in_force(primary) if primary else ""

    def begin(self) -> None:
        """Start all nodes, with an election, until all is as it shall be."""
        self.change(start=self.nodes)
        self.settle_with(len(self.nodes) - 1)

    def settle_with(self, standbys: int) -> None:
        """Let all come to rest once that many standbys stream."""
        self.settle()
        self.await_streaming(standbys)
        self.settle()

    def await_streaming(self, standbys: int) -> None:
        """Wait until that many standbys stream from the primary."""
        primary = self.primary()
        assert primary, self.cluster.read()
        counted = "select count(*) from pg_stat_replication where state = 'streaming'"
        primary.wait_for(
            f"{standbys} standbys", lambda: primary.sql(counted) >= standbys
        )

    def kill(self, node: Node) -> None:
        """End the postmaster by SIGKILL, and wait until its children are gone.

        Until init has reaped it, PostgreSQL takes it for a running one.
        """
        pid = node.pid()
        os.kill(pid, 9)
        node.wait_for("SIGKILL", lambda: self.probe(node).code == 7)
        node.wait_for("init", lambda: not Path(f"/proc/{pid}").exists())

    def fence(self, node: Node) -> None:
        """Cut the power of a node."""
        if (node.data / "postmaster.pid").exists() and node.is_running():
            self.kill(node)
        self.release_address(node)
        self.cluster.power_off(node.name)

    def status(self, node: Node) -> str | None:
        """Return the status attribute of a node."""
        return self.cluster.status(node.name)

    def score(self, node: Node) -> str | None:
        """Return the promotion score of a node."""
        return self.cluster.score(node.name)

    def record(self, node: Node) -> str | None:
        """Return the record of a node."""
        return self.cluster.record(node.name)

    def attribute(self, node: Node, name: str) -> str | None:
        """Return an attribute of transient life."""
        return self.cluster.attributes(node.name).get(f"{RESOURCE}-{name}")


def roles(group: Group) -> tuple[Node, Node]:
    """Return the primary and the standby of a pair."""
    primary = group.primary()
    assert primary
    (standby,) = (node for node in group.nodes if node != primary)
    return primary, standby


def cut_off(group: Group, *standbys: Node) -> None:
    """Let standbys lose the primary for good; the others go on streaming."""
    primary = group.primary()
    assert primary
    group.release_address(primary)
    for node in standbys:
        named = (
            f"from pg_stat_replication where application_name = '{node.name.lower()}'"
        )
        assert primary.sql(f"select pg_terminate_backend(pid) {named}")
        node.wait_for("the end of replication", partial(is_alone, node))
