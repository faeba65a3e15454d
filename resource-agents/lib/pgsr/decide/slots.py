# SPDX-License-Identifier: GPL-2.0-or-later
"""Core: which replication slots a node must have, and what to change for that.

Every node, primary or standby, has a slot for each other node, so that they survive a
failover.  No slot is touched that is not ours, and none that is in use.

On the primary, a slot follows its standby.  Dropped is one that keeps too much
(slot_retain_limit), and one whose WAL the server has removed already: its standby has
to be rebuilt.  If that node's server runs, it gets a new slot at once, without which
it could not even try; else it gets one when its server runs again, and until then
keeps nothing.

On a standby nobody uses the slots.  They are moved on with its own restartpoints, but
not beyond what a node that is away needs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import NamedTuple

from pgsr import lsn
from pgsr.state import Slot

# What is retained is told in steps: each change is a write that all nodes hear.
STEP_BYTES = 64 * 1024 * 1024
_FIRST_THAT_RESERVES = (9, 6)  # second argument of pg_create_physical_replication_slot
_FIRST_THAT_ADVANCES = (11,)  # pg_replication_slot_advance


class Record(NamedTuple):
    """The names of the slots that are this node's own work.

    ``dropped`` are those that are wanted, but were dropped and wait for their node.
    """

    names: frozenset[str] = frozenset()
    dropped: frozenset[str] = frozenset()


class Nodes(NamedTuple):
    """The nodes that slots are for; the case of their names does not matter.

    ``members`` are those of managed replication, ``known`` all of the cluster, and
    ``running`` those whose server runs.
    """

    own: str
    members: tuple[str, ...]
    known: tuple[str, ...]
    running: tuple[str, ...]


class Situation(NamedTuple):
    """What a decision needs.

    ``end_lsn`` is the end of this node's WAL.  ``redo_lsn`` is where a standby's last
    restartpoint begins, and None on a primary.  ``needed`` has the LSN that a node
    which is away will need first, by the names of the slots.
    """

    prefix: str
    nodes: Nodes
    slots: tuple[Slot, ...]
    record: Record
    version: tuple[int, ...]
    end_lsn: int
    redo_lsn: int | None
    needed: Mapping[str, int]
    retain_limit_bytes: int


class Verb(Enum):
    """What to do with a slot."""

    CREATE = "create"
    DROP = "drop"
    ADVANCE = "advance"


class Step(NamedTuple):
    """One thing to do; ``warning`` is for the administrator once it is done."""

    verb: Verb
    name: str
    lsn: int = 0
    warning: str = ""


class Plan(NamedTuple):
    """What to do, in this order, and the record that is true afterwards."""

    steps: tuple[Step, ...]
    record: Record


def name_of(prefix: str, node: str) -> str:
    """Return the name of the slot of a node, as ocf:heartbeat:pgsql has it.

    Slots have lower case letters, digits and underscores only.
    """
    suffix = re.sub(r"[^a-z0-9_]", "_", node.lower())
    return f"{prefix}_{suffix}" if prefix else ""


def retained_bytes(slots: tuple[Slot, ...], end_lsn: int) -> int:
    """Return the most that a slot makes the server keep."""
    return max((_retained(slot, end_lsn) for slot in slots), default=0)


def plan(now: Situation) -> Plan:
    """Return what to change; no step when all is as it should be."""
    wanted = _wanted(now)
    present = {slot.name: slot for slot in now.slots}
    steps = [*_leave(now, wanted)]
    for name, node in wanted.items():
        steps += _keep(now, name, node, present.get(name))
    return Plan(tuple(steps), _record(now, wanted, steps))


def is_ours(name: str, now: Situation) -> bool:
    """Tell whether a slot is the agent's: recorded, or named after a node."""
    nodes = (*now.nodes.members, *now.nodes.known, now.nodes.own)
    named = {name_of(now.prefix, node) for node in nodes} if now.prefix else set()
    return name in now.record.names or name in named


def _wanted(now: Situation) -> dict[str, str]:
    """Return the slots to have, each with its node."""
    if not now.prefix:
        return {}
    own = now.nodes.own.lower()
    others = [node for node in now.nodes.members if node.lower() != own]
    return {name_of(now.prefix, node): node for node in others}


def _leave(now: Situation, wanted: Mapping[str, str]) -> Iterator[Step]:
    """Drop the slots of nodes that left, and the one named after this node."""
    for slot in now.slots:
        if slot.name not in wanted and is_ours(slot.name, now) and not slot.is_active:
            yield Step(Verb.DROP, slot.name)


def _keep(now: Situation, name: str, node: str, slot: Slot | None) -> Iterator[Step]:
    if slot is None:
        if name not in now.record.dropped or not _may_wait(now, name):
            yield Step(Verb.CREATE, name)
    elif slot.is_active:
        return
    elif now.redo_lsn is None:
        yield from _keep_on_primary(now, slot, node)
    else:
        yield from _keep_on_standby(now, slot, now.redo_lsn)


def _keep_on_primary(now: Situation, slot: Slot, node: str) -> Iterator[Step]:
    warning = _why_useless(now, slot, node)
    if warning:
        yield Step(Verb.DROP, slot.name, warning=warning)
        if not _may_wait(now, slot.name):
            yield Step(Verb.CREATE, slot.name)
    elif _keeps_nothing(now, slot):
        yield from _renew(slot)


def _keep_on_standby(now: Situation, slot: Slot, redo_lsn: int) -> Iterator[Step]:
    if slot.is_lost or _keeps_nothing(now, slot):
        yield from _renew(slot)
    elif slot.restart_lsn is not None:
        to = min(redo_lsn, now.needed.get(slot.name, redo_lsn))
        if _is_too_much(now, slot):
            to = redo_lsn
        if to > slot.restart_lsn and now.version >= _FIRST_THAT_ADVANCES:
            yield Step(Verb.ADVANCE, slot.name, to)
        elif to == redo_lsn > slot.restart_lsn:
            yield from _renew(slot)  # a new slot begins at the restartpoint


def _renew(slot: Slot) -> Iterator[Step]:
    yield Step(Verb.DROP, slot.name)
    yield Step(Verb.CREATE, slot.name)


def _why_useless(now: Situation, slot: Slot, node: str) -> str:
    """Return why a standby's slot is of no use any more, empty when it is."""
    rebuild = f"Unless an archive has that WAL, rebuild the standby on {node}"
    if slot.is_lost:
        return (
            f"The server has removed WAL that {node} needs (max_slot_wal_keep_size)."
            f" {rebuild}"
        )
    if _is_too_much(now, slot):
        return (
            f"Replication slot {slot.name} kept {_retained(slot, now.end_lsn)} bytes of"
            f" WAL, more than slot_retain_limit={now.retain_limit_bytes}, and was"
            f" dropped. {rebuild}"
        )
    return ""


def _may_wait(now: Situation, name: str) -> bool:
    """Tell whether a slot need not be there: nobody would use it."""
    running = {name_of(now.prefix, node) for node in now.nodes.running}
    return now.redo_lsn is None and name not in running


def _keeps_nothing(now: Situation, slot: Slot) -> bool:
    """Tell whether a slot was made without reserving WAL and never used.

    The stock agent makes them so.
    """
    return slot.restart_lsn is None and now.version >= _FIRST_THAT_RESERVES


def _is_too_much(now: Situation, slot: Slot) -> bool:
    limit_bytes = now.retain_limit_bytes
    return 0 < limit_bytes < _retained(slot, now.end_lsn)


def _retained(slot: Slot, end_lsn: int) -> int:
    return max(0, end_lsn - slot.restart_lsn) if slot.restart_lsn is not None else 0


def _record(now: Situation, wanted: Mapping[str, str], steps: list[Step]) -> Record:
    """Return the slots that are ours after ``steps``, and those that wait."""
    created = {step.name for step in steps if step.verb is Verb.CREATE}
    gone = {step.name for step in steps if step.verb is Verb.DROP} - created
    present = {slot.name for slot in now.slots if is_ours(slot.name, now)}
    waiting = (now.record.dropped | gone) & set(wanted) - created - (present - gone)
    return Record(frozenset(wanted) | (present - gone), frozenset(waiting))


def needed_text(slots: Iterable[Slot], end_lsn: int) -> str:
    """Return the first LSN that each standby which is away, or far behind, needs.

    The other nodes keep it too, in case that one of them becomes the primary.  A
    standby that was lost a moment ago still has its connection, and falls behind.
    """
    return " ".join(
        f"{slot.name}={lsn.text(_kept(slot))}"
        for slot in slots
        if slot.restart_lsn is not None
        and not slot.is_lost
        and (not slot.is_active or end_lsn - slot.restart_lsn >= STEP_BYTES)
    )


def _kept(slot: Slot) -> int:
    """Return what is to be kept for a slot; in steps while it still moves."""
    restart_lsn = slot.restart_lsn or 0
    return restart_lsn // STEP_BYTES * STEP_BYTES if slot.is_active else restart_lsn


def parse_needed(text: str) -> dict[str, int]:
    """Return what ``needed_text`` said."""
    pairs = (word.partition("=") for word in text.split())
    return {name: lsn.parse(value) for name, _, value in pairs}
