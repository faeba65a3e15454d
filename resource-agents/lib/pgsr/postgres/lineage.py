# SPDX-License-Identifier: GPL-2.0-or-later
"""A server's history, asked as a standby asks it: over the replication protocol.

It takes the same way in as a standby's WAL receiver, so whoever gets an answer can
also stream, as far as address, pg_hba.conf and password go.
"""

from __future__ import annotations

import re

from pgsr import lsn
from pgsr.instance import Instance
from pgsr.ocf import AgentError
from pgsr.postgres import recovery, sql
from pgsr.state import Lineage

_FIRST_TIMELINE = 1  # it has no history
_LINE = re.compile(r"\s*(\d+)\s+([0-9A-Fa-f]+/[0-9A-Fa-f]+)(?:\s.*)?", re.DOTALL)


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
    system_identifier, timeline, end = query("IDENTIFY_SYSTEM")[0][:3]
    history = ""
    if timeline > _FIRST_TIMELINE:
        content = query(f"TIMELINE_HISTORY {timeline}")[0][1]
        history = content if isinstance(content, str) else _decoded(content)
    return Lineage(
        system_identifier=int(system_identifier),
        timeline=int(timeline),
        flush_lsn=lsn.parse(end),
        switches=parse_history(history),
    )


def parse_history(text: str) -> tuple[tuple[int, int], ...]:
    """Return the timelines in a history file, each with the LSN at which it ended.

    The format is that of readTimeLineHistory in timeline.c.  A line that is none of
    it says nothing: data on a timeline that is not named here is not accepted.
    """
    found = (_LINE.fullmatch(line) for line in text.splitlines())
    return tuple(
        (int(each.group(1)), lsn.parse(each.group(2))) for each in found if each
    )


def _decoded(content: memoryview) -> str:
    """Return a text that was sent as bytes, as it is before version 15."""
    return bytes(content).decode("utf-8", "replace")
