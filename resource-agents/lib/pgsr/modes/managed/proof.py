# SPDX-License-Identifier: GPL-2.0-or-later
"""Proof that this standby follows the primary, by timelines.

That it is connected proves nothing: a server whose data went on beyond the point where
the new primary's history left it streams the common part, again and again.
"""

from __future__ import annotations

from pgsr import lsn
from pgsr.action import Action
from pgsr.decide import rejoin
from pgsr.postgres import datadir, sql
from pgsr.postgres.observe import session
from pgsr.state import Lineage

_FIRST_WITH_VIEWS = (9, 6)
_STATEMENT = """
select min_recovery_end_lsn::text, min_recovery_end_timeline,
       (select received_tli from pg_catalog.pg_stat_wal_receiver
         where status = 'streaming')
  from pg_catalog.pg_control_recovery()
"""


def follows(action: Action, history: Lineage) -> bool | None:
    """Tell whether this standby follows the primary; None when nothing can tell yet.

    A server that ended as a primary records where its own WAL ended before it takes
    connections as a standby, and goes on from there on the timeline that it follows
    (minRecoveryPoint; "switching from crash recovery to archive recovery" in
    xlogrecovery.c).
    """
    instance = action.instance
    if datadir.version_of(instance.pgdata) < _FIRST_WITH_VIEWS:
        return None
    try:
        with session(instance, instance.deadline, as_owner=True) as query:
            ((end, timeline, received),) = query(_STATEMENT)
    except (sql.ConnectionFailed, sql.QueryFailed):
        return None
    if timeline and rejoin.is_beyond(lsn.parse(end), timeline, history):
        return False
    return True if received == history.timeline else None
