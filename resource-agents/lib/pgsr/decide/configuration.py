# SPDX-License-Identifier: GPL-2.0-or-later
"""Core: what is wrong with the configuration of managed replication.

Each function returns texts for the administrator, all at once; an empty list means
that nothing is wrong.  A value that is not known (an empty version, no setting) is
never complained of.  Names of nodes are compared whole, in lower case.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pgsr.decide.slots import name_of
from pgsr.ocf import Invocation

Version = tuple[int, ...]

NOT_PROMOTABLE = (
    "Replication(rep_mode=async or sync) requires Master/Slave configuration."
    " Make the resource a promotable clone"
)

# Releases in which each came (release notes).
FIRST_WITH_REPLICATION = (9, 1)
_FIRST_WITH_SLOTS = (9, 4)
_FIRST_WITH_QUORUM = (10,)

# What the agent sets; what postgresql.auto.conf has comes after that, and counts.
SYNC_NAMES = "synchronous_standby_names"
OURS = (SYNC_NAMES, "primary_conninfo", "primary_slot_name", "restore_command")
_LONGEST_SLOT_NAME = 63  # NAMEDATALEN - 1

_LEVELS_WITHOUT_HOT_STANDBY = ("minimal", "archive")
_LONG_ENOUGH_S = 30
_LONG_ACTIONS = ("start", "stop", "promote", "demote")
_MEGABYTE = 1024 * 1024


class Setup(NamedTuple):
    """Managed replication as the parameters have it, seen from ``node``.

    ``nodes`` are those of node_list: empty where all nodes of the cluster are meant.
    """

    node: str
    is_sync: bool
    nodes: tuple[str, ...]
    external: tuple[str, ...]
    master_ip: str
    conninfo_options: str
    slot_name: str
    slot_retain_limit: int
    maxlag: int
    sync_strict: bool
    sync_quorum: int


def problems(setup: Setup, call: Invocation, version: Version) -> list[str]:
    """Return what is wrong on every node; ``version`` is that of the data."""
    return [
        *_clone_problems(call),
        *_parameter_problems(setup),
        *_version_problems(setup, version),
    ]


def node_problems(
    setup: Setup, settings: Mapping[str, str], overridden: Sequence[str] = ()
) -> list[str]:
    """Return what is wrong on this node, with ``settings`` as the server reads them.

    ``overridden`` are those of OURS that postgresql.auto.conf has.  Nothing here may
    keep other nodes from running the server.
    """
    found = [*_membership_problems(setup), *_settings_problems(settings)]
    if setup.is_sync and SYNC_NAMES in overridden:
        found.append(
            "postgresql.auto.conf overrides the agent's synchronous_standby_names."
            " Remove the line from it"
        )
    return found


def cluster_problems(setup: Setup, members: Sequence[str]) -> list[str]:
    """Return what does not fit ``members``, all nodes that the cluster knows."""
    known = {name.lower() for name in members}
    unknown = [name for name in setup.nodes if name not in known]
    found = [
        f"Parameter node_list: the cluster knows no node {name}; it knows"
        f" {', '.join(sorted(known))}"
        for name in unknown
    ]
    if not setup.nodes:
        found += _quorum_problems(setup, sorted(known))
        found += _slot_problems(setup, sorted(known))
    return found


def override_warnings(overridden: Sequence[str]) -> list[str]:
    """Return what postgresql.auto.conf should not set, but stops nothing."""
    return [
        f"postgresql.auto.conf sets {name}, which overrides the agent's: remove the"
        " line from it (pg_basebackup -R put it there)"
        for name in overridden
        if name != SYNC_NAMES
    ]


def warnings(
    setup: Setup, call: Invocation, settings: Mapping[str, str], members: Sequence[str]
) -> list[str]:
    """Return what works, but not as well as it could."""
    return [
        *_clone_warnings(call),
        *_parameter_warnings(setup),
        *_settings_warnings(setup, settings, members),
    ]


def timeout_warnings(call: Invocation) -> list[str]:
    """Return a warning when Pacemaker gives this action little time."""
    if call.action not in _LONG_ACTIONS or call.timeout_s >= _LONG_ENOUGH_S:
        return []
    return [
        f"The timeout of {call.action} is {call.timeout_s:g} s: set at least"
        f" {_LONG_ENOUGH_S}s, or a busy server is taken for a failed one"
    ]


def _clone_problems(call: Invocation) -> list[str]:
    found = [] if call.is_promotable else [NOT_PROMOTABLE]
    if call.promoted_max != 1:
        found.append(
            f"promoted-max is {call.promoted_max}: PostgreSQL has one primary. Set"
            " promoted-max=1 on the clone"
        )
    if call.clone_node_max != 1:
        found.append(
            f"clone-node-max is {call.clone_node_max}: a node runs one server. Set"
            " clone-node-max=1 on the clone"
        )
    return found


def _parameter_problems(setup: Setup) -> list[str]:
    found = []
    if not setup.master_ip:
        found.append(
            "master_ip can't be empty. Set it to the address that follows the primary"
        )
    if setup.external and not setup.is_sync:
        found.append("external_standby_node_list requires rep_mode=sync")
    if setup.nodes:
        found += _quorum_problems(setup, setup.nodes)
    return [*found, *_slot_problems(setup, setup.nodes)]


def _slot_problems(setup: Setup, nodes: Sequence[str]) -> list[str]:
    """Refuse nodes that would have the same slot, or one with too long a name."""
    names = {node: name_of(setup.slot_name, node) for node in nodes}
    twice = [node for node, name in names.items() if [*names.values()].count(name) > 1]
    if not setup.slot_name:
        return []
    found = [
        f"Parameter replication_slot_name: {names[node]} is longer than"
        f" {_LONGEST_SLOT_NAME} characters; shorten the parameter"
        for node in nodes
        if len(names[node]) > _LONGEST_SLOT_NAME
    ]
    if twice:
        found.append(
            f"Parameter replication_slot_name: {' and '.join(twice)} would share a"
            f" slot, {names[twice[0]]}. Leave the parameter out, or rename a node"
        )
    return found


def _version_problems(setup: Setup, version: Version) -> list[str]:
    found = []
    if version and setup.slot_name and version < _FIRST_WITH_SLOTS:
        found.append("Replication slot needs PostgreSQL 9.4 or higher.")
    if version and setup.sync_quorum and version < _FIRST_WITH_QUORUM:
        found.append("Parameter sync_quorum needs PostgreSQL 10 or higher")
    return found


def _quorum_problems(setup: Setup, nodes: Sequence[str]) -> list[str]:
    others = [name for name in nodes if name != setup.node]
    if not setup.is_sync or setup.sync_quorum <= len(others):
        return []
    return [
        f"Parameter sync_quorum={setup.sync_quorum}, but the number of other nodes is"
        f" {len(others)}: no commit would ever return"
    ]


def _membership_problems(setup: Setup) -> list[str]:
    if not setup.nodes or setup.node in setup.nodes:
        return []
    return [
        f"node_list does not name this node, {setup.node}. Add it, or keep the"
        " resource off it (location rule, clone-max)"
    ]


def _settings_problems(settings: Mapping[str, str]) -> list[str]:
    found = []
    level = settings.get("wal_level", "")
    if level in _LEVELS_WITHOUT_HOT_STANDBY:
        found.append(
            f"wal_level is {level} in the server's configuration: hot standbys need"
            " replica (hot_standby before 9.6)"
        )
    if settings.get("hot_standby") == "off":
        found.append("hot_standby is off in the server's configuration: set it to on")
    if settings.get("max_wal_senders") == "0":
        found.append(
            "max_wal_senders is 0 in the server's configuration: set it to 10, so that"
            " standbys can connect"
        )
    return found


def _clone_warnings(call: Invocation) -> list[str]:
    if call.is_notified:
        return []
    return [
        "The clone has no notify=true: set it, or the agents of the other nodes learn"
        " of a change only by their next monitor"
    ]


def _parameter_warnings(setup: Setup) -> list[str]:
    found = [
        f"Parameter {name} has no effect with rep_mode={mode}"
        for name, mode, is_idle in (
            ("sync_strict", "async", setup.sync_strict and not setup.is_sync),
            ("sync_quorum", "async", setup.sync_quorum and not setup.is_sync),
            ("maxlag", "sync", setup.maxlag and setup.is_sync),
        )
        if is_idle
    ]
    name = application_name(setup.conninfo_options)
    if name and name.lower() != setup.node:
        found.append(
            f"primary_conninfo_opt sets application_name={name}, but the primary knows"
            f" the standby here as {setup.node}: leave application_name out"
        )
    return found


def application_name(conninfo: str) -> str:
    """Return the application_name in a connection string, empty if there is none.

    A value may be quoted as libpq reads it (manual, "Keyword/Value Connection
    Strings"); the last one wins.
    """
    pattern = r"(?:^|\s)application_name\s*=\s*(?:'((?:[^'\\]|\\.)*)'|(\S+))"
    found = re.findall(pattern, conninfo)
    quoted, plain = found[-1] if found else ("", "")
    return re.sub(r"\\(.)", r"\1", quoted) or str(plain)


def _settings_warnings(
    setup: Setup, settings: Mapping[str, str], members: Sequence[str]
) -> list[str]:
    found = [
        f"{name} is off in the server's configuration: a power cut can leave data that"
        " no replication repairs"
        for name in ("fsync", "full_page_writes")
        if settings.get(name) == "off"
    ]
    standbys = len(setup.nodes or members) - 1 + len(setup.external)
    senders = int(settings.get("max_wal_senders") or standbys)
    if 0 < senders < standbys:
        found.append(
            f"max_wal_senders is {senders}, but {standbys} standbys connect: raise it,"
            " with some to spare for backups"
        )
    if settings.get("synchronous_standby_names"):
        found.append(
            "Invalid synchronous_standby_names is set in postgresql.conf. Remove it:"
            " commits wait for standbys that the agent does not know of"
        )
    return [*found, *_retention_warnings(setup, settings)]


def _retention_warnings(setup: Setup, settings: Mapping[str, str]) -> list[str]:
    """Compare the limits for slots; the server's is in megabytes, -1 for none."""
    megabytes = int(settings.get("max_slot_wal_keep_size") or -1)
    if not 0 <= megabytes * _MEGABYTE < setup.slot_retain_limit:
        return []
    return [
        f"Parameter slot_retain_limit={setup.slot_retain_limit} has no effect: the"
        f" server's own max_slot_wal_keep_size is less, {megabytes} MB"
    ]
