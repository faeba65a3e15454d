# SPDX-License-Identifier: GPL-2.0-or-later
"""A server's history, asked as a standby asks it: over the replication protocol.

It takes the same way in as a standby's WAL receiver, so whoever gets an answer can
also stream, as far as address, pg_hba.conf and password go.
"""

from __future__ import annotations

from pgsr import lsn
from pgsr.instance import Instance
from pgsr.ocf import AgentError
from pgsr.postgres import recovery, sql, timeline
from pgsr.state import Lineage

_FIRST_TIMELINE = 1  # it has no history


def ask(instance: Instance, host: str, deadline: float) -> Lineage:
    """Return what the server at ``host`` says of its own history.

    AgentError when it cannot be asked before ``deadline``.  PostgreSQL 9.3 or later;
    an older one has no command to tell more than its timeline.
    """
    conninfo = recovery.conninfo(instance, "", host)
    try:
        with sql.replicate(conninfo, instance.account, deadline) as query:
            return _ask(query)
    except (sql.ConnectionFailed, sql.QueryFailed) as error:
        raise AgentError(
            f"The primary at {host} cannot be asked for its history: {error}",
            "A standby connects in the same way: see pg_hba.conf there (database"
            " replication), and repuser, primary_conninfo_opt and .pgpass here",
        ) from None


def _ask(query: sql.Query) -> Lineage:
    system_identifier, number, end = query("IDENTIFY_SYSTEM")[0][:3]
    history = ""
    if number > _FIRST_TIMELINE:
        content = query(f"TIMELINE_HISTORY {number}")[0][1]
        history = content if isinstance(content, str) else _decoded(content)
    return Lineage(
        system_identifier=int(system_identifier),
        timeline=int(number),
        flush_lsn=lsn.parse(end),
        switches=timeline.parse_history(history),
    )


def _decoded(content: memoryview) -> str:
    """Return a text that was sent as bytes, as it is before version 15."""
    return bytes(content).decode("utf-8", "replace")
