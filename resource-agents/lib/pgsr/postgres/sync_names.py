# SPDX-License-Identifier: GPL-2.0-or-later
"""``synchronous_standby_names``, in a file that the server's configuration includes.

Writing the file proves nothing: a reload can fail, and ALTER SYSTEM overrides it.  What
counts is what the running server says, and that its checkpointer knows too.
"""

from __future__ import annotations

from pgsr import files
from pgsr.decide.names import SyncNames, render
from pgsr.instance import Instance
from pgsr.ocf import AgentError
from pgsr.postgres import datadir, postmaster
from pgsr.postgres.observe import session
from pgsr.postgres.quoting import for_configuration
from pgsr.postgres.sql import Query
from pgsr.wait import share, until

FILE_NAME = "rep_mode.conf"
_LOOKS_SHARE = 0.8

_SHOW = "select pg_catalog.current_setting('synchronous_standby_names')"

_FIRST_WITH_CHECKPOINTER_IN_VIEW = (10,)
_CHECKPOINTER = """
select pid, wait_event from pg_catalog.pg_stat_activity
 where backend_type = 'checkpointer'
"""
# Where the checkpointer sleeps just after it has looked for a new configuration.  The
# second one has a name, and is left at a signal, since version 14.
_REST = ("CheckpointerMain", "CheckpointWriteDelay")


def path(instance: Instance) -> str:
    """Return the path of the file, the one of the stock agent."""
    return f"{instance.parameters.directory}/{FILE_NAME}"


def write(instance: Instance, value: str) -> None:
    """Replace the file; the running server does not know of it yet."""
    line = f"synchronous_standby_names = {for_configuration(value)}\n"
    files.replace(path(instance), instance.account, line)


def apply(instance: Instance, wanted: SyncNames, deadline: float) -> None:
    """Give the running server the setting, and see that it has it.

    AgentError when it has another one at ``deadline``.  Where commits begin to wait
    for standbys, that is proven only by ``is_in_force``.
    """
    value = _value(instance, wanted)
    write(instance, value)
    with session(instance, deadline, as_owner=True) as query:
        postmaster.reload(instance.pgdata)
        if until(lambda: _setting(query) == value or None, _last_look(deadline)):
            return
        found = _setting(query)
    raise AgentError(
        f"synchronous_standby_names stays '{found}', though {path(instance)} has"
        f" '{value}'",
        "The server did not reload its configuration, or something overrides the file:"
        " see the server's log, the include line in its configuration, and ALTER"
        " SYSTEM in postgresql.auto.conf",
    )


def is_in_force(instance: Instance, deadline: float) -> bool:
    """Tell whether commits wait for what the setting has had since before the call.

    Sessions wait only once the checkpointer has told them that there are synchronous
    standbys (SyncRepUpdateSyncStandbysDefined in syncrep.c), and it does not look at
    its configuration in the midst of an immediate checkpoint.  Until then commits are
    acknowledged at once, although pg_stat_replication shows a synchronous standby.

    The connection is new: the postmaster signals all its children before it serves
    one that has the new setting.
    """
    with session(instance, deadline, as_owner=True) as query:
        if datadir.version_of(instance.pgdata) < _FIRST_WITH_CHECKPOINTER_IN_VIEW:
            query("checkpoint")  # begins after a look at the configuration
            return True
        return bool(until(lambda: _is_at_rest(query) or None, _last_look(deadline)))


def require_in_force(instance: Instance, deadline: float) -> None:
    """Have a standby wait as soon as it is promoted; AgentError if it may not.

    Its first commits would be acknowledged at once.  Before version 10 only a whole
    checkpoint would tell, for which no failover waits.
    """
    version = datadir.version_of(instance.pgdata)
    if version >= _FIRST_WITH_CHECKPOINTER_IN_VIEW and not is_in_force(
        instance, deadline
    ):
        raise AgentError(
            "Promotion refused: the server does not know yet for whom commits wait."
            " Its checkpointer is busy",
            "The checkpointer reads the configuration between two checkpoints, or in"
            " the pauses of one. Is the disk of this node slow?",
        )


def _is_at_rest(query: Query) -> bool:
    """Tell whether the checkpointer has slept all through this look.

    A signal that was sent before would have waked it, and it sleeps there only after
    it has done what the signal asked for.
    """
    for pid, _ in query(_CHECKPOINTER):
        before = _sleep_of(pid)
        at_rest = [event in _REST for _, event in query(_CHECKPOINTER)]
        return before != "" and all(at_rest) and _sleep_of(pid) == before
    return False


def _sleep_of(pid: int) -> str:
    """Return what identifies the sleep of a process, empty when it does not sleep."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
            lines = file.read().splitlines()
    except OSError:
        return ""
    said = dict(line.split(":", 1) for line in lines if ":" in line)
    is_asleep = said.get("State", "").strip().startswith("S")
    switches = (
        said.get("voluntary_ctxt_switches"),
        said.get("nonvoluntary_ctxt_switches"),
    )
    return f"{pid}: {switches}" if is_asleep else ""


def _value(instance: Instance, wanted: SyncNames) -> str:
    try:
        return render(wanted, datadir.version_of(instance.pgdata))
    except ValueError as error:
        raise AgentError(f"synchronous_standby_names: {error}") from None


def _last_look(deadline: float) -> float:
    """Leave time to answer: a question at the deadline itself would fail."""
    return share(deadline, _LOOKS_SHARE)


def _setting(query: Query) -> str:
    return str(query(_SHOW)[0][0])
