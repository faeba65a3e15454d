# SPDX-License-Identifier: GPL-2.0-or-later
"""Managed replication configured wrongly: refused at once, with all that is wrong."""

from __future__ import annotations

import pytest

from tests.postgres.configured import ASYNC, SYNC, append, rename, validate
from tests.postgres.conftest import Pair
from tests.postgres.node import Node


def assert_refused(node: Node, code: int, *words: str, **changes: str) -> None:
    """Assert that start and validate-all refuse, and say what is wrong."""
    started = node.agent("start", **{**SYNC, **changes})
    for answer in (started, validate(node, **changes)):
        assert answer.code == code, answer
        for word in words:
            assert word in answer.reason, answer.reason
    assert not (node.data / "postmaster.pid").exists()


@pytest.mark.parametrize("major", [10, 15, 18])
def test_a_right_configuration_is_accepted_in_silence(pair: Pair) -> None:
    append(pair.node1, "postgresql.conf", "fsync = on\n")
    for changes in (SYNC, ASYNC, {"node_list": ""}):
        answer = validate(pair.node1, **changes)
        assert (answer.code, answer.out, answer.log) == (0, "", "")


@pytest.mark.parametrize(
    ("name", "value", "accepted"),
    [
        ("rep_mode", "Sync", "none, async, sync, slave"),
        ("rep_mode", "sync ", "none, async, sync, slave"),
        ("master_ip", "192.0.2.10\n", "without line breaks"),
        ("repuser", "a\nb", "without line breaks"),
        ("restore_command", "cp %f\n%p", "without line breaks"),
        ("primary_conninfo_opt", "password='x", "options"),
        ("replication_slot_name", "Slot-1", "lower case letters"),
        ("slot_retain_limit", "1GB", "whole number"),
        ("maxlag", "-1", "whole number"),
        ("sync_strict", "perhaps", "true or false"),
        ("sync_quorum", "two", "whole number"),
        ("restart_on_promote", "always", "true or false"),
        ("stop_escalate_in_slave", "soon", "seconds"),
        ("xlog_check_count", "1.5", "whole number"),
        ("crm_attr_timeout", "-5", "seconds"),
        ("tmpdir", "tmp", "absolute path"),
    ],
)
def test_a_value_that_cannot_be_is_refused(
    pair: Pair, name: str, value: str, accepted: str
) -> None:
    assert_refused(pair.node1, 6, f"Parameter {name}=", accepted, **{name: value})


@pytest.mark.parametrize(
    "wrong",
    [
        {"sync_quorum": "two"},
        {"master_ip": ""},
        {"replication_slot_name": "Slot-1"},
        {"node_list": "node10 node2"},
        {"tmpdir": "tmp"},
        {"CRM_meta_promoted_max": "2"},
    ],
)
def test_monitor_and_stop_tell_the_truth_with_wrong_values(
    pair: Pair, wrong: dict[str, str]
) -> None:
    node, changes = pair.node1, {**SYNC, **wrong}
    node.start_server()
    assert node.agent("monitor", **changes).code == 8
    assert node.agent("demote", **changes).code == 0
    assert node.agent("stop", **changes).code == 0
    assert not node.is_running()
    assert node.agent("monitor", **changes).code == 7
    assert node.agent("stop", **changes).code == 0


def test_no_standby_is_made_with_defaults_for_wrong_values(pair: Pair) -> None:
    pair.node1.start_server()
    assert pair.node1.agent("demote", **{**SYNC, "tmpdir": "tmp"}).code == 0
    assert not pair.node1.is_running()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"master_ip": ""}, "master_ip can't be empty."),
        ({"sync_quorum": "2"}, "sync_quorum=2"),
        (
            {"rep_mode": "async", "external_standby_node_list": "backup"},
            "external_standby_node_list requires rep_mode=sync",
        ),
        ({"CRM_meta_promotable": "false"}, "requires Master/Slave configuration."),
        ({"CRM_meta_promoted_max": "2"}, "promoted-max is 2"),
        ({"CRM_meta_clone_node_max": "2"}, "clone-node-max is 2"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(
    pair: Pair, changes: dict[str, str], words: str
) -> None:
    assert_refused(pair.node1, 6, words, **changes)


@pytest.mark.parametrize(
    ("names", "unknown"),
    [
        ("node1 node10", "no node node10;"),
        ("node1 node", "no node node;"),
        ("node1, node2", "no node node1,;"),
        ("node1.example node1 node2", "no node node1.example;"),
    ],
)
def test_a_node_that_the_cluster_does_not_know_is_named(
    pair: Pair, names: str, unknown: str
) -> None:
    answer = validate(pair.node1, node_list=names)
    assert answer.code == 6
    assert unknown in answer.reason


def test_a_start_only_warns_of_a_node_that_the_cluster_does_not_know(
    pair: Pair,
) -> None:
    answer = pair.node1.agent("start", **{**SYNC, "node_list": "node1 node2 node3"})
    assert "knows no node node3" in answer.log
    assert "knows no node" not in answer.reason


@pytest.mark.parametrize("names", ["NODE1 Node2", "node2 nOdE1"])
def test_names_of_nodes_may_differ_in_case(pair: Pair, names: str) -> None:
    assert validate(pair.node1, node_list=names).code == 0
    rename(pair.cluster, "Node1", "nodE2")
    answer = validate(pair.node1._replace(name="Node1"), node_list=names)
    assert (answer.code, answer.reason) == (0, "")


@pytest.mark.parametrize(
    ("name", "names"),
    [("node1", "node10 node2"), ("node10", "node1 node2"), ("node", "node1 node2")],
)
def test_a_node_that_is_not_in_node_list_is_refused_and_no_other(
    pair: Pair, name: str, names: str
) -> None:
    rename(pair.cluster, *names.split(), name)
    node = pair.node1._replace(name=name)
    assert_refused(node, 5, f"does not name this node, {name}.", node_list=names)


def test_nobody_is_refused_where_the_cluster_cannot_be_asked(pair: Pair) -> None:
    pair.cluster.set(broken=True)
    assert validate(pair.node1, node_list="node1 node7").code == 0


@pytest.mark.parametrize("major", [10, 18])
@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("wal_level = minimal\nmax_wal_senders = 0", "wal_level is minimal"),
        ("max_wal_senders = 0", "max_wal_senders is 0"),
        ("hot_standby = off", "hot_standby is off"),
    ],
)
def test_a_server_that_cannot_replicate_is_refused_on_its_node(
    pair: Pair, setting: str, words: str
) -> None:
    node = pair.node1
    node.write(node.data / "more.conf", f"{setting}\n")
    append(node, "postgresql.conf", "include_if_exists = 'more.conf'\n")
    assert_refused(node, 5, words)


def test_names_that_alter_system_has_set_are_refused_with_sync(pair: Pair) -> None:
    append(pair.node1, "postgresql.auto.conf", "synchronous_standby_names = ''\n")
    assert_refused(pair.node1, 5, "postgresql.auto.conf overrides")
    assert validate(pair.node1, **ASYNC).code == 0


def test_nodes_that_would_share_a_slot_are_refused(pair: Pair) -> None:
    rename(pair.cluster, "node-1", "node.1")
    node = pair.node1._replace(name="node-1")
    slots = {"replication_slot_name": "pgsr", "node_list": "node-1 node.1"}
    assert_refused(node, 6, "node-1 and node.1 would share a slot", **slots)


def test_a_configuration_that_includes_a_missing_file_is_left_to_the_server(
    pair: Pair,
) -> None:
    append(pair.node1, "postgresql.conf", "include '/nonexistent/rep_mode.conf'\n")
    answer = validate(pair.node1)
    assert answer.code == 0
    assert "is not checked" in answer.log


def test_everything_wrong_is_told_at_once(pair: Pair) -> None:
    append(pair.node1, "postgresql.conf", "wal_level = minimal\nhot_standby = off\n")
    append(pair.node1, "postgresql.conf", "max_wal_senders = 0\n")
    assert_refused(
        pair.node1,
        6,
        "promoted-max is 0",
        "clone-node-max is 3",
        "requires Master/Slave",
        "master_ip can't be empty",
        "requires rep_mode=sync",
        "does not name this node, node1",
        "wal_level is minimal",
        "hot_standby is off",
        "max_wal_senders is 0",
        "monitor_user has to be set",
        rep_mode="async",
        node_list="node2 node3",
        external_standby_node_list="backup",
        master_ip="",
        monitor_password="secret",
        CRM_meta_promotable="false",
        CRM_meta_promoted_max="0",
        CRM_meta_clone_node_max="3",
    )


def test_wrong_parameters_are_told_beside_a_user_that_is_missing(pair: Pair) -> None:
    assert_refused(
        pair.node1, 6, "master_ip", "User nobody1 ", master_ip="", pgdba="nobody1"
    )


def test_the_agent_of_the_clone_notices_the_older_spelling(pair: Pair) -> None:
    assert_refused(pair.node1, 6, "promoted-max is 3", CRM_meta_master_max="3")
