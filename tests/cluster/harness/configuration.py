# SPDX-License-Identifier: GPL-2.0-or-later
"""Texts of the configuration files of a cluster's nodes; it touches nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tests.cluster.harness.lan import Lan
from tests.cluster.harness.wait import patient

# Nodes that share a machine all see its load, other clusters' too; Pacemaker would then
# begin one action at a time, as on a node that is overloaded by itself.
LOAD_THRESHOLD = "10000%"
OPERATION_TIMEOUT_S = 20.0  # Pacemaker's own, where nothing else is said


class Fencing(NamedTuple):
    """What fences the nodes of a cluster, in the language of crm(8).

    They are two texts because crm(8) refuses a second line of properties in a load.
    """

    properties: str  # name=value, apart from stonith-enabled
    resources: str  # a line each


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


def crm_properties(fencing: Fencing) -> str:
    """Return the cluster's properties and its fencing, for crm(8)."""
    return (
        "property stonith-enabled=true dc-deadtime=2s"
        f" load-threshold={LOAD_THRESHOLD} {fencing.properties}\n"
        "rsc_defaults resource-stickiness=100\n"
        f"op_defaults timeout={patient(OPERATION_TIMEOUT_S):.0f}s\n"
        f"{fencing.resources}"
    )


def crm_address(lan: Lan) -> str:
    """Return the virtual address as a resource, a line for crm(8)."""
    return (
        "primitive address ocf:heartbeat:IPaddr2"
        f" params ip={lan.virtual_address} cidr_netmask={lan.prefix_length}"
        f" op monitor interval=10s timeout={patient(OPERATION_TIMEOUT_S):.0f}s"
    )
