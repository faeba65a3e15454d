# SPDX-License-Identifier: GPL-2.0-or-later
"""Replication slots of managed replication: created, kept, moved on and dropped.

What is ours is recorded in a file before it is created, so that no slot of ours is
left to fill a disk when a node leaves or a parameter changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from pgsr import files, lsn
from pgsr.decide import slots as decide
from pgsr.decide.slots import Nodes, Plan, Record, Situation, Step, Verb
from pgsr.instance import Instance
from pgsr.postgres import control as control_file
from pgsr.postgres import datadir, sql
from pgsr.postgres.observe import session
from pgsr.state import PrimarySide, StandbySide

_FIRST_WITH_SLOTS = (9, 4)
_FIRST_THAT_RESERVES = (9, 6)
_DROPPED = "dropped"
_LINE = re.compile(rf"([a-z0-9_]+)(?: ({_DROPPED}))?")
_WORDS = {
    Verb.CREATE: "PostgreSQL creates the replication slot({name}).",
    Verb.DROP: "PostgreSQL delete the replication slot({name}).",
    Verb.ADVANCE: "PostgreSQL moves the replication slot({name}) to {lsn}.",
}


def name_of(instance: Instance, node: str) -> str:
    """Return the name of a node's slot, empty when replication uses no slots."""
    return decide.name_of(instance.parameters.replication_slot_name, node)


def retained_bytes(side: PrimarySide | StandbySide) -> int:
    """Return the most that one of the slots makes the server keep."""
    return decide.retained_bytes(side.slots, _end_of(side))


def control(
    instance: Instance,
    side: PrimarySide | StandbySide,
    nodes: Nodes,
    needed: Mapping[str, int] | None = None,
) -> None:
    """Put the slots right; normally that is to do nothing.

    ``side`` has the slots as they are.  ``needed`` tells a standby which LSN a node
    that is away will need first, by the names of the slots.  What fails is logged and
    tried again by the next call; AgentError when the server or the record cannot be
    reached at all.
    """
    if datadir.version_of(instance.pgdata) < _FIRST_WITH_SLOTS:
        return
    record = _read_record(instance)
    plan = decide.plan(_situation(instance, side, nodes, record, needed or {}))
    planned = Record(record.names | plan.record.names, record.dropped)
    if planned != record:
        _write_record(instance, planned)
    failed = _do(instance, plan.steps) if plan.steps else set()
    _conclude(instance, plan, planned, failed)


def _situation(
    instance: Instance,
    side: PrimarySide | StandbySide,
    nodes: Nodes,
    record: Record,
    needed: Mapping[str, int],
) -> Situation:
    parameters = instance.parameters
    senders = side.senders if isinstance(side, PrimarySide) else ()
    streaming = [each.application_name for each in senders if each.state == "streaming"]
    return Situation(
        prefix=parameters.replication_slot_name,
        nodes=nodes._replace(running=(*nodes.running, *streaming)),
        slots=side.slots,
        record=record,
        version=datadir.version_of(instance.pgdata),
        end_lsn=_end_of(side),
        redo_lsn=_redo(instance) if isinstance(side, StandbySide) else None,
        needed=needed,
        retain_limit_bytes=parameters.slot_retain_limit,
    )


def _redo(instance: Instance) -> int:
    """Return where the last restartpoint begins; 0, which moves no slot, if unknown."""
    found = control_file.read(instance.pgdata)
    return found.redo_lsn if found else 0


def _end_of(side: PrimarySide | StandbySide) -> int:
    return side.flush_lsn if isinstance(side, PrimarySide) else side.received_lsn


def _do(instance: Instance, steps: Iterable[Step]) -> set[str]:
    """Take the steps as the database's owner, and return what failed.

    monitor_user has no right to (it would need REPLICATION).
    """
    failed: set[str] = set()
    reserves = datadir.version_of(instance.pgdata) >= _FIRST_THAT_RESERVES
    with session(instance, instance.deadline, as_owner=True) as query:
        for step in steps:
            if step.name in failed:
                continue
            try:
                query(statement(step, reserves))
            except sql.QueryFailed as error:
                failed.add(step.name)
                instance.log.warning(f"Replication slot {step.name}: {error}")
            else:
                _tell(instance, step)
    return failed


def statement(step: Step, reserves: bool) -> str:
    """Return the statement for a step; names are of letters that need no quoting."""
    if step.verb is Verb.DROP:
        return f"select pg_catalog.pg_drop_replication_slot('{step.name}')"
    if step.verb is Verb.ADVANCE:
        target = f"'{step.name}', '{lsn.text(step.lsn)}'"
        return f"select pg_catalog.pg_replication_slot_advance({target})::text"
    arguments = f"'{step.name}'{', true' if reserves else ''}"
    return f"select pg_catalog.pg_create_physical_replication_slot({arguments})::text"


def _tell(instance: Instance, step: Step) -> None:
    words = _WORDS[step.verb].format(name=step.name, lsn=lsn.text(step.lsn))
    if step.verb is Verb.ADVANCE:
        instance.log.details(words)
    else:
        instance.log.info(words)
    if step.warning:
        instance.log.warning(step.warning)


def _conclude(instance: Instance, plan: Plan, before: Record, failed: set[str]) -> None:
    """Record what is true now; what failed stays ours, and waits for nobody."""
    after = Record(plan.record.names | failed, plan.record.dropped - failed)
    if after != before:
        _write_record(instance, after)


def _path(instance: Instance) -> str:
    return f"{instance.parameters.directory}/PGSQL.slots"


def _read_record(instance: Instance) -> Record:
    return parse_record(files.read(_path(instance), instance.account))


def _write_record(instance: Instance, record: Record) -> None:
    files.replace(_path(instance), instance.account, render_record(record))


def parse_record(text: str) -> Record:
    """Return the record in ``text``; a line that is none says nothing."""
    found = [_LINE.fullmatch(line.strip()) for line in text.splitlines()]
    lines = [each.groups() for each in found if each]
    return Record(
        frozenset(name for name, _ in lines),
        frozenset(name for name, mark in lines if mark),
    )


def render_record(record: Record) -> str:
    """Return the text of the record: a name in each line."""
    return "".join(
        f"{name} {_DROPPED}\n" if name in record.dropped else f"{name}\n"
        for name in sorted(record.names)
    )
