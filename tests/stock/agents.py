# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls an agent the way Pacemaker does."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from pathlib import Path
from typing import NamedTuple

from tests.programs import PATH, Ended, run

STOCK_PROGRAM = Path("/usr/lib/ocf/resource.d/heartbeat/pgsql")
MONITOR_INTERVAL_MS = 30_000
TIMEOUT_MS = 20_000


class Code(IntEnum):
    """Exit codes of the OCF resource agent API."""

    SUCCESS = 0
    GENERIC = 1
    ARGS = 2
    UNIMPLEMENTED = 3
    PERM = 4
    INSTALLED = 5
    CONFIGURED = 6
    NOT_RUNNING = 7


class Agent(NamedTuple):
    """An agent's program, and a directory with stand-ins for the cluster's tools."""

    name: str
    program: Path
    tools: Path


def call(
    agent: Agent,
    action: str | tuple[str, ...],
    parameters: Mapping[str, str],
    *,
    timeout_s: float = 25,
    interval_ms: int | None = MONITOR_INTERVAL_MS,
    user: str | None = None,
    extra: Mapping[str, str] | None = None,
) -> Ended:
    """Call an agent; after `timeout_s` its process group is killed.

    An interval of None or 0 makes a monitor a probe.
    """
    arguments = (action,) if isinstance(action, str) else action
    environment = {**environment_of(agent, parameters), **(extra or {})}
    if interval_ms is not None:
        environment["OCF_RESKEY_CRM_meta_interval"] = str(interval_ms)
    return run([str(agent.program), *arguments], timeout_s, environment, user)


def environment_of(agent: Agent, parameters: Mapping[str, str]) -> dict[str, str]:
    """What Pacemaker hands to an action of the resource `db`."""
    return {
        "PATH": f"{agent.tools}:{PATH}",
        "OCF_ROOT": "/usr/lib/ocf",
        "OCF_RA_VERSION_MAJOR": "1",
        "OCF_RA_VERSION_MINOR": "1",
        "OCF_RESOURCE_INSTANCE": "db",
        "OCF_RESOURCE_TYPE": agent.program.name,
        "OCF_RESOURCE_PROVIDER": agent.program.parent.name,
        "OCF_EXIT_REASON_PREFIX": "ocf-exit-reason:",
        "OCF_RESKEY_crm_feature_set": "3.16.2",
        "OCF_RESKEY_CRM_meta_timeout": str(TIMEOUT_MS),
        "OCF_RESKEY_CRM_meta_on_node": "node1",
        "HA_SBIN_DIR": str(agent.tools),
        "HA_LOGFACILITY": "none",
        "HA_debug": "0",
        **{f"OCF_RESKEY_{name}": value for name, value in parameters.items()},
    }
