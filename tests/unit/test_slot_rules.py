# SPDX-License-Identifier: GPL-2.0-or-later
"""Which replication slots are created, kept, moved on, dropped, and left alone."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pgsr.decide.slots import (
    Nodes,
    Plan,
    Record,
    Situation,
    Step,
    Verb,
    name_of,
    plan,
    retained_bytes,
)
from pgsr.postgres.slots import parse_record, render_record, statement
from pgsr.state import Slot

NEW, BEFORE_11, BEFORE_9_6 = (15,), (10,), (9, 5)
NODES = Nodes("node1", ("Node1", "node2", "node-3.lan"), ("node1",), ("node2",))
TWO, THREE = "pgsr_node2", "pgsr_node_3_lan"
OURS = Record(frozenset((TWO, THREE)))
RESTART, REDO, END = 1000, 2000, 9000
LIMIT = 5000


def slot(
    name: str = TWO,
    active: bool = False,
    restart: int | None = RESTART,
    lost: bool = False,
) -> Slot:
    return Slot(name, active, restart, lost)


def situation(
    *slots: Slot,
    prefix: str = "pgsr",
    nodes: Nodes = NODES,
    record: Record = OURS,
    version: tuple[int, ...] = NEW,
    redo: int | None = None,
    needed: Mapping[str, int] | None = None,
    limit: int = 0,
) -> Situation:
    return Situation(
        prefix, nodes, slots, record, version, END, redo, needed or {}, limit
    )


def done(planned: Plan) -> list[tuple[str, str]]:
    return [(step.verb.value, step.name) for step in planned.steps]


@pytest.mark.parametrize(
    ("node", "name"),
    [
        ("node1", "pgsr_node1"),
        ("Node-1.Example.ORG", "pgsr_node_1_example_org"),
        ("a+b'c", "pgsr_a_b_c"),
    ],
)
def test_slots_are_named_as_the_stock_agent_names_them(node: str, name: str) -> None:
    assert name_of("pgsr", node) == name


def test_without_the_parameter_no_node_has_a_slot() -> None:
    assert name_of("", "node1") == ""


@pytest.mark.parametrize("redo", [None, REDO], ids=["primary", "standby"])
def test_every_other_node_gets_a_slot(redo: int | None) -> None:
    planned = plan(situation(record=Record(), redo=redo))
    assert done(planned) == [("create", TWO), ("create", THREE)]
    assert planned.record == OURS


def test_nothing_is_done_where_nothing_differs() -> None:
    primary = plan(situation(slot(), slot(THREE, active=True)))
    assert primary == Plan((), OURS)
    standby = situation(slot(restart=REDO), slot(THREE, restart=REDO + 1), redo=REDO)
    assert plan(standby) == Plan((), OURS)


def test_the_slot_of_a_node_that_left_and_the_own_one_are_dropped() -> None:
    nodes = NODES._replace(members=("node1", "node2"))
    planned = plan(situation(slot("pgsr_node1"), slot(), slot(THREE), nodes=nodes))
    assert done(planned) == [("drop", "pgsr_node1"), ("drop", THREE)]
    assert planned.record == Record(frozenset((TWO,)))


def test_a_slot_of_a_node_that_the_cluster_knows_is_ours_without_a_record() -> None:
    nodes = NODES._replace(members=("node1", "node2"), known=("NODE4",))
    planned = plan(situation(slot(), slot("pgsr_node4"), nodes=nodes, record=Record()))
    assert done(planned) == [("drop", "pgsr_node4")]


def test_a_slot_that_is_not_ours_is_left_alone() -> None:
    planned = plan(situation(slot(), slot(THREE), slot("backup"), slot("pgsr_node9")))
    assert planned == Plan((), OURS)


def test_a_slot_in_use_is_never_touched_and_stays_ours() -> None:
    used = slot("pgsr_node1", active=True), slot(active=True, lost=True)
    planned = plan(situation(*used, slot(THREE, True, None), limit=1))
    assert done(planned) == []
    assert planned.record == Record(OURS.names | {"pgsr_node1"})


def test_without_the_parameter_what_we_made_before_is_dropped() -> None:
    planned = plan(situation(slot(), slot(THREE), slot("pgsr_node1"), prefix=""))
    assert done(planned) == [("drop", TWO), ("drop", THREE)]
    assert planned.record == Record()


def test_with_another_prefix_the_former_slots_are_dropped() -> None:
    nodes = NODES._replace(members=("node1", "node2"))
    planned = plan(situation(slot(), prefix="new", nodes=nodes))
    assert done(planned) == [("drop", TWO), ("create", "new_node2")]
    assert planned.record == Record(frozenset(("new_node2",)))


@pytest.mark.parametrize("redo", [None, REDO], ids=["primary", "standby"])
def test_a_slot_that_keeps_nothing_is_made_anew(redo: int | None) -> None:
    kept = slot(THREE, active=True)
    planned = plan(situation(slot(restart=None), kept, redo=redo))
    assert done(planned) == [("drop", TWO), ("create", TWO)]
    assert planned.record == OURS


@pytest.mark.parametrize("redo", [None, REDO], ids=["primary", "standby"])
def test_a_server_that_cannot_reserve_has_slots_that_keep_nothing(
    redo: int | None,
) -> None:
    old = situation(slot(restart=None), slot(THREE), version=BEFORE_9_6, redo=redo)
    assert TWO not in [step.name for step in plan(old).steps]


@pytest.mark.parametrize(
    "useless", [slot(THREE), slot(THREE, restart=None, lost=True)], ids=["much", "lost"]
)
def test_a_useless_slot_of_a_node_that_is_away_is_dropped_until_it_is_back(
    useless: Slot,
) -> None:
    first = plan(situation(slot(active=True), useless, limit=LIMIT))
    assert done(first) == [("drop", THREE)]
    assert "rebuild the standby on node-3.lan" in first.steps[0].warning
    assert first.record == Record(OURS.names, frozenset((THREE,)))
    later = situation(slot(active=True), record=first.record, limit=LIMIT)
    assert plan(later) == Plan((), first.record)
    nodes = NODES._replace(running=("node2", "node-3.LAN"))
    assert plan(later._replace(nodes=nodes)) == Plan((Step(Verb.CREATE, THREE),), OURS)


def test_a_useless_slot_of_a_running_standby_is_made_anew_at_once() -> None:
    planned = plan(situation(slot(), slot(THREE, active=True), limit=LIMIT))
    assert done(planned) == [("drop", TWO), ("create", TWO)]
    assert f"kept {END - RESTART} bytes" in planned.steps[0].warning
    assert f"slot_retain_limit={LIMIT}" in planned.steps[0].warning
    assert planned.record == OURS


def test_a_slot_within_the_limit_is_kept() -> None:
    slots = slot(restart=END - LIMIT), slot(THREE, restart=END + 1)
    assert plan(situation(*slots, limit=LIMIT)) == Plan((), OURS)


def test_a_dropped_slot_that_is_there_again_does_not_wait_any_more() -> None:
    record = Record(OURS.names, frozenset((THREE,)))
    assert plan(situation(slot(), slot(THREE), record=record)) == Plan((), OURS)


def test_a_standby_makes_a_slot_that_was_dropped_while_it_was_primary() -> None:
    record = Record(OURS.names, frozenset((THREE,)))
    planned = plan(situation(slot(restart=REDO), record=record, redo=REDO))
    assert planned == Plan((Step(Verb.CREATE, THREE),), OURS)


def test_a_standby_moves_its_slots_on_with_its_restartpoints() -> None:
    slots = slot(), slot(THREE, restart=REDO)
    planned = plan(situation(*slots, redo=REDO))
    assert planned == Plan((Step(Verb.ADVANCE, TWO, REDO),), OURS)


@pytest.mark.parametrize(
    ("needed", "steps"),
    [
        (RESTART - 1, ()),
        (RESTART, ()),
        (RESTART + 1, (Step(Verb.ADVANCE, TWO, RESTART + 1),)),
        (REDO + 1, (Step(Verb.ADVANCE, TWO, REDO),)),
    ],
)
def test_a_standby_keeps_what_a_node_that_is_away_needs(
    needed: int, steps: tuple[Step, ...]
) -> None:
    slots = slot(), slot(THREE, restart=REDO)
    assert plan(situation(*slots, redo=REDO, needed={TWO: needed})).steps == steps


def test_a_standby_does_not_keep_more_than_the_limit() -> None:
    slots = slot(), slot(THREE, active=True)
    planned = plan(situation(*slots, redo=REDO, needed={TWO: 0}, limit=LIMIT))
    assert planned.steps == (Step(Verb.ADVANCE, TWO, REDO),)


def test_a_lost_slot_of_a_standby_is_made_anew() -> None:
    slots = slot(restart=None, lost=True), slot(THREE, active=True)
    planned = plan(situation(*slots, redo=REDO, version=BEFORE_9_6))
    assert done(planned) == [("drop", TWO), ("create", TWO)]


def test_where_slots_cannot_be_moved_on_new_ones_take_their_place() -> None:
    slots = slot(), slot(THREE, restart=REDO)
    planned = plan(situation(*slots, redo=REDO, version=BEFORE_11))
    assert done(planned) == [("drop", TWO), ("create", TWO)]
    away = situation(*slots, redo=REDO, version=BEFORE_11, needed={TWO: REDO - 1})
    assert plan(away) == Plan((), OURS)


def test_the_most_that_a_slot_keeps_is_told() -> None:
    slots = slot(), slot(THREE, restart=None), slot("other", restart=END + 1)
    assert retained_bytes(slots, END) == END - RESTART
    assert retained_bytes((), END) == 0


def test_the_record_is_read_as_it_was_written() -> None:
    record = Record(OURS.names, frozenset((THREE,)))
    text = render_record(record)
    assert text == f"{TWO}\n{THREE} dropped\n"
    assert parse_record(text) == record
    assert parse_record("") == Record()
    assert parse_record("x'; drop\nA\n\n pgsr_a\n") == Record(frozenset(("pgsr_a",)))


@pytest.mark.parametrize(
    ("step", "reserves", "text"),
    [
        (
            Step(Verb.CREATE, "a"),
            True,
            "pg_create_physical_replication_slot('a', true)",
        ),
        (Step(Verb.CREATE, "a"), False, "pg_create_physical_replication_slot('a')"),
        (Step(Verb.DROP, "a"), True, "pg_drop_replication_slot('a')"),
        (Step(Verb.ADVANCE, "a", 80), True, "pg_replication_slot_advance('a', '0/50')"),
    ],
)
def test_a_step_is_a_statement(step: Step, reserves: bool, text: str) -> None:
    assert text in statement(step, reserves)
