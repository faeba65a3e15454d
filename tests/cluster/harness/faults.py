# SPDX-License-Identifier: GPL-2.0-or-later
"""Faults that last for the time of a block and are undone at its end.

Power cuts, pulled cables and signals need no block: node.py and postgres.py have
them. A node that loses power forgets what was done to its network.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from typing import Callable

from tests.cluster.harness.fencing import PowerSwitch
from tests.cluster.harness.machine import NoPower
from tests.cluster.harness.node import Node
from tests.cluster.harness.site import INSIDE, PYTHON
from tests.cluster.harness.wait import patient

NARROW = ("rate", "2mbit", "burst", "32kbit", "latency", "400ms")
LOST_SHARE = "0.05"
ALMOST_FULL_BYTES = 2 << 20
COROSYNC_PORT = "5405"
KILLER = "/usr/local/sbin/kill_agent.py"
ACTION_BEGINS_S = 30.0
AGENT = "/usr/lib/ocf/resource.d/pgsr/pgsr"
FAILING_AGENT = """\
#!/bin/sh
case "$1" in {0}) exit 1 ;; esac
exec {1}.whole "$@"
"""
DAEMONS = (
    *("pacemaker-attrd", "pacemaker-based", "pacemaker-controld"),
    *("pacemaker-execd", "pacemaker-fenced", "pacemaker-schedulerd"),
)


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

    def queue(node: Node) -> tuple[str, ...]:
        return ("dev", node.machine.interface, "root")

    with _network_changed(
        nodes,
        lambda node: ("tc", "qdisc", "add", *queue(node), "tbf", *NARROW),
        lambda node: ("tc", "qdisc", "del", *queue(node)),
    ):
        yield


def lossy_network(*nodes: Node) -> AbstractContextManager[None]:
    """One of twenty packets that the nodes should receive is lost."""
    chance = ("-m", "statistic", "--mode", "random", "--probability", LOST_SHARE)
    return _dropped(nodes, *chance)


@contextmanager
def cut_off_from_primary(*nodes: Node) -> Iterator[None]:
    """The nodes do not reach the virtual address, but still their peers."""

    def route(node: Node) -> tuple[str, ...]:
        return ("blackhole", f"{node.lan.virtual_address}/32")

    with _network_changed(
        nodes,
        lambda node: ("ip", "route", "add", *route(node)),
        lambda node: ("ip", "route", "del", *route(node)),
    ):
        yield


def interconnect_cut(*nodes: Node) -> AbstractContextManager[None]:
    """No node hears corosync of another one; all else reaches its aim."""
    return _dropped(nodes, "-p", "udp", "--dport", COROSYNC_PORT)


def cut_off_from(address: str, *nodes: Node) -> AbstractContextManager[None]:
    """The nodes hear nothing from an address, from the clients' say."""
    return _dropped(nodes, "-s", address)


@contextmanager
def _dropped(nodes: tuple[Node, ...], *which: str) -> Iterator[None]:
    """Let nodes not receive such packets (iptables-extensions(8))."""

    def rule(node: Node) -> tuple[str, ...]:
        return ("INPUT", "-i", node.machine.interface, *which, "-j", "DROP")

    with _network_changed(
        nodes,
        lambda node: ("iptables", "-w", "-A", *rule(node)),
        lambda node: ("iptables", "-w", "-D", *rule(node)),
    ):
        yield


def remove_address(node: Node) -> None:
    """Take the virtual address off the node, past the cluster."""
    lan = node.lan
    address = f"{lan.virtual_address}/{lan.prefix_length}"
    device = ("dev", node.machine.interface)
    node.machine.configure_network("ip", "addr", "del", address, *device)


@contextmanager
def full_disk(node: Node, free_bytes: int = ALMOST_FULL_BYTES) -> Iterator[None]:
    """The database's disk has hardly any room left."""
    node.machine.leave_free(free_bytes)
    try:
        yield
    finally:
        with suppress(NoPower):  # fenced, and its disk perhaps out of reach then
            node.machine.leave_free(None)


@contextmanager
def agent_killed(
    node: Node, action: str, delay_s: float
) -> Iterator[Callable[[], str]]:
    """Kill the agent on the node so long after it begins an action during the block.

    Call what the block gets to wait for it: it says whether the agent was "killed",
    or had "ended" before.
    """
    node.machine.write(KILLER, (INSIDE / "kill_agent.py").read_text())
    limit_s = patient(ACTION_BEGINS_S)
    argv = (PYTHON, "-I", KILLER, action, str(delay_s), str(limit_s))
    with ThreadPoolExecutor(1) as thread:
        kill = thread.submit(node.run, *argv, timeout_s=2 * ACTION_BEGINS_S)

        def outcome() -> str:
            return kill.result().stdout.strip()

        yield outcome


@contextmanager
def failing_actions(node: Node, *actions: str) -> Iterator[None]:
    """The agent on the node can't do these actions: what it has to end does not end."""
    whole = node.machine.read(AGENT)
    node.machine.write(f"{AGENT}.whole", whole, 0o755)
    node.machine.write(AGENT, FAILING_AGENT.format("|".join(actions), AGENT), 0o755)
    try:
        yield
    finally:
        node.machine.write(AGENT, whole, 0o755)


def kill_daemon(node: Node, name: str) -> None:
    """Kill one of Pacemaker's daemons on the node: pacemakerd starts it again."""
    pid = node.run("pidof", name).stdout.strip()
    node.run("kill", "-KILL", pid)


def kill_pacemaker(node: Node) -> None:
    """Kill all of Pacemaker's daemons at once; the servers that they started go on."""
    daemons = ("pacemakerd", *DAEMONS)
    pids = node.run("pidof", *daemons).stdout.split()
    node.run("kill", "-KILL", *pids)


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
    nodes: tuple[Node, ...],
    do: Callable[[Node], tuple[str, ...]],
    undo: Callable[[Node], tuple[str, ...]],
) -> Iterator[None]:
    with ExitStack() as undone:
        for node in nodes:
            node.machine.configure_network(*do(node))
            undone.callback(_undo, node, node.machine.boots, undo(node))
        yield


def _undo(node: Node, boots: int, undo: tuple[str, ...]) -> None:
    """Undo a change, unless the node has lost power and its network with it."""
    if node.is_on and node.machine.boots == boots:
        node.machine.configure_network(*undo)
