# SPDX-License-Identifier: GPL-2.0-or-later
"""The parameters of replication, with the modes that use each."""

from __future__ import annotations

import re

from pgsr.declared_server import escalation
from pgsr.parameters import (
    Parameter,
    ParameterSet,
    absolute_path,
    boolean,
    one_line,
    one_of,
    optional_path,
    seconds,
    whole_number,
)

# One option of a connection string (libpq, conninfo_parse): a quote counts only at the
# beginning of a value, and a value of nothing only at the end.
_OPTION = re.compile(
    r"\s*[^\s=]+\s*=\s*(?:'(?:[^'\\]|\\.)*'|(?=[^\s'])(?:[^\s\\]|\\.)*\\?|$)\s*",
    re.ASCII,
)

MODES = ("none", "async", "sync", "slave")


def nodes(value: str) -> tuple[str, ...]:
    """Accept names of nodes; case does not matter, as in the stock agent."""
    return tuple(dict.fromkeys(value.lower().split()))


def slot_name(value: str) -> str:
    """Accept the beginning of the name of a replication slot, or nothing.

    Slots have lower case letters, digits and underscores only (manual, "Querying And
    Manipulating Replication Slots").
    """
    if re.fullmatch(r"[a-z0-9_]*", value):
        return value
    raise ValueError("lower case letters, digits and underscores are accepted")


def connection_options(value: str) -> str:
    """Accept options of a connection string, or nothing.

    A quote that is never closed would swallow what follows in the server's eyes.
    """
    rest = one_line(value)
    while rest.strip():
        found = _OPTION.match(rest)
        if not found:
            raise ValueError("options of libpq are accepted, such as sslmode=require")
        rest = rest[found.end() :]
    return value


class ReplicationParameters(ParameterSet):
    """How servers replicate, and what the agent writes for them."""

    rep_mode = Parameter(
        one_of(*MODES),
        default="none",
        short="Replication mode",
        long="""none: a stand-alone server. slave: a standby of a primary outside
        of this resource. async: streaming replication; by the PGSR method where
        node_list is empty, and managed by the agent where it is set. sync: managed
        replication in which no acknowledged commit is lost. The resource is a
        promotable clone with async and sync.""",
    )
    node_list = Parameter(
        nodes,
        modes="async, sync",
        short="Nodes of managed replication",
        long="""The names of all nodes that may run the server, separated by
        blanks. With rep_mode=sync, empty means all nodes of the cluster; with
        rep_mode=async, empty selects the PGSR method, in which the administrator
        owns the recovery configuration.""",
    )
    trigger_file = Parameter(
        absolute_path,
        default="/var/lib/pgsql/PGSQL.5432.trigger",
        modes="async",
        short="Trigger file",
        long="""For the PGSR method. The same path as in the server's own
        configuration: trigger_file in recovery.conf before PostgreSQL 12,
        promote_trigger_file from 12 to 15. The agent creates it to promote a hot
        standby. Where the server has no such setting (16 and later) or does not use
        it, pg_ctl promote is used.""",
    )
    tmpdir = Parameter(
        optional_path,
        modes="async, sync, slave",
        short="Directory of the agent's files",
        long="""Directory in which the agent keeps its files; pgdba must be able to
        write in it, and it must outlive a reboot. Empty: /var/lib/pgsql for the
        PGSR method, which keeps PGSQL.PORT.repress_monitor and
        PGSQL.PORT.repress_start there, else /var/lib/pgsql/tmp, with PGSQL.lock,
        rep_mode.conf and, from PostgreSQL 12 on, recovery.conf.""",
    )
    master_ip = Parameter(
        one_line,
        modes="async, sync, slave",
        short="Address of the primary",
        long="""The address at which standbys reach the primary, host in
        primary_conninfo: a virtual address that follows the primary.""",
    )
    repuser = Parameter(
        one_line,
        default="postgres",
        modes="async, sync, slave",
        short="Role that replicates",
        long="""The role as which standbys connect to the primary, user in
        primary_conninfo.""",
    )
    primary_conninfo_opt = Parameter(
        connection_options,
        is_secret=True,
        modes="async, sync, slave",
        short="More of primary_conninfo",
        long="""Options put at the end of primary_conninfo, where they override
        those before. A password here can be read by everybody who may read the
        cluster's configuration: a .pgpass file of pgdba serves too.""",
    )
    restore_command = Parameter(
        one_line,
        modes="async, sync, slave",
        short="restore_command",
        long="""The server's restore_command, taken as it is: whatever quotes are
        in it are written so that the server reads them back.""",
    )
    archive_cleanup_command = Parameter(
        one_line,
        modes="async, sync, slave",
        short="archive_cleanup_command",
        long="""The server's archive_cleanup_command, taken as it is.""",
    )
    recovery_end_command = Parameter(
        one_line,
        modes="async, sync, slave",
        short="recovery_end_command",
        long="""The server's recovery_end_command, taken as it is.""",
    )
    replication_slot_name = Parameter(
        slot_name,
        modes="async, sync, slave",
        short="Name of the replication slots",
        long="""If set, standbys stream through replication slots. It is the beginning
        of their names: NAME_NODE, in lower case and with _ for every . and - of the
        node's name. Under managed replication the agent creates them on every node,
        keeps and drops them; with rep_mode=slave they must exist on the primary.
        PostgreSQL 9.4 or later.""",
    )
    slot_retain_limit = Parameter(
        whole_number,
        default="0",
        content="integer",
        modes="async, sync",
        short="Bytes that a slot may retain",
        long="""A slot of a standby that is away and that makes the primary keep
        more WAL than this many bytes is dropped before the disk is full; the
        standby has to be rebuilt then. 0 means no limit. The bytes that are kept
        are shown by the node attribute RESOURCE-retained-bytes. PostgreSQL 13 and
        later have max_slot_wal_keep_size too.""",
    )
    maxlag = Parameter(
        whole_number,
        default="0",
        content="integer",
        modes="async",
        short="Bytes that a standby may lack",
        long="""A standby that is further behind the primary than this many bytes
        is not promoted. 0 means no limit.""",
    )
    sync_strict = Parameter(
        boolean,
        default="false",
        content="boolean",
        modes="sync",
        short="Never work without a synchronous standby",
        long="""If true, commits wait as long as no synchronous standby is there.
        If false, the primary goes on alone once it is proven that no standby can be
        promoted without these commits.""",
    )
    sync_quorum = Parameter(
        whole_number,
        default="0",
        content="integer",
        modes="sync",
        short="Standbys that must have a commit",
        long="""If above 0, a commit waits for any this many of all connected
        standbys (ANY in synchronous_standby_names). 0 means one synchronous
        standby, as in the stock agent. PostgreSQL 10 or later.""",
    )
    external_standby_node_list = Parameter(
        nodes,
        modes="sync",
        short="Synchronous standbys outside of the cluster",
        long="""Application names of standbys that are not in the cluster and that
        every commit waits for too. They are never promoted.""",
    )
    restart_on_promote = Parameter(
        boolean,
        default="false",
        content="boolean",
        modes="async, sync",
        short="Promote by a restart",
        long="""If true, a standby is promoted by a restart without recovery
        configuration, which keeps the timeline. It takes longer, and a former
        primary that has other data can no longer be told by its timeline: it is
        refused.""",
    )
    stop_escalate_in_slave = Parameter(
        escalation,
        default="90",
        content="integer",
        modes="async, sync",
        short="Seconds for a fast shutdown of a standby",
        long="""As stop_escalate, for stopping a standby.""",
    )
    xlog_check_count = Parameter(
        whole_number,
        default="3",
        content="integer",
        modes="async, sync",
        short="Looks before an election",
        long="""How often in a row a standby must find its position unchanged
        before it takes part in an election without a primary. The looks follow each
        other within fractions of a second.""",
    )
    crm_attr_timeout = Parameter(
        seconds,
        default="5",
        content="integer",
        modes="async, sync",
        short="Seconds for a change of a permanent attribute",
        long="""How long one change of a permanent node attribute may take.""",
    )
