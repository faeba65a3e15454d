# SPDX-License-Identifier: GPL-2.0-or-later
"""The agent's edges called in the test's own process, on a node's real server."""

from __future__ import annotations

from pgsr import account, log
from pgsr.declared import Parameters
from pgsr.instance import Instance
from pgsr.postgres.observe import observe
from pgsr.state import PrimarySide, Server, StandbySide
from pgsr.wait import now
from tests.postgres.node import Node
from tests.programs import DATABASE_USER

TIMEOUT_S = 20
MANAGED = {"rep_mode": "sync", "node_list": "node1 node2"}


def instance_of(node: Node, **changes: str) -> Instance:
    """Return what an action of managed replication works on, with time from now."""
    environment = node.environment(**{**MANAGED, **changes})
    return Instance(
        Parameters(environment),
        account.find(DATABASE_USER),
        log.from_environment(environment, "pgsr", "db", 1),
        now() + TIMEOUT_S,
    )


def observed(node: Node, **changes: str) -> Server:
    """Return the server's state as a monitor sees it."""
    instance = instance_of(node, **changes)
    return observe(instance, instance.deadline)


def primary_side(node: Node, **changes: str) -> PrimarySide:
    """Return what the primary says."""
    side = observed(node, **changes).primary
    assert side is not None
    return side


def standby_side(node: Node, **changes: str) -> StandbySide:
    """Return what the standby says."""
    side = observed(node, **changes).standby
    assert side is not None
    return side
