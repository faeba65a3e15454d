# SPDX-License-Identifier: GPL-2.0-or-later
"""Faults that last for the time of a block and are undone at its end.

Power cuts, pulled cables and signals need no block: node.py and postgres.py have
them. A node that loses power forgets what was done to its network.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tests.cluster.harness.fencing import PowerSwitch
from tests.cluster.harness.network import NODE_INTERFACE, VIRTUAL_ADDRESS
from tests.cluster.harness.node import Node

NARROW = ("rate", "2mbit", "burst", "32kbit", "latency", "400ms")
LOST_SHARE = "0.05"
ALMOST_FULL_BYTES = 2 << 20


@contextmanager
def hang(node: Node) -> Iterator[None]:
    """No process of the node gets the processor."""
    node.hang()
    try:
        yield
    finally:
        node.resume()


@contextmanager
def narrow_network(*nodes: Node) -> Iterator[None]:
    """What the nodes send is slow: 2 Mbit/s, and queues up to 0.4 s."""
    shape = ("dev", NODE_INTERFACE, "root")
    with _network_changed(
        nodes,
        ("tc", "qdisc", "add", *shape, "tbf", *NARROW),
        ("tc", "qdisc", "del", *shape),
    ):
        yield


@contextmanager
def lossy_network(*nodes: Node) -> Iterator[None]:
    """One of twenty packets that the nodes should receive is lost."""
    chance = ("-m", "statistic", "--mode", "random", "--probability", LOST_SHARE)
    rule = ("INPUT", "-i", NODE_INTERFACE, *chance, "-j", "DROP")
    with _network_changed(
        nodes, ("iptables", "-w", "-A", *rule), ("iptables", "-w", "-D", *rule)
    ):
        yield


@contextmanager
def cut_off_from_primary(*nodes: Node) -> Iterator[None]:
    """The nodes do not reach the virtual address, but still their peers."""
    route = ("blackhole", f"{VIRTUAL_ADDRESS}/32")
    with _network_changed(
        nodes, ("ip", "route", "add", *route), ("ip", "route", "del", *route)
    ):
        yield


@contextmanager
def full_disk(node: Node, free_bytes: int = ALMOST_FULL_BYTES) -> Iterator[None]:
    """The database's disk has hardly any room left."""
    node.machine.leave_free(free_bytes)
    try:
        yield
    finally:
        node.machine.leave_free(None)


@contextmanager
def slow_fencing(power_switch: PowerSwitch, delay_s: float) -> Iterator[None]:
    """The power switch takes its time."""
    power_switch.delay_s = delay_s
    try:
        yield
    finally:
        power_switch.delay_s = 0.0


@contextmanager
def failing_fencing(power_switch: PowerSwitch, times: int) -> Iterator[None]:
    """The power switch says no so many times before it obeys."""
    power_switch.failures_to_come = times
    try:
        yield
    finally:
        power_switch.failures_to_come = 0


@contextmanager
def _network_changed(
    nodes: tuple[Node, ...], do: tuple[str, ...], undo: tuple[str, ...]
) -> Iterator[None]:
    with ExitStack() as undone:
        for node in nodes:
            node.machine.configure_network(*do)
            undone.callback(_undo, node, node.machine.boots, undo)
        yield


def _undo(node: Node, boots: int, undo: tuple[str, ...]) -> None:
    """Undo a change, unless the node has lost power and its network with it."""
    if node.is_on and node.machine.boots == boots:
        node.machine.configure_network(*undo)
