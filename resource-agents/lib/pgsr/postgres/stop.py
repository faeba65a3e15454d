# SPDX-License-Identifier: GPL-2.0-or-later
"""Stopping a server: fast, then immediate, then SIGKILL, each within its share."""

from __future__ import annotations

import signal

from pgsr.instance import Instance
from pgsr.ocf import AgentError
from pgsr.postgres import postmaster
from pgsr.wait import now, share, until

# Of the time that is left.  What a fast shutdown does not use, the later ones have.
_FAST_SHARE = 0.6
_IMMEDIATE_SHARE = 0.5
# Children notice the postmaster's death by themselves at once.
_LEFTOVERS_S = 1.0


def stop(instance: Instance, escalate_s: int | None = None) -> None:
    """Stop the server; AgentError if anything of it still runs at the deadline.

    ``escalate_s`` is how long a fast shutdown may take, stop_escalate by default.

    The signals are those of the manual, "Shutting Down the Server".  A postmaster
    that hangs obeys only SIGKILL.
    """
    fast_s = _fast_seconds(instance, escalate_s)
    if fast_s > 0:
        _signal(instance, signal.SIGINT, now() + fast_s)
    if postmaster.find(instance.pgdata).postmaster:
        instance.log.info(
            f"PostgreSQL failed to stop after {fast_s:.0f}s using -m fast."
            " Trying -m immediate..."
        )
        _signal(instance, signal.SIGQUIT, share(instance.deadline, _IMMEDIATE_SHARE))
    _kill_what_is_left(instance)


def _fast_seconds(instance: Instance, escalate_s: int | None) -> float:
    default_s = instance.parameters.stop_escalate
    wanted_s = default_s if escalate_s is None else escalate_s
    available_s = (instance.deadline - now()) * _FAST_SHARE
    if wanted_s <= available_s:
        return wanted_s
    instance.log.info(
        "stop_escalate(or stop_escalate_in_slave) time is adjusted to"
        f" {available_s:.0f} based on the configured timeout."
    )
    return max(0.0, available_s)


def _signal(instance: Instance, number: signal.Signals, deadline: float) -> None:
    """Signal the postmaster and wait for its end until ``deadline``."""
    pid = postmaster.find(instance.pgdata).postmaster
    if pid and postmaster.send(pid, instance.pgdata, number):
        _let_go_on(instance.pgdata)
        until(
            lambda: postmaster.find(instance.pgdata).postmaster != pid or None, deadline
        )


def _let_go_on(pgdata: str) -> None:
    """Wake processes that somebody stopped: they would not even end."""
    for pid in postmaster.processes_of(pgdata).all:
        postmaster.send(pid, pgdata, signal.SIGCONT)


def _kill_what_is_left(instance: Instance) -> None:
    pgdata, log = instance.pgdata, instance.log
    if postmaster.find(pgdata).postmaster is None:
        grace = min(now() + _LEFTOVERS_S, instance.deadline)
        if postmaster.wait_for_end(pgdata, grace):
            return
    log.warning("PostgreSQL does not stop. Sending SIGKILL to its processes...")

    def killed() -> bool | None:
        left = postmaster.processes_of(pgdata)
        for pid in left.all:
            postmaster.send(pid, pgdata, signal.SIGKILL)
        return left == postmaster.NOTHING or None

    if not until(killed, instance.deadline):
        left = postmaster.processes_of(pgdata)
        raise AgentError(
            f"PostgreSQL in {pgdata} does not end: processes"
            f" {sorted(left.all)} are still there"
            " after SIGKILL. They probably hang in the kernel: look at the storage"
        )
