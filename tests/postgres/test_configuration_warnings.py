# SPDX-License-Identifier: GPL-2.0-or-later
"""Managed replication that could be configured better: warned of, and accepted."""

from __future__ import annotations

import pytest

from tests.postgres.configured import ASYNC, SYNC, append, validate
from tests.postgres.conftest import Pair


def test_a_standby_made_with_pg_basebackup_r_is_warned_of(pair: Pair) -> None:
    append(pair.node1, "postgresql.auto.conf", "primary_conninfo = 'host=node2'\n")
    answer = validate(pair.node1)
    assert answer.code == 0
    assert "postgresql.auto.conf sets primary_conninfo" in answer.out


def test_what_could_be_better_is_printed_and_logged_and_accepted(pair: Pair) -> None:
    node = pair.node1
    append(node, "postgresql.conf", "full_page_writes = off\nmax_wal_senders = 1\n")
    append(node, "postgresql.conf", "synchronous_standby_names = '*'\n")
    append(node, "postgresql.conf", "max_slot_wal_keep_size = 1\n")
    pair.cluster.set(fencing=False)
    answer = validate(
        node,
        **{**ASYNC, "node_list": "", "CRM_meta_notify": "false"},
        sync_strict="true",
        sync_quorum="1",
    )
    assert answer.code == 0
    assert answer.out == "", "this is the PGSR method"
    answer = validate(
        node,
        **{**ASYNC, "CRM_meta_notify": "false"},
        sync_strict="true",
        sync_quorum="1",
        slot_retain_limit="2000000",
        primary_conninfo_opt="application_name=node10",
    )
    assert answer.code == 0, answer
    for words in (
        "no notify=true",
        "sync_strict has no effect with rep_mode=async",
        "sync_quorum has no effect with rep_mode=async",
        "application_name=node10",
        "fsync is off",
        "full_page_writes is off",
        "Invalid synchronous_standby_names is set in postgresql.conf.",
        "max_slot_wal_keep_size is less, 1 MB",
        "Fencing is disabled (stonith-enabled=false)",
    ):
        assert words in answer.out
        assert words in answer.log
    assert "maxlag has no effect" in validate(node, maxlag="1").out


def test_a_role_that_sees_nothing_of_replication_is_warned_of(pair: Pair) -> None:
    node = pair.node1
    node.start_server()
    node.sql("create role watcher login")
    blind = "watcher may not see the state of replication"
    assert blind in validate(node, monitor_user="watcher").out
    node.sql("grant pg_monitor to watcher")
    assert blind not in validate(node, monitor_user="watcher").out
    assert blind not in validate(node).out


@pytest.mark.parametrize("action", ["start", "stop", "demote"])
def test_a_short_timeout_is_warned_of(pair: Pair, action: str) -> None:
    short = "set at least 30s"
    changes = {**SYNC, "CRM_meta_promoted_max": "2"}  # refused: nothing more is done
    answer = pair.node1.agent(action, **changes, CRM_meta_timeout="20000")
    assert f"The timeout of {action} is 20 s: {short}" in answer.log
    answer = pair.node1.agent(action, **changes)
    assert short not in answer.log
