# SPDX-License-Identifier: GPL-2.0-or-later
"""What is wrong with managed replication here: asked at start and by validate-all.

What the values mean is decided in ``decide.configuration``; this module gathers them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from pgsr import directory
from pgsr.action import Action
from pgsr.decide import configuration
from pgsr.declared import Parameters
from pgsr.instance import Instance
from pgsr.ocf import AgentError, Invocation, NotConfigured, NotInstalled
from pgsr.postgres import datadir, settings, sql
from pgsr.postgres.observe import from_processes, session
from pgsr.state import Service

_ALWAYS_ASKED = (
    "wal_level",
    "hot_standby",
    "max_wal_senders",
    "fsync",
    "full_page_writes",
)
_FIRST_WITH_KEEP_SIZE = (13,)
_FIRST_WITH_ROLES = (10,)


class Found(NamedTuple):
    """Everything that was gathered.  ``members`` is empty when nobody can say."""

    setup: configuration.Setup
    settings: dict[str, str]
    overridden: tuple[str, ...]
    members: tuple[str, ...]
    is_fencing_enabled: bool


def problems(parameters: Parameters, call: Invocation) -> list[str]:
    """Return what is wrong on every node, as parameters and data say."""
    version = datadir.version_of(parameters.pgdata)
    return configuration.problems(setup_of(parameters, call), call, version)


def gather(action: Action, is_node_asked: bool) -> Found:
    """Ask the cluster, and with ``is_node_asked`` the server's configuration too."""
    setup = setup_of(action.instance.parameters, action.call)
    values = _settings(action.instance, setup) if is_node_asked else {}
    overridden = tuple(_overridden(action.instance.pgdata) if is_node_asked else ())
    try:
        cluster = action.pacemaker.look()
    except AgentError:
        return Found(setup, values, overridden, (), True)
    members = (cluster.node, *(peer.name for peer in cluster.peers))
    return Found(setup, values, overridden, members, cluster.is_fencing_enabled)


def cluster_errors(action: Action, found: Found) -> list[AgentError]:
    """Return what does not fit the cluster, for validate-all only.

    A start must not fail because a node was taken out of the cluster.
    """
    if action.call.action != "validate-all":
        return []
    return [NotConfigured(text) for text in _cluster_problems(found)]


def node_errors(action: Action, found: Found) -> list[AgentError]:
    """Return what keeps this node, and maybe no other, from running the server."""
    said: list[AgentError] = [
        NotInstalled(text)
        for text in configuration.node_problems(
            found.setup, found.settings, found.overridden
        )
    ]
    version = datadir.version_of(action.instance.pgdata)
    if version and version < configuration.FIRST_WITH_REPLICATION:
        said.append(NotInstalled("Replication mode needs PostgreSQL 9.1 or higher."))
    try:
        directory.require_usable(action.instance)
    except AgentError as error:
        said.append(error)
    return said


def warnings(action: Action, found: Found) -> Iterator[str]:
    """Yield what works, but not as well as it could."""
    yield from configuration.warnings(
        found.setup, action.call, found.settings, found.members
    )
    if action.call.action != "validate-all":
        # An error for validate-all.  Of the others below start itself tells.
        yield from _cluster_problems(found)
        return
    yield from configuration.override_warnings(found.overridden)
    if not found.is_fencing_enabled:
        yield (
            "Fencing is disabled (stonith-enabled=false): after a network failure two"
            " primaries may take writes, and one side's data will be lost"
        )
    if found.settings and not _may_see_replication(action.instance):
        yield (
            f"monitor_user {action.instance.parameters.monitor_user} may not see the"
            " state of replication: GRANT pg_monitor TO it"
        )


def setup_of(parameters: Parameters, call: Invocation) -> configuration.Setup:
    """Return what is configured, as far as it can be wrong."""
    return configuration.Setup(
        node=call.node.lower(),
        is_sync=parameters.rep_mode == "sync",
        nodes=parameters.node_list,
        external=parameters.external_standby_node_list,
        master_ip=parameters.master_ip,
        conninfo_options=parameters.primary_conninfo_opt,
        slot_name=parameters.replication_slot_name,
        slot_retain_limit=parameters.slot_retain_limit,
        maxlag=parameters.maxlag,
        sync_strict=parameters.sync_strict,
        sync_quorum=parameters.sync_quorum,
    )


def _cluster_problems(found: Found) -> list[str]:
    if not found.members:
        return []
    return configuration.cluster_problems(found.setup, found.members)


def _settings(instance: Instance, setup: configuration.Setup) -> dict[str, str]:
    """Return the stopped server's settings; none when its configuration is broken.

    It may include files that ``start`` is about to write; a broken one is told by
    the server itself, better than it could be here.
    """
    names = list(_ALWAYS_ASKED)
    if not setup.is_sync:
        names.append(configuration.SYNC_NAMES)
    version = datadir.version_of(instance.pgdata)
    if setup.slot_retain_limit and version >= _FIRST_WITH_KEEP_SIZE:
        names.append("max_slot_wal_keep_size")
    try:
        values = {name: settings.ask(instance, name) for name in names}
    except AgentError as error:
        instance.log.info(f"The server's configuration is not checked: {error}")
        return {}
    return values


def _overridden(pgdata: str) -> list[str]:
    """Return which of the agent's settings ALTER SYSTEM has made, empty ones too."""
    try:
        with open(f"{pgdata}/postgresql.auto.conf", errors="replace") as file:
            text = file.read()
    except OSError:
        return []
    return [
        name
        for name in configuration.OURS
        if re.search(rf"^\s*{name}\b", text, re.MULTILINE | re.IGNORECASE)
    ]


def _may_see_replication(instance: Instance) -> bool:
    """Tell whether monitor_user sees all of pg_stat_replication, if a server runs."""
    is_running = from_processes(instance.pgdata) is Service.ANSWERS
    if not instance.parameters.monitor_user or not is_running:
        return True
    if datadir.version_of(instance.pgdata) >= _FIRST_WITH_ROLES:
        question = "select pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE')"
    else:
        question = "select current_setting('is_superuser') = 'on'"
    try:
        with session(instance, instance.deadline) as query:
            return bool(query(question)[0][0])
    except (sql.ConnectionFailed, sql.QueryFailed):
        return True
