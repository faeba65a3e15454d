# SPDX-License-Identifier: GPL-2.0-or-later
"""The two agents, and how Pacemaker would call them for the same servers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tests.cluster.harness import postgres
from tests.cluster.harness.cluster import RESOURCE
from tests.cluster.harness.node import Node

OURS = "PGSR"
STOCK = "stock"
PROGRAMS = {
    OURS: "/usr/lib/ocf/resource.d/pgsr/pgsr",
    STOCK: "/usr/lib/ocf/resource.d/heartbeat/pgsql",
}
IDLE_PORT = "5433"
IDLE_DATA = f"{postgres.HOME}/idle"


class Case(NamedTuple):
    """Something that both agents are measured at; `codes` are the right answers."""

    name: str
    actions: tuple[str, ...]
    codes: tuple[int, ...]
    parameters: Mapping[str, Mapping[str, str]]


def stand_alone_parameters(node: Node) -> dict[str, str]:
    """Return what both agents need to know about the node's server."""
    found = postgres.installation(node)
    return {
        "pgctl": found.program("pg_ctl"),
        "psql": found.program("psql"),
        "pgdata": postgres.DATA_DIRECTORY,
        "socketdir": postgres.SOCKET_DIRECTORY,
        "logfile": postgres.LOG_FILE,
    }


def replication_parameters(node: Node) -> dict[str, dict[str, str]]:
    """Return each agent's own replication, both asynchronous."""
    common = {
        **stand_alone_parameters(node),
        "rep_mode": "async",
        "CRM_meta_promotable": "true",
        "CRM_meta_promoted_max": "1",
        "CRM_meta_master_max": "1",
        "CRM_meta_clone_max": "2",
        "CRM_meta_notify": "true",
    }
    ours = {"tmpdir": postgres.HOME, "trigger_file": postgres.TRIGGER_FILE}
    stock = {
        "tmpdir": f"{postgres.HOME}/tmp",
        "node_list": "node1 node2",
        "master_ip": node.lan.virtual_address,
    }
    return {OURS: {**common, **ours}, STOCK: {**common, **stock}}


def idle_server_parameters(node: Node) -> dict[str, str]:
    """Return what both agents need to start and stop another server on the node."""
    return {
        **stand_alone_parameters(node),
        "pgdata": IDLE_DATA,
        "pgport": IDLE_PORT,
        "start_opt": f"-p {IDLE_PORT}",
        "logfile": f"{postgres.HOME}/idle.log",
    }


def environment(node: Node, parameters: Mapping[str, str]) -> dict[str, str]:
    """Return what Pacemaker hands to a recurring action of the resource."""
    return {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "OCF_ROOT": "/usr/lib/ocf",
        "OCF_RA_VERSION_MAJOR": "1",
        "OCF_RA_VERSION_MINOR": "1",
        "OCF_RESOURCE_INSTANCE": RESOURCE,
        "OCF_RESOURCE_TYPE": "pgsql",
        "OCF_RESOURCE_PROVIDER": "heartbeat",
        "OCF_EXIT_REASON_PREFIX": "ocf-exit-reason:",
        "OCF_RESKEY_crm_feature_set": "3.16.2",
        "OCF_RESKEY_CRM_meta_timeout": "60000",
        "OCF_RESKEY_CRM_meta_interval": "10000",
        "OCF_RESKEY_CRM_meta_on_node": node.name,
        "HA_LOGFILE": "/var/log/pacemaker/pacemaker.log",
        "HA_LOGFACILITY": "none",
        "HA_debug": "0",
        **{f"OCF_RESKEY_{name}": value for name, value in parameters.items()},
    }
