# SPDX-License-Identifier: GPL-2.0-or-later
"""What is wrong with managed replication, and what is only worth a warning."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pgsr.decide import configuration
from pgsr.decide.configuration import SYNC_NAMES, Setup
from pgsr.ocf import Invocation

CALL = Invocation(
    "pgsr", "start", "db", "Node1", 60.0, False, True, 0, is_notified=True
)
SETUP = Setup(
    node="node1",
    is_sync=True,
    nodes=("node1", "node2", "node10"),
    external=(),
    master_ip="192.0.2.10",
    conninfo_options="",
    slot_name="",
    slot_retain_limit=0,
    maxlag=0,
    sync_strict=False,
    sync_quorum=0,
)
ALL = SETUP._replace(nodes=())
ASYNC = SETUP._replace(is_sync=False)
GOOD = {
    "wal_level": "replica",
    "hot_standby": "on",
    "max_wal_senders": "10",
    "fsync": "on",
    "full_page_writes": "on",
}


def only(texts: list[str]) -> str:
    [text] = texts
    return text


def test_nothing_is_wrong_with_a_good_configuration() -> None:
    for setup in (SETUP, ASYNC, ALL):
        assert configuration.problems(setup, CALL, (15,)) == []
        assert configuration.node_problems(setup, GOOD) == []
        members = ["Node1", "node2", "node10"]
        assert configuration.cluster_problems(setup, members) == []
        assert configuration.warnings(setup, CALL, GOOD, members) == []


def test_nothing_is_said_of_what_is_not_known() -> None:
    slots = SETUP._replace(slot_name="pgsr", sync_quorum=2, slot_retain_limit=1)
    assert configuration.problems(slots, CALL, ()) == []
    assert configuration.node_problems(slots, {}) == []
    assert configuration.warnings(slots, CALL, {}, []) == []


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (CALL._replace(is_promotable=False), "requires Master/Slave configuration"),
        (CALL._replace(promoted_max=2), "promoted-max is 2"),
        (CALL._replace(promoted_max=0), "promoted-max is 0"),
        (CALL._replace(clone_node_max=2), "clone-node-max is 2"),
    ],
)
def test_the_clone_has_to_be_one_of_single_servers(
    call: Invocation, words: str
) -> None:
    assert words in only(configuration.problems(SETUP, call, (15,)))


@pytest.mark.parametrize(
    ("setup", "version", "words"),
    [
        (SETUP._replace(master_ip=""), (15,), "master_ip can't be empty."),
        (ASYNC._replace(external=("x",)), (15,), "requires rep_mode=sync"),
        (SETUP._replace(sync_quorum=3), (15,), "other nodes is 2"),
        (SETUP._replace(sync_quorum=1), (9, 6), "sync_quorum needs PostgreSQL 10"),
        (SETUP._replace(slot_name="a"), (9, 3), "slot needs PostgreSQL 9.4"),
    ],
)
def test_a_wrong_parameter_is_named(
    setup: Setup, version: tuple[int, ...], words: str
) -> None:
    assert words in only(configuration.problems(setup, CALL, version))


@pytest.mark.parametrize(
    ("setup", "version"),
    [
        (SETUP._replace(external=("x",)), (15,)),
        (SETUP._replace(sync_quorum=2), (10,)),
        (SETUP._replace(slot_name="a"), (9, 4)),
        (ASYNC._replace(sync_quorum=9), (15,)),
    ],
)
def test_what_is_just_right_is_accepted(setup: Setup, version: tuple[int, ...]) -> None:
    assert configuration.problems(setup, CALL, version) == []


def test_everything_wrong_is_told_at_once() -> None:
    setup = ASYNC._replace(master_ip="", external=("x",), slot_name="a", sync_quorum=1)
    call = CALL._replace(is_promotable=False, promoted_max=2, clone_node_max=2)
    assert len(configuration.problems(setup, call, (9, 3))) == 7


def test_a_node_that_node_list_does_not_name_is_told_so() -> None:
    elsewhere = SETUP._replace(node="node")
    assert "does not name this node, node." in only(
        configuration.node_problems(elsewhere, GOOD)
    )
    assert configuration.node_problems(ALL._replace(node="node"), GOOD) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("wal_level", "minimal"),
        ("wal_level", "archive"),
        ("hot_standby", "off"),
        ("max_wal_senders", "0"),
    ],
)
def test_a_setting_without_which_nothing_replicates_is_named(
    name: str, value: str
) -> None:
    assert f"{name} is {value}" in only(
        configuration.node_problems(SETUP, {**GOOD, name: value})
    )


def test_names_that_alter_system_has_set_are_an_error_with_sync_only() -> None:
    overridden = ["primary_conninfo", SYNC_NAMES]
    assert "auto.conf" in only(configuration.node_problems(SETUP, GOOD, overridden))
    assert configuration.node_problems(ASYNC, GOOD, overridden) == []
    assert "sets primary_conninfo" in only(configuration.override_warnings(overridden))


@pytest.mark.parametrize(
    ("nodes", "words"),
    [
        (
            ("node-1", "node2", "node.1"),
            "node-1 and node.1 would share a slot, a_node_1",
        ),
        (("n" * 62,), "longer than 63 characters"),
    ],
)
def test_each_node_needs_a_slot_of_its_own(nodes: tuple[str, ...], words: str) -> None:
    setup = SETUP._replace(slot_name="a", nodes=nodes)
    assert words in only(configuration.problems(setup, CALL, (15,)))
    without = setup._replace(slot_name="")
    assert configuration.problems(without, CALL, (15,)) == []
    everybody = setup._replace(nodes=())
    assert words in only(configuration.cluster_problems(everybody, nodes))


@pytest.mark.parametrize(
    ("members", "unknown"),
    [
        (["node1", "node2"], ["node10"]),
        (["NODE1", "Node2", "node10"], []),
        (["node1", "node2", "node100"], ["node10"]),
        (["node10"], ["node1", "node2"]),
    ],
)
def test_names_are_compared_whole_and_in_any_case(
    members: list[str], unknown: list[str]
) -> None:
    texts = configuration.cluster_problems(SETUP, members)
    assert [text.split(";")[0].split()[-1] for text in texts] == unknown


def test_a_quorum_is_compared_with_the_cluster_where_no_node_list_is() -> None:
    setup = ALL._replace(sync_quorum=2)
    text = only(configuration.cluster_problems(setup, ["node1", "node2"]))
    assert "other nodes is 1" in text
    three = ["node1", "node2", "node3"]
    assert configuration.cluster_problems(setup, three) == []


@pytest.mark.parametrize(
    ("setup", "words"),
    [
        (ASYNC._replace(sync_strict=True), "sync_strict has no effect"),
        (ASYNC._replace(sync_quorum=1), "sync_quorum has no effect"),
        (SETUP._replace(maxlag=1), "maxlag has no effect"),
        (
            SETUP._replace(conninfo_options="application_name=x"),
            "application_name=x, but the primary knows the standby here as node1",
        ),
    ],
)
def test_a_parameter_that_does_nothing_good_is_warned_of(
    setup: Setup, words: str
) -> None:
    assert words in only(configuration.warnings(setup, CALL, GOOD, []))


def test_a_clone_without_notifications_is_warned_of() -> None:
    call = CALL._replace(is_notified=False)
    assert "notify=true" in only(configuration.warnings(SETUP, call, GOOD, []))


@pytest.mark.parametrize(
    ("setup", "settings", "words"),
    [
        (SETUP, {"fsync": "off"}, "fsync is off"),
        (SETUP, {"full_page_writes": "off"}, "full_page_writes is off"),
        (SETUP, {"max_wal_senders": "1"}, "but 2 standbys connect"),
        (
            SETUP._replace(external=("a", "b")),
            {"max_wal_senders": "3"},
            "but 4 standbys connect",
        ),
        (ALL, {"max_wal_senders": "2"}, "but 3 standbys connect"),
        (
            ASYNC,
            {"synchronous_standby_names": "*"},
            "Invalid synchronous_standby_names is set in postgresql.conf.",
        ),
        (
            SETUP._replace(slot_retain_limit=1024 * 1024 + 1),
            {"max_slot_wal_keep_size": "1"},
            "max_slot_wal_keep_size is less, 1 MB",
        ),
    ],
)
def test_a_setting_that_is_not_good_is_warned_of(
    setup: Setup, settings: Mapping[str, str], words: str
) -> None:
    members = ["node1", "node2", "node3", "node4"]
    found = configuration.warnings(setup, CALL, {**GOOD, **settings}, members)
    assert words in only(found)


@pytest.mark.parametrize("megabytes", ["-1", "1", "2"])
def test_a_limit_of_the_server_that_is_no_less_is_none_of_our_business(
    megabytes: str,
) -> None:
    setup = SETUP._replace(slot_retain_limit=1024 * 1024)
    settings = {**GOOD, "max_slot_wal_keep_size": megabytes}
    assert configuration.warnings(setup, CALL, settings, []) == []


@pytest.mark.parametrize(
    ("action", "timeout_s", "is_short"),
    [
        ("start", 29.0, True),
        ("promote", 10.0, True),
        ("demote", 20.0, True),
        ("stop", 1.5, True),
        ("start", 30.0, False),
        ("monitor", 5.0, False),
    ],
)
def test_a_short_timeout_is_warned_of(
    action: str, timeout_s: float, is_short: bool
) -> None:
    call = CALL._replace(action=action, timeout_s=timeout_s)
    assert bool(configuration.timeout_warnings(call)) is is_short


@pytest.mark.parametrize(
    ("conninfo", "name"),
    [
        ("", ""),
        ("keepalives=1", ""),
        ("fallback_application_name=x", ""),
        ("application_name=node1", "node1"),
        ("port=5433 application_name = Node1 sslmode=require", "Node1"),
        ("application_name='my node'", "my node"),
        (r"application_name='it\'s' x=y", "it's"),
        ("application_name=a application_name=b", "b"),
    ],
)
def test_an_application_name_is_read_as_libpq_reads_it(
    conninfo: str, name: str
) -> None:
    assert configuration.application_name(conninfo) == name
