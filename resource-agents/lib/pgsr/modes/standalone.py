# SPDX-License-Identifier: GPL-2.0-or-later
"""rep_mode=none: a stand-alone server, as it was before replication existed."""

from __future__ import annotations

from pgsr.action import Action
from pgsr.decide.health import monitor_code
from pgsr.ocf import Exit
from pgsr.postgres import postmaster, recovery
from pgsr.postgres.observe import from_processes, observe
from pgsr.postgres.start import start as start_server
from pgsr.postgres.stop import stop as stop_server
from pgsr.receiver import publish_receiver_status
from pgsr.state import Server, Service
from pgsr.wait import share

# A monitor answers by itself, with a reason, before Pacemaker ends it.
MONITOR_SHARE = 0.8


def start(action: Action) -> Exit:
    """Start the server unless it runs; the answer is then that of a monitor."""
    instance = action.instance
    if from_processes(instance.pgdata) is Service.ANSWERS:
        pid = postmaster.find(instance.pgdata).postmaster
        instance.log.info(f"PostgreSQL is already running. PID={pid}")
        return monitor(action)
    action.try_to(lambda: recovery.release(instance))
    start_server(instance)
    return Exit.SUCCESS


def stop(action: Action) -> Exit:
    """Stop the server; success when nothing runs."""
    if from_processes(action.instance.pgdata) is not Service.STOPPED:
        stop_server(action.instance)
    if action.instance.parameters.check_wal_receiver:
        action.try_to(lambda: action.pacemaker.delete_attribute("receiver-status"))
    return Exit.SUCCESS


def monitor(action: Action) -> Exit:
    """Say whether the server works: monitor_sql is run on it."""
    instance = action.instance
    server = observe(instance, share(instance.deadline, MONITOR_SHARE), is_check=True)
    code = monitor_code(server)
    explain(action, server, code)
    publish_receiver_status(action, server)
    return code


def explain(action: Action, server: Server, code: Exit) -> None:
    """Give the reason of an answer other than "all is well"."""
    log, pgdata = action.instance.log, action.instance.pgdata
    if server.service is Service.STOPPED:
        log.info("PostgreSQL is down")
    elif server.service is Service.BUSY:
        log.warning(f"PostgreSQL is alive, but takes no connection: {server.reason}")
    elif server.service is Service.LEFTOVERS:
        left = ", ".join(map(str, postmaster.processes_of(pgdata).others))
        log.exit_reason(
            f"The postmaster of {pgdata} is gone, but its processes {left} are left"
        )
    elif code is Exit.ERROR:
        log.exit_reason(
            f"PostgreSQL in {pgdata} runs, but does not work: {server.reason}"
        )
