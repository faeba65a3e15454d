# SPDX-License-Identifier: GPL-2.0-or-later
"""What the actions of managed replication cost: the processes that they launch.

A monitor is what runs all day; a notification is sent before and after each action, to
all nodes, and the transition waits for it.
"""

from __future__ import annotations

import pytest

from tests.bench.launches import Launches, launches_of
from tests.postgres.managed import Group, roles
from tests.postgres.node import AGENT, Node
from tests.postgres.test_cost import (
    ITSELF,
    LOOK,
    MOST_FOR_PRIMARY,
    MOST_FOR_STANDBY,
)

SIZES = [tuple(f"node{number}" for number in range(1, size + 1)) for size in (2, 3, 5)]


def cost(group: Group, node: Node, action: str, **changes: str) -> Launches:
    """Run an action and return what it launched."""
    return launches_of([str(AGENT), action], group.environment(node, **changes))


@pytest.mark.parametrize("names", SIZES, ids=lambda names: f"{len(names)} nodes")
def test_steady_monitors_look_once(group: Group) -> None:
    group.begin()
    for node in group.nodes:
        is_primary = node == group.primary()
        steady = cost(group, node, "monitor")
        assert steady == Launches(8 if is_primary else 0, (*ITSELF, *LOOK), 2)


@pytest.mark.parametrize("names", SIZES, ids=lambda names: f"{len(names)} nodes")
@pytest.mark.parametrize("mode", ["async", "sync"])
def test_no_monitor_costs_more_while_it_puts_everything_right(
    group: Group, mode: str
) -> None:
    group = group.having(rep_mode=mode, replication_slot_name="slot")
    group.begin()
    primary = group.primary()
    assert primary
    for node in group.nodes:
        group.cluster.set_node(node.name, attributes={})
    for _ in group.nodes:
        for node in group.nodes:
            launched = cost(group, node, "monitor")
            most = MOST_FOR_PRIMARY if node == primary else MOST_FOR_STANDBY
            assert launched.processes <= most, (node.name, launched)
    group.settle()
    assert group.candidate()


def test_a_monitor_looks_once_more_for_nodes_that_are_off(group: Group) -> None:
    """crm_mon does not show the permanent attributes of those."""
    group.begin()
    primary, standby = roles(group)
    group.fence(standby)
    group.settle()
    steady = cost(group, primary, "monitor")
    assert steady.programs == (*ITSELF, *LOOK, "cibadmin")


IDLE = [
    (moment, operation)
    for operation in ("start", "stop", "demote", "promote")
    for moment in ("pre", "post")
    if (moment, operation) != ("pre", "promote")
]


@pytest.mark.parametrize(("moment", "operation"), IDLE)
def test_a_notification_without_work_is_one_process(
    group: Group, moment: str, operation: str
) -> None:
    node = group.nodes[0]
    meta = group.meta({operation: [node]})
    about = {"CRM_meta_notify_type": moment, "CRM_meta_notify_operation": operation}
    assert cost(group, node, "notify", **about, **meta) == Launches(0, ITSELF, 1)
