# SPDX-License-Identifier: GPL-2.0-or-later
"""Edge: what Pacemaker knows, and the node attributes that the agent writes.

One crm_mon shows nodes, roles and all attributes of the nodes that are online;
attrd_updater writes one attribute of transient life, crm_attribute a permanent one.
The promotion score is of transient life too, under the name that every version since
1.0 gives it (crm_master, crm_attribute --promotion).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from pgsr import process
from pgsr.ocf import AgentError, Invocation
from pgsr.state import Cluster, Peer
from pgsr.wait import now

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

# Pacemaker 2.0 still says Master and Slave.
# An instance that is being promoted may be a primary already.
_CURRENT_ROLES = {
    "Master": "Promoted",
    "Slave": "Unpromoted",
    "Promoting": "Promoted",
}
_WEIGHTS = ("Stopped", "Started", "Unpromoted", "Promoted")


class Pacemaker(NamedTuple):
    """The cluster tools, for one resource on one node."""

    directory: str
    resource: str
    node: str
    deadline: float

    def look(self) -> Cluster:
        """Return what the cluster knows; AgentError when it cannot be asked."""
        argv = [
            f"{self.directory}/crm_mon",
            "--one-shot",
            "--output-as=xml",
            "--exclude=all",
            "--include=options,nodes,resources,attributes",
            "--inactive",
        ]
        said = process.run(argv, self.deadline)
        if said.code:
            raise AgentError(
                f"crm_mon cannot ask the cluster (exit code {said.code}):"
                f" {said.stderr.strip() or said.stdout.strip()}"
            )
        return parse_cluster(said.stdout, self.resource, self.node)

    def look_at_all(self) -> Cluster:
        """Return what the cluster knows, permanent attributes of absent nodes too.

        crm_mon leaves out the attributes of a node that is not online.
        """
        cluster = self.look()
        if all(peer.is_online for peer in cluster.peers):
            return cluster
        argv = [f"{self.directory}/cibadmin", "--query", "--scope=nodes"]
        said = process.run(argv, self.deadline)
        if said.code:
            raise AgentError(
                f"cibadmin cannot ask the cluster (exit code {said.code}):"
                f" {said.stderr.strip() or said.stdout.strip()}"
            )
        return with_permanent(cluster, said.stdout, self.resource)

    def set_permanent(self, name: str, value: str, node: str, timeout_s: int) -> None:
        """Set an attribute that outlasts everything, of any node that is known."""
        argv = [f"{self.directory}/crm_attribute", "--lifetime=forever"]
        argv += [f"--node={node}", f"--name={self.resource}-{name}"]
        deadline = min(self.deadline, now() + timeout_s)
        said = process.run([*argv, f"--update={value}"], deadline)
        if said.code:
            raise AgentError(
                f"crm_attribute cannot set {self.resource}-{name} of {node} (exit code"
                f" {said.code}): {said.stderr.strip() or said.stdout.strip()}"
            )

    def everybodys(self, name: str) -> dict[str, str]:
        """Return an attribute of all nodes, asked of the daemon that holds it."""
        argv = [f"{self.directory}/attrd_updater", f"--name={self.resource}-{name}"]
        said = process.run([*argv, "--query", "--all"], self.deadline)
        found = re.findall(r'host="([^"]*)" value="([^"]*)"', said.stdout)
        return {node: value for node, value in found if value}

    def set_attribute(self, name: str, value: str, node: str = "") -> None:
        """Set an attribute that lasts until the node leaves the cluster.

        --update=VALUE, because of values that begin with a dash: -INFINITY.
        """
        self._update([f"--name={self.resource}-{name}", f"--update={value}"], node)

    def tell(self, name: str, value: str) -> None:
        """Set a private attribute of this node, which ``everybodys`` shows.

        It is not in the cluster's configuration: a change of that would make
        Pacemaker break off what it does, and begin anew.
        """
        self._update(
            [f"--name={self.resource}-{name}", f"--update={value}", "--private"], ""
        )

    def take_back(self, name: str, node: str = "") -> None:
        """Delete a private attribute; it stays private for the next one to set it."""
        self._update([f"--name={self.resource}-{name}", "--delete", "--private"], node)

    def delete_attribute(self, name: str, node: str = "") -> None:
        """Take an attribute away."""
        self._update([f"--name={self.resource}-{name}", "--delete"], node)

    def attribute(self, name: str) -> str:
        """Return an attribute of this node, empty when it is not set.

        Asked of the daemon that holds it: a value set a moment ago may not have
        reached what crm_mon shows.
        """
        argv = [f"{self.directory}/attrd_updater", f"--name={self.resource}-{name}"]
        said = process.run([*argv, "--query", f"--node={self.node}"], self.deadline)
        found = re.search(r'value="([^"]*)"', said.stdout)
        return found.group(1) if found and not said.code else ""

    def set_score(self, score: str, node: str = "") -> None:
        """Set the promotion score of this node, or of another one."""
        self._update([f"--name=master-{self.resource}", f"--update={score}"], node)

    def _update(self, options: list[str], node: str) -> None:
        argv = [f"{self.directory}/attrd_updater", *options]
        said = process.run([*argv, f"--node={node or self.node}"], self.deadline)
        if said.code:
            raise AgentError(
                f"attrd_updater {' '.join(options)} failed (exit code {said.code}):"
                f" {said.stderr.strip() or said.stdout.strip()}"
            )


def connect(call: Invocation, environ: Mapping[str, str], deadline: float) -> Pacemaker:
    """Return the tools; HA_SBIN_DIR is where the cluster's programs are."""
    directory = environ.get("HA_SBIN_DIR") or "/usr/sbin"
    return Pacemaker(directory, call.resource, call.node, deadline)


def parse_cluster(text: str, resource: str, node: str) -> Cluster:
    """Return the cluster's state from the XML of crm_mon."""
    from xml.etree import ElementTree

    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise AgentError(f"crm_mon gave no XML: {error}") from None
    attributes = _attributes(root)
    mine = attributes.get(node, {})
    instances = _instances(root, resource)
    options = root.find(".//cluster_options")
    return Cluster(
        node=node,
        own=_of_resource(mine, resource),
        score=mine.get(f"master-{resource}", ""),
        peers=tuple(
            _peer(
                element,
                instances,
                attributes.get(element.get("name", ""), {}),
                resource,
            )
            for element in root.findall("./nodes/node")
            if element.get("name") != node
        ),
        is_fencing_enabled=options is None or options.get("stonith-enabled") != "false",
        is_target_stopped=any(
            element.get("target_role") == "Stopped" for element, _ in instances
        ),
    )


def with_permanent(cluster: Cluster, text: str, resource: str) -> Cluster:
    """Return ``cluster`` with the permanent attributes in the XML of cibadmin."""
    from xml.etree import ElementTree

    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise AgentError(f"cibadmin gave no XML: {error}") from None
    permanent = {
        node.get("uname", ""): {
            pair.get("name", ""): pair.get("value", "")
            for pair in node.iterfind("./instance_attributes/nvpair")
        }
        for node in root.iter("node")
    }
    peers = tuple(
        peer._replace(
            own={**_of_resource(permanent.get(peer.name, {}), resource), **peer.own}
        )
        for peer in cluster.peers
    )
    return cluster._replace(peers=peers)


def _peer(
    element: Element,
    instances: list[tuple[Element, str]],
    attributes: dict[str, str],
    resource: str,
) -> Peer:
    name = element.get("name", "")
    online, unclean = _is_true(element, "online"), _is_true(element, "unclean")
    roles = [_role(instance) for instance, where in instances if where == name]
    return Peer(
        name=name,
        is_online=online and not unclean,
        is_off=not online and not unclean,
        is_leaving=_is_true(element, "shutdown") or _is_true(element, "standby"),
        role=max(roles, key=_WEIGHTS.index, default="Stopped"),
        own=_of_resource(attributes, resource),
        score=attributes.get(f"master-{resource}", ""),
    )


def _instances(root: Element, resource: str) -> list[tuple[Element, str]]:
    """Return each instance of the resource with the node that it is active on."""
    return [
        (element, node.get("name", ""))
        for element in root.iterfind("./resources//resource")
        if element.get("id", "").partition(":")[0] == resource
        for node in [*element.findall("node")] or [element]
    ]


def _attributes(root: Element) -> dict[str, dict[str, str]]:
    return {
        node.get("name", ""): {
            attribute.get("name", ""): attribute.get("value", "")
            for attribute in node.findall("attribute")
        }
        for node in root.findall("./node_attributes/node")
    }


def _role(element: Element) -> str:
    """Return the role of an instance; one that is about to start counts as active.

    Its start may have seen a primary that has been demoted since.
    """
    role = element.get("role", "Stopped")
    role = _CURRENT_ROLES.get(role, role)
    if role == "Stopped" and element.get("pending", "") != "Starting":
        return "Stopped"
    return role if role in _WEIGHTS[1:] else "Started"


def _of_resource(attributes: dict[str, str], resource: str) -> dict[str, str]:
    prefix = f"{resource}-"
    return {
        name[len(prefix) :]: value
        for name, value in attributes.items()
        if name.startswith(prefix) and value
    }


def _is_true(element: Element, name: str) -> bool:
    return element.get(name) == "true"
