# SPDX-License-Identifier: GPL-2.0-or-later
"""The cluster as the agents of a test see it: written programs, one file of state."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, NamedTuple

RESOURCE = "db"
STAND_IN = Path(__file__).with_name("stand_in.py")


class Cluster(NamedTuple):
    """A directory with crm_mon, attrd_updater and what they know."""

    tools: Path

    def read(self) -> dict[str, Any]:
        """Return the whole state."""
        content: dict[str, Any] = json.loads((self.tools / "cluster.json").read_text())
        return content

    def set(self, **options: object) -> None:
        """Set options: fencing, old (role names), target_role, broken."""
        self._write({**self.read(), **options})

    def set_node(self, name: str, **state: object) -> None:
        """Set a node's state: online, unclean, shutdown, role, attributes."""
        content = self.read()
        content["nodes"][name].update(state)
        self._write(content)

    def power_off(self, name: str) -> None:
        """Let a node be off for certain, as after fencing."""
        self.set_node(name, online=False, unclean=False, role="Stopped", attributes={})

    def attributes(self, node: str) -> dict[str, str]:
        """Return a node's attributes."""
        attributes: dict[str, str] = self.read()["nodes"][node]["attributes"]
        return attributes

    def status(self, node: str) -> str | None:
        """Return the resource's status attribute on a node."""
        return self.attributes(node).get(f"{RESOURCE}-status")

    def score(self, node: str) -> str | None:
        """Return the promotion score of the resource on a node."""
        return self.attributes(node).get(f"master-{RESOURCE}")

    def _write(self, content: dict[str, Any]) -> None:
        (self.tools / "cluster.json").write_text(json.dumps(content, indent=1))


def make_cluster(tools: Path, *nodes: str) -> Cluster:
    """Create a healthy cluster in which the resource is stopped everywhere."""
    tools.mkdir()
    for name in ("crm_mon", "attrd_updater"):
        shutil.copy(STAND_IN, tools / name)
        (tools / name).chmod(0o755)
    state = {
        "online": True,
        "unclean": False,
        "shutdown": False,
        "role": "Stopped",
        "attributes": {},
    }
    cluster = Cluster(tools)
    content = {
        "resource": RESOURCE,
        "nodes": {name: state for name in nodes},
        "fencing": True,
        "old": False,
        "target_role": "Started",
        "broken": False,
    }
    (tools / "cluster.json").write_text(json.dumps(content))
    return cluster
