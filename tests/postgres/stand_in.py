#!/usr/bin/python3 -IS
# SPDX-License-Identifier: GPL-2.0-or-later
"""Stands in for crm_mon and attrd_updater, under whose names it is called.

The cluster is the file cluster.json beside this program: nodes with their state, the
resource's role and the attributes, and the cluster's options. It refuses a cluster
that cannot exist, so that no test passes in one. It imports nothing of the tests.
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))
OLD_ROLES = {"Promoted": "Master", "Unpromoted": "Slave"}


def problems(cluster: dict[str, Any]) -> list[str]:
    """What cannot be so in a real cluster."""
    found = []
    for name, node in cluster["nodes"].items():
        is_off = not node["online"] and not node["unclean"]
        if is_off and node["role"] != "Stopped":
            found.append(f"{name} is off and runs a resource")
        if is_off and node["attributes"]:
            found.append(f"{name} is off and has attributes of transient life")
        if node["role"] not in ("Stopped", "Started", "Unpromoted", "Promoted"):
            found.append(f"{name} has the unknown role {node['role']}")
        if "" in node["attributes"].values():
            found.append(f"{name} has an empty attribute")
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
        rows = "".join(
            f'<attribute name="{key}" value="{value}"/>'
            for key, value in node["attributes"].items()
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
    node = cluster["nodes"].get(given["--node"])
    if node is None or not node["online"]:
        sys.exit(f"attrd_updater: no node {given['--node']}")
    name, attributes = given["--name"], node["attributes"]
    if "--query" in given:
        if name not in attributes:
            sys.exit(6)
        print(f'name="{name}" host="{given["--node"]}" value="{attributes[name]}"')
    elif "--delete" in given:
        attributes.pop(name, None)
    else:
        attributes[name] = given["--update"]


def main() -> None:
    """Do what the name and the options ask for."""
    with open(f"{HERE}/cluster.json", "r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        cluster = json.load(file)
        if cluster["broken"]:
            sys.exit("Could not connect to the cluster")
        called = os.path.basename(sys.argv[0])
        {"crm_mon": crm_mon, "attrd_updater": attrd_updater}[called](
            cluster, sys.argv[1:]
        )
        found = problems(cluster)
        if found:
            sys.exit(f"impossible cluster: {found}")
        file.seek(0)
        file.truncate()
        json.dump(cluster, file, indent=1)


main()
