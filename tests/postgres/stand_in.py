#!/usr/bin/python3 -IS
# SPDX-License-Identifier: GPL-2.0-or-later
"""Stands in for the cluster's tools, under whose names it is called.

The cluster is the file cluster.json beside this program: nodes with their state, the
resource's role and the attributes, and the cluster's options. Attributes are of
transient life; private ones, which are too, are with the daemon alone; permanent ones
are in the configuration, of nodes that are off too. "writes" has all that Pacemaker
hears of, in its order. It refuses a cluster that cannot
exist, so that no test passes in one. It imports nothing of the tests.
"""

from __future__ import annotations

import fcntl
import itertools
import json
import os
import sys

# Tests call it many thousand times: a sixth of a call went into these two modules.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))
OLD_ROLES = {"Promoted": "Master", "Unpromoted": "Slave"}
TIMEOUTS = ("token", "consensus")
KINDS = ("attributes", "private", "permanent")


def problems(cluster: dict[str, Any]) -> list[str]:
    """What cannot be so in a real cluster."""
    found = []
    for name, node in cluster["nodes"].items():
        is_off = not node["online"] and not node["unclean"]
        if is_off and node["role"] != "Stopped":
            found.append(f"{name} is off and runs a resource")
        if is_off and (node["attributes"] or node["private"]):
            found.append(f"{name} is off and has attributes of transient life")
        if node["role"] not in ("Stopped", "Started", "Unpromoted", "Promoted"):
            found.append(f"{name} has the unknown role {node['role']}")
        if any("" in node[kind].values() for kind in KINDS):
            found.append(f"{name} has an empty attribute")
    return found + problems_of_all(cluster["nodes"].values())


def problems_of_all(nodes: Collection[dict[str, Any]]) -> list[str]:
    """What cannot be so on all nodes together."""
    found = []
    if sum(node["role"] == "Promoted" for node in nodes) > 1:
        found.append("two nodes run a promoted instance")
    names = {kind: {name for node in nodes for name in node[kind]} for kind in KINDS}
    for one, other in itertools.combinations(KINDS, 2):
        both = sorted(names[one] & names[other])
        found += [f"the attribute {name} is of {one} and {other}" for name in both]
    return found


def crm_mon(cluster: dict[str, Any], options: list[str]) -> None:
    """Print the XML of crm_mon 2.1."""
    wanted = {"--one-shot", "--output-as=xml", "--exclude=all", "--inactive"}
    if not wanted <= set(options):
        sys.exit(f"crm_mon: unexpected options {options}")
    nodes, resources, attributes = [], [], []
    for name, node in cluster["nodes"].items():
        words = {True: "true", False: "false"}
        nodes.append(
            f'<node name="{name}" online="{words[node["online"]]}"'
            f' unclean="{words[node["unclean"]]}" standby="false"'
            f' shutdown="{words[node["shutdown"]]}"/>'
        )
        if node["role"] != "Stopped":
            role = OLD_ROLES.get(node["role"]) if cluster["old"] else node["role"]
            resources.append(
                f'<resource id="{cluster["resource"]}" role="{role or node["role"]}"'
                f' target_role="{cluster["target_role"]}"><node name="{name}"/>'
                "</resource>"
            )
        if node["online"]:
            rows = "".join(
                f'<attribute name="{key}" value="{value}"/>'
                for key, value in {**node["permanent"], **node["attributes"]}.items()
            )
            attributes.append(f'<node name="{name}">{rows}</node>')
    fencing = "true" if cluster["fencing"] else "false"
    print(
        '<pacemaker-result api-version="2.25"><summary>'
        f'<cluster_options stonith-enabled="{fencing}"/></summary>'
        f"<nodes>{''.join(nodes)}</nodes>"
        f'<resources><clone id="clone">{"".join(resources)}</clone></resources>'
        f"<node_attributes>{''.join(attributes)}</node_attributes>"
        '<status code="0" message="OK"/></pacemaker-result>'
    )


def attrd_updater(cluster: dict[str, Any], options: list[str]) -> None:
    """Query, set or delete an attribute of a node that is there."""
    given = dict(option.partition("=")[::2] for option in options)
    name = given["--name"]
    if "--all" in given:
        for host, each in cluster["nodes"].items():
            if each["online"]:
                show(name, host, each)
        return
    node = cluster["nodes"].get(given["--node"])
    if node is None or not node["online"]:
        sys.exit(f"attrd_updater: no node {given['--node']}")
    if "--query" in given:
        if not show(name, given["--node"], node):
            sys.exit(6)
    else:
        kind = kind_of(cluster, name, "--private" in given)
        put(cluster, given["--node"], kind, name, given.get("--update"))


def kind_of(cluster: dict[str, Any], name: str, is_private: bool) -> str:
    """Return what an attribute is; one that is there stays what it is."""
    for kind in KINDS[:2]:
        if any(name in node[kind] for node in cluster["nodes"].values()):
            return kind
    return KINDS[is_private]


def put(
    cluster: dict[str, Any], host: str, kind: str, name: str, value: str | None
) -> None:
    """Set an attribute, or delete it; the cluster hears of all but private ones."""
    known = cluster["nodes"][host][kind]
    is_new = known.pop(name, None) != value
    if value is not None:
        known[name] = value
    if is_new and kind != "private":
        cluster["writes"].append(f"{host} {name}={value}")


def show(name: str, host: str, node: dict[str, Any]) -> bool:
    """Print an attribute of transient life as the daemon knows it, if it is set."""
    value = {**node["attributes"], **node["private"]}.get(name)
    if value is not None:
        print(f'name="{name}" host="{host}" value="{value}"')
    return value is not None


def crm_attribute(cluster: dict[str, Any], options: list[str]) -> None:
    """Set a permanent attribute of a node that is known, off or not."""
    given = dict(option.partition("=")[::2] for option in options)
    if given["--lifetime"] != "forever":
        sys.exit(f"crm_attribute: unexpected options {options}")
    node = cluster["nodes"].get(given["--node"])
    if node is None:
        sys.exit(f"crm_attribute: Could not map name={given['--node']} to a UUID")
    put(cluster, given["--node"], "permanent", given["--name"], given["--update"])


def cibadmin(cluster: dict[str, Any], options: list[str]) -> None:
    """Print the section of the configuration that has the permanent attributes."""
    if options != ["--query", "--scope=nodes"]:
        sys.exit(f"cibadmin: unexpected options {options}")
    nodes = []
    for number, (name, node) in enumerate(cluster["nodes"].items(), start=1):
        pairs = "".join(
            f'<nvpair id="nodes-{number}-{key}" name="{key}" value="{value}"/>'
            for key, value in node["permanent"].items()
        )
        nodes.append(
            f'<node id="{number}" uname="{name}"><instance_attributes'
            f' id="nodes-{number}">{pairs}</instance_attributes></node>'
        )
    print(f"<nodes>{''.join(nodes)}</nodes>")


def corosync_cmapctl(cluster: dict[str, Any], options: list[str]) -> None:
    """Print the timeouts after which the loss of a node is noticed."""
    known = {f"runtime.config.totem.{key}": cluster[key] for key in TIMEOUTS}
    for key in options[1:]:
        print(f"{key} (u32) = {known[key]}")


TOOLS = {
    "crm_mon": crm_mon,
    "attrd_updater": attrd_updater,
    "crm_attribute": crm_attribute,
    "cibadmin": cibadmin,
    "corosync-cmapctl": corosync_cmapctl,
}


def main() -> None:
    """Do what the name and the options ask for."""
    with open(f"{HERE}/cluster.json", "r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        cluster = json.load(file)
        if cluster["broken"]:
            sys.exit("Could not connect to the cluster")
        called = os.path.basename(sys.argv[0])
        TOOLS[called](cluster, sys.argv[1:])
        found = problems(cluster)
        if found:
            sys.exit(f"impossible cluster: {found}")
        file.seek(0)
        file.truncate()
        json.dump(cluster, file, indent=1)


main()
