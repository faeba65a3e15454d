# SPDX-License-Identifier: GPL-2.0-or-later
"""The cluster's network: a bridge in the site's namespace, one cable per node.

It owns addresses and interfaces inside the site. No interface of the machine takes
part, so that no packet can leave.
"""

from __future__ import annotations

import ctypes
import os

from tests.cluster.harness import process
from tests.cluster.harness.lan import Lan
from tests.cluster.harness.site import Site

BRIDGE = "switch"
# 192.0.2.0/24 is reserved for documentation
LAN = Lan("192.0.2.100", 24, "192.0.2.0/24")
BRIDGE_ADDRESS = "192.0.2.254"
NODE_INTERFACE = "eth0"
CLONE_NEWNET = 0x40000000


def node_address(number: int) -> str:
    """Return the address of the node with that number, counted from 1."""
    return f"192.0.2.{number}"


def make_bridge(site: Site) -> None:
    """Make the bridge that all cables go to; clients of the cluster sit on it."""
    site.run("ip", "link", "set", "lo", "up")
    site.run("ip", "link", "add", BRIDGE, "type", "bridge")
    address = f"{BRIDGE_ADDRESS}/{LAN.prefix_length}"
    site.run("ip", "addr", "add", address, "dev", BRIDGE)
    site.run("ip", "link", "set", BRIDGE, "up")


def lay_cable(site: Site, cable: str, node_pid: int, address: str) -> None:
    """Connect a node's fresh network namespace to the bridge."""
    at_the_bridge = (
        f"link add {cable} type veth peer name {NODE_INTERFACE} netns {node_pid}",
        f"link set {cable} master {BRIDGE} up",
    )
    _ip_batch(("nsenter", "-t", str(site.pid), "--net"), at_the_bridge)
    at_the_node = (
        "link set lo up",
        f"addr add {address}/{LAN.prefix_length} dev {NODE_INTERFACE}",
        f"link set {NODE_INTERFACE} up",
    )
    _ip_batch(("nsenter", "-t", str(node_pid), "--net"), at_the_node)


def set_cable(site: Site, cable: str, state: str) -> None:
    """Plug a cable in ("up") or pull it ("down") at the bridge's end."""
    site.run("ip", "link", "set", cable, state)


def cut_cable(site: Site, cable: str) -> None:
    """Take a cable away for good, before its node loses power.

    The kernel closes the connections of processes that are killed and tells their
    peers; a node without power tells nobody anything.
    """
    site.run("ip", "link", "del", cable)


def _ip_batch(enter: tuple[str, ...], commands: tuple[str, ...]) -> None:
    process.run((*enter, "ip", "-batch", "-"), stdin_text="\n".join(commands) + "\n")


def join_network_of(pid: int) -> None:
    """Move the calling thread, and no other, into a process's network namespace."""
    with open(f"/proc/{pid}/ns/net", "rb") as namespace:
        libc = ctypes.CDLL(None, use_errno=True)  # os.setns came with Python 3.12
        if libc.setns(namespace.fileno(), CLONE_NEWNET) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), f"network of process {pid}")
