# SPDX-License-Identifier: GPL-2.0-or-later
"""rep_mode=slave beside other states: a former primary, a standby of another hand.

The mode is changed to none and back, and the agent is killed on its way.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.postgres.conftest import Pair
from tests.postgres.follower import Follower
from tests.postgres.test_interrupted import effects_of, killed_before
from tests.programs import must

NONE = {"rep_mode": "none"}
SINCE_12 = pytest.mark.parametrize("major", [12, 15, 18])


def is_in_recovery(follower: Follower) -> bool:
    return bool(follower.node.sql("select pg_is_in_recovery()"))


@SINCE_12
def test_a_standby_stays_one_when_the_mode_becomes_none(
    follower: Follower, major: int
) -> None:
    """The stock agent leaves everything as it is then, so the server follows on."""
    follower.start()
    follower.stop()
    answer = follower.start(**NONE)
    assert "is a standby's and goes on following" in answer.log
    assert is_in_recovery(follower)
    follower.primary.sql("create table t ()")
    follower.awaits_what_the_primary_has()


@SINCE_12
def test_the_mode_may_become_none_and_slave_again(
    follower: Follower, major: int
) -> None:
    follower.start()
    assert follower.node.sql("select pg_promote()") is True
    follower.stop()
    before = follower.configuration
    follower.start(**NONE)
    assert not is_in_recovery(follower)
    assert follower.include_lines() == []
    assert follower.configuration in before, "nothing else is changed"
    follower.stop()
    answer = follower.start()
    assert "was a primary's and becomes a standby" in answer.log
    assert is_in_recovery(follower)
    assert follower.configuration == before


def test_a_former_primary_with_other_data_is_seen_not_to_stream(
    follower: Follower,
) -> None:
    follower.start()
    follower.node.sql("select pg_promote()")
    follower.node.sql("create table only_here ()")
    follower.stop()
    answer = follower.start()
    assert "was a primary's and becomes a standby" in answer.log
    log = follower.node.top / "server.log"
    follower.node.wait_for(
        "the server's refusal",
        lambda: (
            "is not in this server's history" in log.read_text()
            or "has no common" in log.read_text()
            or "highest timeline 1 of the primary is behind" in log.read_text()
        ),
    )
    follower.agent("monitor", check_wal_receiver="true")
    attributes = follower.node.cluster.attributes(follower.node.name)
    assert attributes["db-receiver-status"] == "ERROR"


@SINCE_12
def test_an_include_line_of_a_missing_file_does_not_keep_none_from_starting(
    follower: Follower, major: int
) -> None:
    """The stock agent leaves such lines, and its start hangs then."""
    node = follower.node
    lines = "".join(
        f"include '/nowhere/{name}.conf' # added by pgsql RA\n"
        for name in ("recovery", "rep_mode")
    )
    before = follower.configuration
    node.write(node.data / "postgresql.conf", before + lines)
    answer = follower.start(**NONE)
    assert "deleting include directive from" in answer.log
    assert not is_in_recovery(follower)
    assert follower.configuration == before


def test_a_name_left_by_rep_mode_sync_does_not_make_commits_wait(
    follower: Follower,
) -> None:
    node = follower.node
    names = node.flags / "rep_mode.conf"
    node.write(names, "synchronous_standby_names = 'node9'\n")
    line = f"include '{names}' # added by pgsql RA\n"
    for changes in (NONE, {}):
        node.write(node.data / "postgresql.conf", follower.configuration + line)
        follower.start(**changes)
        assert node.sql("show synchronous_standby_names") == ""
        follower.stop()


def test_the_method_takes_over_from_managed_replication(pair: Pair) -> None:
    node = pair.node1
    names = node.flags / "rep_mode.conf"
    node.write(names, "synchronous_standby_names = 'node9'\n")
    with (node.data / "postgresql.conf").open("a") as file:
        file.write(f"include '{names}' # added by pgsql RA\n")
    node.operate("start")
    node.operate("promote")
    assert node.sql("show synchronous_standby_names") == ""


def test_an_include_line_that_is_there_twice_becomes_one(follower: Follower) -> None:
    follower.start()
    follower.stop()
    node, line = follower.node, follower.include_lines()[0]
    node.write(node.data / "postgresql.conf", f"{line}\n{follower.configuration}")
    follower.start()
    assert follower.include_lines() == [line]


def test_a_standby_of_another_hand_is_taken_over(follower: Follower) -> None:
    """As pg_basebackup -R leaves it: its own setting counts, which is told."""
    node, primary = follower.node, follower.primary
    node.write(node.data / "standby.signal", "")
    own = f"host={primary.top} port={primary.port} password=secret"
    auto = node.data / "postgresql.auto.conf"
    node.write(auto, f"primary_conninfo = '{own}'\n")
    answer = follower.start()
    assert f"the agent's primary_conninfo, but one from {auto} line 1" in answer.log
    assert "secret" not in answer.log
    follower.awaits_what_the_primary_has()
    node.sql("alter system reset primary_conninfo")
    follower.stop()
    assert "but one from" not in follower.start().log


def test_a_warm_standby_is_started_too(follower: Follower) -> None:
    follower.start(start_opt="-c hot_standby=off")
    assert follower.agent("monitor").code == 0


def test_the_state_of_the_receiver_is_published(follower: Follower) -> None:
    cluster, name = follower.node.cluster, follower.node.name
    follower.start()

    def has(status: str) -> bool:
        follower.agent("monitor", check_wal_receiver="true")
        return cluster.attributes(name)["db-receiver-status"] == status

    follower.node.wait_for("a receiver", lambda: has("normal"))
    follower.primary.end_server()
    follower.node.wait_for("no receiver", lambda: has("ERROR"))
    assert follower.agent("monitor").code == 0
    follower.stop()
    follower.start()


def test_monitor_sql_is_run_on_the_standby(follower: Follower) -> None:
    follower.start()
    answer = follower.agent("monitor", monitor_sql="select 1/0")
    assert answer.code == 1
    assert "division by zero" in answer.reason


@pytest.mark.parametrize("major", [10, 15])
def test_an_interrupted_start_is_understood(follower: Follower, major: int) -> None:
    node = follower.node
    saved = node.save()
    for effect in effects_of(node, "start", **follower.parameters):
        follower.stop()
        node.restore_from(saved)
        must(["rm", "-rf", str(follower.directory)])
        killed_before(node, "start", effect, Path("/dev/null"), **follower.parameters)
        is_running = node.is_running()
        assert follower.agent("monitor").code == (0 if is_running else 7), effect
        assert not is_running or is_in_recovery(follower), effect
        follower.stop()
        follower.start()
        follower.awaits_what_the_primary_has()
        assert list(follower.directory.glob("*.new")) == []


@pytest.mark.parametrize("major", [10, 18])
def test_it_streams_through_the_slot_named_for_its_node(
    follower: Follower, major: int
) -> None:
    """The stock agent, whose configuration this is, names it so."""
    follower.primary.sql("select pg_create_physical_replication_slot('s_node2')")
    follower.start(replication_slot_name="s")
    follower.awaits_what_the_primary_has()
    question = "select active from pg_replication_slots where slot_name = 's_node2'"
    assert follower.primary.sql(question)
