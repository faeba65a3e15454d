# SPDX-License-Identifier: GPL-2.0-or-later
"""synchronous_standby_names is changed in the server, and seen to be in force."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
import psycopg2.extras
import pytest

from pgsr.decide.names import parse
from pgsr.ocf import AgentError
from pgsr.postgres import sync_names
from pgsr.wait import now
from tests.postgres.conftest import Pair
from tests.postgres.in_process import instance_of
from tests.postgres.node import Node
from tests.postgres.servers import hanging, process_of

VERSIONS = pytest.mark.parametrize("major", [10, 12, 15, 18])
SHORT_S = 0.5
AT_LEISURE = (
    "select count(*) from pg_stat_activity where wait_event = 'CheckpointWriteDelay'"
)
RUNNING = (
    "select count(*) from pg_stat_activity where query like '%at leisure%'"
    " and state = 'active' and pid <> pg_backend_pid()"
)
WAITING = "select count(*) from pg_stat_activity where wait_event = 'SyncRep'"


@pytest.fixture
def primary(pair: Pair) -> Node:
    """A primary whose configuration includes the file."""
    node = pair.node1
    sync_names.write(instance_of(node), "")
    with (node.data / "postgresql.conf").open("a") as file:
        file.write(f"include '{node.flags}/rep_mode.conf'\n")
    node.start_server()
    return node


def apply(node: Node, value: str, seconds: float = 10) -> None:
    sync_names.apply(instance_of(node), parse(value), now() + seconds)


def is_in_force(node: Node, seconds: float = 10) -> bool:
    return sync_names.is_in_force(instance_of(node), now() + seconds)


@VERSIONS
@pytest.mark.parametrize(
    "value", ['"node2"', 'FIRST 2 ("node2", "it\'s\\")', "", '"*"']
)
def test_the_setting_is_changed_and_read_back(primary: Node, value: str) -> None:
    apply(primary, value)
    assert primary.sql("show synchronous_standby_names") == value
    assert is_in_force(primary)


def test_the_file_is_that_of_the_stock_agent_and_the_users(primary: Node) -> None:
    apply(primary, '"node2"')
    file = primary.flags / "rep_mode.conf"
    assert file.read_text() == "synchronous_standby_names = '\"node2\"'\n"
    assert file.owner() == "postgres"
    assert [entry.name for entry in primary.flags.iterdir()] == ["rep_mode.conf"]


def test_a_link_in_place_of_the_file_is_replaced_not_followed(primary: Node) -> None:
    target, file = primary.top / "target", primary.flags / "rep_mode.conf"
    target.write_text("precious")
    file.unlink()
    file.symlink_to(target)
    apply(primary, '"node2"')
    assert target.read_text() == "precious"
    assert not file.is_symlink()


def test_a_setting_that_is_overridden_is_an_error(primary: Node) -> None:
    primary.sql("alter system set synchronous_standby_names = 'other'")
    with pytest.raises(AgentError, match="stays 'other', though") as raised:
        apply(primary, '"node2"', SHORT_S)
    assert "rep_mode.conf" in str(raised.value)
    assert "ALTER SYSTEM" in raised.value.advice


def test_a_configuration_that_the_server_refuses_is_an_error(primary: Node) -> None:
    with (primary.data / "postgresql.conf").open("a") as file:
        file.write("nonsense = on\n")
    with pytest.raises(AgentError, match="synchronous_standby_names stays ''"):
        apply(primary, '"node2"', SHORT_S)


@contextmanager
def unfinished(node: Node, statement: str) -> Iterator[None]:
    """Send a statement that waits for something."""
    session = psycopg2.connect(
        host=str(node.top), port=node.port, user="postgres", async_=True
    )
    try:
        psycopg2.extras.wait_select(session)
        session.cursor().execute(statement)
        session.poll()
        yield
    finally:
        session.close()


@VERSIONS
def test_commits_wait_only_once_the_checkpointer_knows(primary: Node) -> None:
    primary.sql("create table t (n int)")
    with hanging(process_of(primary, "checkpointer")):
        apply(primary, '"nobody"')
        primary.sql("insert into t values (1)")  # is acknowledged at once
        assert not is_in_force(primary, SHORT_S)
    assert is_in_force(primary)
    with unfinished(primary, "insert into t values (2)"):
        primary.wait_for("a commit that waits", lambda: primary.sql(WAITING) == 1)


@pytest.mark.parametrize("major", [15, 18])
def test_a_checkpoint_at_leisure_need_not_end_before(primary: Node) -> None:
    primary.sql("alter system set checkpoint_completion_target = 0.99")
    primary.sql("select pg_reload_conf()")
    primary.sql("create table t as select generate_series(1, 100000) as n")
    with unfinished(primary, "select pg_backup_start('at leisure')"):
        primary.wait_for("a pause", lambda: primary.sql(AT_LEISURE) == 1)
        apply(primary, '"nobody"')
        assert is_in_force(primary)
        assert primary.sql(RUNNING) == 1, "it goes on"


def test_there_is_no_answer_where_the_directory_is_missing(primary: Node) -> None:
    shutil.rmtree(primary.flags)
    with pytest.raises(AgentError, match=r"cannot write .*rep_mode\.conf"):
        apply(primary, "")
