# SPDX-License-Identifier: GPL-2.0-or-later
"""Texts of the configuration files of a cluster's nodes; it touches nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tests.cluster.harness.lan import Lan

CLUSTER_NAME = "pgsr"


def corosync_conf(addresses: Mapping[str, str]) -> str:
    """Return corosync.conf for the nodes, in the order of their numbers.

    Corosync refuses options and braces that are not on lines of their own. Of two
    nodes one alone may begin, because the method starts the primary's node first; the
    other is fenced then, before anything starts.
    """
    alone = "  two_node: 1\n  wait_for_all: 0\n"
    two_node = alone if len(addresses) == 2 else ""
    entries = enumerate(addresses.items(), start=1)
    nodes = "".join(
        f"  node {{\n    name: {name}\n    nodeid: {number}\n"
        f"    ring0_addr: {address}\n  }}\n"
        for number, (name, address) in entries
    )
    return (
        "totem {\n  version: 2\n"
        f"  cluster_name: {CLUSTER_NAME}\n"
        "  transport: knet\n  crypto_cipher: none\n  crypto_hash: none\n"
        "  token: 1000\n}\n"
        f"nodelist {{\n{nodes}}}\n"
        f"quorum {{\n  provider: corosync_votequorum\n{two_node}}}\n"
        "logging {\n  to_syslog: no\n  to_logfile: yes\n"
        "  logfile: /var/log/corosync/corosync.log\n  timestamp: hires\n}\n"
    )


def hosts(addresses: Mapping[str, str]) -> str:
    """Return /etc/hosts."""
    lines = (f"{address} {name}\n" for name, address in addresses.items())
    return "127.0.0.1 localhost\n" + "".join(lines)


def first_cib() -> str:
    """Return the cluster's configuration before the first start.

    A lone starting node waits dc-deadtime, 20 s by default, for others to answer
    before it elects itself; nothing else in a new cluster takes nearly as long.
    """
    return (
        '<cib epoch="1" num_updates="0" admin_epoch="0"'
        ' validate-with="pacemaker-3.0"><configuration><crm_config>'
        '<cluster_property_set id="cib-bootstrap-options">'
        '<nvpair id="dc-deadtime" name="dc-deadtime" value="2s"/>'
        "</cluster_property_set></crm_config><nodes/><resources/><constraints/>"
        "</configuration><status/></cib>\n"
    )


def crm_properties(nodes: Iterable[str]) -> str:
    """Return the cluster's properties and its power switch, for crm(8).

    stonith-action is off, so that a fenced node stays off until a scenario switches
    it on again.
    """
    return (
        "property stonith-enabled=true stonith-action=off dc-deadtime=2s"
        " stonith-watchdog-timeout=0\n"
        "rsc_defaults resource-stickiness=100\n"
        "primitive power-switch stonith:fence_harness"
        f" params pcmk_host_list='{' '.join(nodes)}'"
        " op monitor interval=3600 timeout=20\n"
    )


def crm_address(lan: Lan) -> str:
    """Return the virtual address as a resource, a line for crm(8)."""
    return (
        "primitive address ocf:heartbeat:IPaddr2"
        f" params ip={lan.virtual_address} cidr_netmask={lan.prefix_length}"
        " op monitor interval=10s timeout=20s"
    )
