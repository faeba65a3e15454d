# SPDX-License-Identifier: GPL-2.0-or-later
"""Core: what makes a server a healthy one."""

from __future__ import annotations

from pgsr.ocf import Exit
from pgsr.state import Role, Server, Service

_CODES = {
    Service.STOPPED: Exit.NOT_RUNNING,
    Service.LEFTOVERS: Exit.ERROR,
    Service.UNREACHABLE: Exit.ERROR,
    Service.FAILS: Exit.ERROR,
    Service.BUSY: Exit.SUCCESS,
    Service.ANSWERS: Exit.SUCCESS,
}


def monitor_code(server: Server) -> Exit:
    """Return the exit code of a monitor.

    7 only when it is proven that nothing runs: left-over processes may still write,
    and Pacemaker would start a second server on shared storage.  A server that is
    full or recovering is alive; a restart would only take longer.
    """
    return _CODES[server.service]


def statement_to_check(
    rep_mode: str, role: Role, monitor_sql: str, default: str
) -> str:
    """Return the statement that a monitor runs, empty if none.

    Under replication it is the administrator's own one only, and only on a primary:
    it may write.  Where the resource has no roles it is run on whatever is there.
    """
    if rep_mode in ("none", "slave"):
        return monitor_sql
    return monitor_sql if role is Role.PRIMARY and monitor_sql != default else ""
