# SPDX-License-Identifier: GPL-2.0-or-later
"""The cluster as the agents of a test see it: written programs, one file of state."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, NamedTuple

RESOURCE = "db"
TOOLS = (
    "crm_mon",
    "attrd_updater",
    "crm_attribute",
    "cibadmin",
    "corosync-cmapctl",
)
STAND_IN = Path(__file__).with_name("stand_in.py")


class Cluster(NamedTuple):
    """A directory with the cluster's tools and what they know."""

    tools: Path

    def read(self) -> dict[str, Any]:
        """Return the whole state."""
        content: dict[str, Any] = json.loads((self.tools / "cluster.json").read_text())
        return content

    def set(self, **options: object) -> None:
        """Set options: fencing, old (role names), target_role, broken, token."""
        self._write({**self.read(), **options})

    def set_node(self, name: str, **state: object) -> None:
        """Set a node's state: online, unclean, shutdown, role, attributes and more."""
        content = self.read()
        content["nodes"][name].update(state)
        self._write(content)

    def power_off(self, name: str) -> None:
        """Let a node be off for certain, as after fencing."""
        gone: dict[str, object] = {"attributes": {}, "private": {}}
        self.set_node(name, online=False, unclean=False, role="Stopped", **gone)

    def power_on(self, name: str) -> None:
        """Let a node be a member again; nothing runs on it yet."""
        self.set_node(name, online=True)

    def set_permanent(self, node: str, name: str, value: str) -> None:
        """Set a permanent attribute of the resource."""
        permanent = self.read()["nodes"][node]["permanent"]
        name = f"{RESOURCE}-{name}"
        self.set_node(node, permanent={**permanent, name: value})

    def set_attribute(self, node: str, name: str, value: str) -> None:
        """Set an attribute of the resource, or its score."""
        name = f"master-{RESOURCE}" if name == "score" else f"{RESOURCE}-{name}"
        self.set_node(node, attributes={**self.attributes(node), name: value})

    def role(self, node: str) -> str:
        """Return the role of the resource on a node."""
        return str(self.read()["nodes"][node]["role"])

    def is_online(self, node: str) -> bool:
        """Tell whether a node is a member of the cluster."""
        return bool(self.read()["nodes"][node]["online"])

    def attributes(self, node: str) -> dict[str, str]:
        """Return a node's attributes."""
        attributes: dict[str, str] = self.read()["nodes"][node]["attributes"]
        return attributes

    def status(self, node: str) -> str | None:
        """Return the resource's status attribute on a node."""
        return self.attributes(node).get(f"{RESOURCE}-status")

    def writes(self) -> list[str]:
        """Return all attributes that were written, as "node name=value"."""
        return list(self.read()["writes"])

    def record(self, node: str) -> str | None:
        """Return what the cluster knows for ever of a node's data."""
        return self._of(node, "permanent", "data-status")

    def private(self, node: str, name: str) -> str | None:
        """Return an attribute that only its daemon has."""
        return self._of(node, "private", name)

    def _of(self, node: str, kind: str, name: str) -> str | None:
        found: str | None = self.read()["nodes"][node][kind].get(f"{RESOURCE}-{name}")
        return found

    def score(self, node: str) -> str | None:
        """Return the promotion score of the resource on a node."""
        return self.attributes(node).get(f"master-{RESOURCE}")

    def _write(self, content: dict[str, Any]) -> None:
        (self.tools / "cluster.json").write_text(json.dumps(content, indent=1))


def make_cluster(tools: Path, *nodes: str) -> Cluster:
    """Create a healthy cluster in which the resource is stopped everywhere."""
    tools.mkdir()
    for name in TOOLS:
        shutil.copy(STAND_IN, tools / name)
        (tools / name).chmod(0o755)
    state = {
        "online": True,
        "unclean": False,
        "shutdown": False,
        "role": "Stopped",
        "attributes": {},
        "private": {},
        "permanent": {},
    }
    cluster = Cluster(tools)
    content = {
        "resource": RESOURCE,
        "nodes": {name: state for name in nodes},
        "fencing": True,
        "old": False,
        "target_role": "Started",
        "broken": False,
        "writes": [],
        "token": 100,
        "consensus": 120,
    }
    (tools / "cluster.json").write_text(json.dumps(content))
    return cluster
