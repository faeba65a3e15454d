# SPDX-License-Identifier: GPL-2.0-or-later
"""The cluster's state as crm_mon tells it, parsed into plain values.

Role names are the current ones in lower case whatever the version of Pacemaker says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from xml.etree import ElementTree

CRM_MON = (
    *("crm_mon", "--one-shot", "--output-as=xml"),
    "--include=none,nodes,resources,attributes,failures,dc",
)
CURRENT_ROLES = {"master": "promoted", "slave": "unpromoted"}


class Running(NamedTuple):
    """One instance of a resource on one node."""

    resource: str
    node: str
    role: str
    is_failed: bool
    is_managed: bool


class Status(NamedTuple):
    """What crm_mon showed at one moment."""

    coordinator: str
    online: frozenset[str]
    unclean: frozenset[str]
    instances: tuple[Running, ...]
    attributes: Mapping[str, Mapping[str, str]]
    failures: tuple[str, ...]

    def role(self, resource: str, node: str) -> str:
        """Return a resource's role on a node; "stopped" or "failed" if it has none."""
        for instance in self.instances:
            if (instance.resource, instance.node) == (resource, node):
                return "failed" if instance.is_failed else instance.role
        return "stopped"

    def where(self, resource: str, role: str = "started") -> str:
        """Return the node where a resource has a role; empty when there is none."""
        for instance in self.instances:
            if (instance.resource, instance.role) == (resource, role):
                return "" if instance.is_failed else instance.node
        return ""

    def attribute(self, node: str, name: str) -> str:
        """Return a node's attribute, empty when it is not set."""
        return self.attributes.get(node, {}).get(name, "")


NOTHING = Status("", frozenset(), frozenset(), (), {}, ())


def parse(xml: str) -> Status:
    """Parse the output of CRM_MON; an unreachable cluster is NOTHING."""
    try:
        root = ElementTree.fromstring(xml)
    except ElementTree.ParseError:
        return NOTHING
    nodes = root.findall("./nodes/node")
    failures = root.findall("./failures/failure")
    coordinator = root.find("./summary/current_dc")
    return Status(
        coordinator="" if coordinator is None else coordinator.get("name", ""),
        online=_names(nodes, "online"),
        unclean=_names(nodes, "unclean"),
        instances=tuple(_instances(root)),
        attributes=_attributes(root),
        failures=tuple(_failure(failure) for failure in failures),
    )


def _names(nodes: list[ElementTree.Element], flag: str) -> frozenset[str]:
    ready = [node for node in nodes if node.get("pending") != "true"]
    return frozenset(node.get("name", "") for node in ready if node.get(flag) == "true")


def _instances(root: ElementTree.Element) -> list[Running]:
    return [
        Running(
            resource=resource.get("id", "").split(":")[0],
            node=node.get("name", ""),
            role=_current_role(resource.get("role", "")),
            is_failed=resource.get("failed") == "true",
            is_managed=resource.get("managed") == "true",
        )
        for resource in root.findall("./resources//resource")
        for node in resource.findall("node")
    ]


def _current_role(name: str) -> str:
    return CURRENT_ROLES.get(name.lower(), name.lower())


def _attributes(root: ElementTree.Element) -> dict[str, dict[str, str]]:
    return {
        node.get("name", ""): {
            attribute.get("name", ""): attribute.get("value", "")
            for attribute in node.findall("attribute")
        }
        for node in root.findall("./node_attributes/node")
    }


def _failure(failure: ElementTree.Element) -> str:
    words = (failure.get(name, "") for name in ("op_key", "node", "exitstatus"))
    return f"{' '.join(words)}: {failure.get('exitreason', '')}"
