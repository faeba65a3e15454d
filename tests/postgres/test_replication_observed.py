# SPDX-License-Identifier: GPL-2.0-or-later
"""One connection and one query tell what a server says of replication."""

from __future__ import annotations

import pytest

from pgsr import lsn
from pgsr.state import Role, Service
from tests.postgres.conftest import Pair
from tests.postgres.in_process import observed, primary_side, standby_side
from tests.postgres.node import Node
from tests.programs import DATABASE_USER, must

VERSIONS = pytest.mark.parametrize("major", [10, 12, 15, 18])
PLAIN_ROLE = {"monitor_user": "mon"}


@pytest.fixture
def streaming(pair: Pair) -> Pair:
    """node1 is a primary, node2 its streaming standby; no agent had a part in it."""
    _, primary, standby = pair
    primary.start_server()
    standby.follow(primary)
    standby.start_server()
    primary.wait_for("streaming", lambda: is_streaming(primary))
    return pair


def is_streaming(primary: Node) -> bool:
    state = "select state = 'streaming' from pg_stat_replication"
    return bool(primary.sql(state))


def promote(node: Node) -> None:
    argv = [str(node.programs / "pg_ctl"), "-D", str(node.data), "promote"]
    must(argv, user=DATABASE_USER)
    node.wait_for("promotion", lambda: not node.sql("select pg_is_in_recovery()"))


def sent(primary: Node) -> int:
    """The end of the primary's WAL."""
    return lsn.parse(primary.sql("select pg_current_wal_flush_lsn()::text"))


@VERSIONS
def test_a_primary_tells_of_its_standbys_and_slots(streaming: Pair) -> None:
    _, primary, _ = streaming
    primary.sql("select pg_create_physical_replication_slot('pgsr_node2', true)")
    primary.sql("alter system set synchronous_standby_names = 'node2'")
    primary.sql("select pg_reload_conf()")
    primary.wait_for(
        "a synchronous standby",
        lambda: [s.sync_state for s in primary_side(primary).senders] == ["sync"],
    )
    primary.sql("create table t as select 1")
    end = sent(primary)
    server, side = observed(primary), primary_side(primary)
    assert (server.service, server.role) == (Service.ANSWERS, Role.PRIMARY)
    assert (server.is_streaming, server.standby) == (False, None)
    assert side.timeline == 1
    assert side.flush_lsn >= end
    assert side.synchronous_standby_names == "node2"
    [sender] = side.senders
    assert sender[:3] == ("node2", "streaming", "sync")
    assert sender.flush_lsn is not None
    assert sender.flush_lsn >= end
    [slot] = side.slots
    assert (slot.name, slot.is_active, slot.is_lost) == ("pgsr_node2", False, False)
    assert slot.restart_lsn is not None


@VERSIONS
def test_a_standby_tells_how_far_it_is(streaming: Pair) -> None:
    _, primary, standby = streaming
    standby.sql("select pg_create_physical_replication_slot('pgsr_node1')")
    standby.sql("select pg_wal_replay_pause()")
    before = standby_side(standby).replayed_lsn
    primary.sql("create table t as select generate_series(1, 10000)")
    end = sent(primary)
    standby.wait_for("the WAL", lambda: standby_side(standby).received_lsn >= end)
    server, side = observed(standby), standby_side(standby)
    assert (server.role, server.is_streaming) == (Role.STANDBY, True)
    assert server.primary is None
    assert side.is_paused
    assert side.replayed_lsn == before
    assert [slot.name for slot in side.slots] == ["pgsr_node1"]
    standby.sql("select pg_wal_replay_resume()")
    standby.wait_for("replay", lambda: standby_side(standby).replayed_lsn >= end)
    assert not standby_side(standby).is_paused


@VERSIONS
def test_a_new_primary_knows_its_timeline_before_its_first_checkpoint(
    streaming: Pair,
) -> None:
    _, primary, standby = streaming
    primary.end_server()
    promote(standby)
    assert primary_side(standby).timeline == 2


@VERSIONS
def test_a_standby_without_a_primary_has_what_it_replayed(streaming: Pair) -> None:
    _, primary, standby = streaming
    primary.end_server()
    standby.end_server()
    standby.start_server()
    server, side = observed(standby), standby_side(standby)
    assert server.is_streaming is False
    assert side.received_lsn == side.replayed_lsn > 0


@VERSIONS
def test_what_monitor_user_may_not_see_is_asked_as_the_owner(
    streaming: Pair, capsys: pytest.CaptureFixture[str]
) -> None:
    _, primary, standby = streaming
    primary.sql("create role mon login")
    end = sent(primary)
    standby.wait_for("the role", lambda: standby_side(standby).replayed_lsn >= end)
    side = primary_side(primary, **PLAIN_ROLE)
    assert [sender[:2] for sender in side.senders] == [("node2", "streaming")]
    warning = capsys.readouterr().err
    assert "monitor_user mon may not see the state of the standbys" in warning
    assert "GRANT pg_monitor" in warning
    assert observed(standby, **PLAIN_ROLE).is_streaming
    assert "of the WAL receiver: GRANT pg_monitor" in capsys.readouterr().err


@VERSIONS
def test_with_pg_monitor_everything_is_seen_with_one_question(
    streaming: Pair, capsys: pytest.CaptureFixture[str]
) -> None:
    _, primary, standby = streaming
    primary.sql("create role mon login in role pg_monitor")
    end = sent(primary)
    standby.wait_for("the role", lambda: standby_side(standby).replayed_lsn >= end)
    assert primary_side(primary, **PLAIN_ROLE).senders[0].state == "streaming"
    assert observed(standby, **PLAIN_ROLE).is_streaming
    assert capsys.readouterr().err == ""


def test_only_managed_replication_asks_for_the_standbys(streaming: Pair) -> None:
    _, primary, standby = streaming
    assert observed(primary, rep_mode="none").primary is None
    assert observed(standby, rep_mode="async", node_list="").standby is None
