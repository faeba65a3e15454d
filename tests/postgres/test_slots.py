# SPDX-License-Identifier: GPL-2.0-or-later
"""Replication slots on real servers: they follow the nodes, and fill no disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgsr import lsn
from pgsr.decide.slots import Nodes
from pgsr.ocf import AgentError
from pgsr.postgres import control as control_file
from pgsr.postgres import slots
from pgsr.state import Slot
from tests.postgres.conftest import Pair
from tests.postgres.in_process import instance_of, observed
from tests.postgres.node import Node
from tests.programs import DATABASE_USER, must

VERSIONS = pytest.mark.parametrize("major", [10, 12, 15, 18])
WITH_LOST = pytest.mark.parametrize("major", [13, 15, 18])
SLOT2, SLOT3 = "pgsr_node2", "pgsr_node3"
THREE = ("node1", "node2", "node3")
MEGABYTE = 1 << 20
SEGMENT = 16 * MEGABYTE


def control(
    node: Node,
    members: tuple[str, ...] = THREE,
    running: tuple[str, ...] = (),
    needed: dict[str, int] | None = None,
    **changes: str,
) -> None:
    """Let the agent put the slots of a node right."""
    given = {"replication_slot_name": "pgsr", **changes}
    server = observed(node, **given)
    side = server.primary or server.standby
    assert side is not None
    nodes = Nodes(node.name, members, members, running)
    slots.control(instance_of(node, **given), side, nodes, needed)


def found(node: Node) -> dict[str, Slot]:
    server = observed(node)
    side = server.primary or server.standby
    assert side is not None
    return {slot.name: slot for slot in side.slots}


def record(node: Node) -> Path:
    return node.flags / "PGSQL.slots"


def redo(node: Node) -> int:
    read = control_file.read(str(node.data))
    assert read is not None
    return read.redo_lsn


def write_wal(node: Node, segments: int) -> None:
    for _ in range(segments):
        node.sql("select pg_switch_wal()")
        node.sql("create table if not exists t (n int)")
        node.sql("insert into t values (1)")
    node.sql("checkpoint")


def start_standby(primary: Node, standby: Node) -> None:
    """Start a standby that streams through its slot."""
    standby.follow(primary)
    name = "recovery.conf" if standby.major < 12 else "postgresql.conf"
    with (standby.data / name).open("a") as file:
        file.write(f"primary_slot_name = '{SLOT2}'\n")
    standby.start_server()
    primary.wait_for("the slot in use", lambda: found(primary)[SLOT2].is_active)


def catch_up(primary: Node, standby: Node) -> None:
    end = lsn.parse(primary.sql("select pg_current_wal_flush_lsn()::text"))

    def has_all() -> bool:
        side = observed(standby).standby
        return side is not None and side.replayed_lsn >= end

    standby.wait_for("the WAL", has_all)


@pytest.fixture
def primary(pair: Pair) -> Node:
    pair.node1.start_server()
    return pair.node1


@VERSIONS
def test_each_other_node_has_a_slot_that_keeps_wal_at_once(
    primary: Node, capsys: pytest.CaptureFixture[str]
) -> None:
    control(primary)
    made = found(primary)
    assert set(made) == {SLOT2, SLOT3}
    assert all(slot.restart_lsn for slot in made.values())
    assert record(primary).read_text() == f"{SLOT2}\n{SLOT3}\n"
    assert record(primary).owner() == DATABASE_USER
    assert f"creates the replication slot({SLOT2})" in capsys.readouterr().err
    before = record(primary).stat().st_mtime_ns
    control(primary)
    assert found(primary) == made
    assert record(primary).stat().st_mtime_ns == before
    assert capsys.readouterr().err == ""


@VERSIONS
def test_slots_come_and_go_with_the_nodes(primary: Node) -> None:
    primary.sql("select pg_create_physical_replication_slot('backup', true)")
    primary.sql("select pg_create_physical_replication_slot('pgsr_node1')")
    primary.sql("select pg_create_physical_replication_slot('pgsr_node9')")
    control(primary, members=("node1", "node2"))
    assert set(found(primary)) == {"backup", "pgsr_node9", SLOT2}
    control(primary, members=("node1", "node3"))
    assert set(found(primary)) == {"backup", "pgsr_node9", SLOT3}
    control(primary, members=("node1", "node3"), replication_slot_name="")
    assert set(found(primary)) == {"backup", "pgsr_node9"}
    assert record(primary).read_text() == ""


@VERSIONS
def test_a_slot_that_the_stock_agent_made_is_made_to_keep_wal(primary: Node) -> None:
    primary.sql(f"select pg_create_physical_replication_slot('{SLOT2}')")
    assert found(primary)[SLOT2].restart_lsn is None
    control(primary)
    assert found(primary)[SLOT2].restart_lsn is not None


@VERSIONS
def test_a_slot_in_use_is_left_alone(pair: Pair, primary: Node) -> None:
    control(primary)
    start_standby(primary, pair.node2)
    control(primary, members=("node1", "node3"))
    assert set(found(primary)) == {SLOT2, SLOT3}
    pair.node2.end_server()
    primary.wait_for("the slot out of use", lambda: not found(primary)[SLOT2].is_active)
    control(primary, members=("node1", "node3"))
    assert set(found(primary)) == {SLOT3}


@VERSIONS
def test_a_slot_that_keeps_too_much_is_dropped_until_its_node_is_back(
    primary: Node, capsys: pytest.CaptureFixture[str]
) -> None:
    control(primary)
    write_wal(primary, 3)
    side = observed(primary).primary
    assert side is not None
    assert slots.retained_bytes(side) > 2 * SEGMENT
    capsys.readouterr()
    control(primary, slot_retain_limit=str(SEGMENT))
    assert found(primary) == {}
    told = capsys.readouterr().err
    assert f"slot_retain_limit={SEGMENT}" in told
    assert "rebuild the standby on node2" in told
    assert "rebuild the standby on node3" in told
    control(primary, slot_retain_limit=str(SEGMENT))
    assert found(primary) == {}
    control(primary, running=("node3",), slot_retain_limit=str(SEGMENT))
    assert set(found(primary)) == {SLOT3}
    assert found(primary)[SLOT3].restart_lsn == redo(primary)
    assert record(primary).read_text() == f"{SLOT2} dropped\n{SLOT3}\n"


@WITH_LOST
def test_a_slot_whose_wal_is_gone_is_dropped_and_its_node_named(
    primary: Node, capsys: pytest.CaptureFixture[str]
) -> None:
    control(primary)
    primary.sql("alter system set max_slot_wal_keep_size = '1MB'")
    primary.sql("alter system set max_wal_size = '32MB'")
    primary.sql("select pg_reload_conf()")
    write_wal(primary, 5)
    assert found(primary)[SLOT2].is_lost
    control(primary, running=("node3",))
    assert set(found(primary)) == {SLOT3}
    assert not found(primary)[SLOT3].is_lost
    assert "WAL that node2 needs" in capsys.readouterr().err


@VERSIONS
def test_slots_on_a_standby_go_along_and_survive_a_failover(pair: Pair) -> None:
    _, primary, standby = pair
    primary.start_server()
    control(primary)
    start_standby(primary, standby)
    control(standby)
    made = found(standby)
    assert set(made) == {"pgsr_node1", SLOT3}
    write_wal(primary, 2)
    catch_up(primary, standby)
    standby.sql("checkpoint")
    needed = made[SLOT3].restart_lsn
    assert needed is not None
    control(standby, needed={SLOT3: needed})
    assert found(standby)["pgsr_node1"].restart_lsn == redo(standby) > needed
    assert found(standby)[SLOT3].restart_lsn == needed
    control(standby)
    assert found(standby)[SLOT3].restart_lsn == redo(standby)
    primary.end_server()
    argv = [str(standby.programs / "pg_ctl"), "-D", str(standby.data), "promote"]
    must(argv, user=DATABASE_USER)
    standby.wait_for("promotion", lambda: observed(standby).primary)
    before = found(standby)
    control(standby)
    assert found(standby) == before


@VERSIONS
def test_slots_are_made_as_the_owner_where_monitor_user_may_not(primary: Node) -> None:
    primary.sql("create role mon login in role pg_monitor")
    control(primary, monitor_user="mon")
    assert set(found(primary)) == {SLOT2, SLOT3}


def test_what_fails_is_told_and_tried_again(
    primary: Node, capsys: pytest.CaptureFixture[str]
) -> None:
    primary.sql("alter system set max_replication_slots = 1")
    primary.end_server()
    primary.start_server()
    control(primary)
    assert set(found(primary)) == {SLOT2}
    assert f"Replication slot {SLOT3}: " in capsys.readouterr().err
    control(primary, members=("node1", "node3"))
    assert set(found(primary)) == {SLOT3}
    assert record(primary).read_text() == f"{SLOT3}\n"


def test_a_record_that_is_no_file_is_not_waited_for(primary: Node) -> None:
    record(primary).mkdir()
    with pytest.raises(AgentError, match=r"cannot read .*PGSQL\.slots"):
        control(primary)
    assert found(primary) == {}
