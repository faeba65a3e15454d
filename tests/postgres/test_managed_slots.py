# SPDX-License-Identifier: GPL-2.0-or-later
"""Replication slots of managed replication: on every node, for every other member."""

from __future__ import annotations

import pytest

from tests.postgres.managed import Group, roles
from tests.postgres.node import Node
from tests.postgres.servers import (
    await_replay,
    end_of_wal,
    write_rows,
)

THREE = ("node1", "node2", "node3")


def slots(node: Node) -> list[str]:
    """Return the names of the slots on a node."""
    names = "select string_agg(slot_name, ' ' order by slot_name)"
    return str(node.sql(f"{names} from pg_replication_slots") or "").split()


def others(group: Group, node: Node) -> list[str]:
    return [f"slot_{other.name}" for other in group.nodes if other != node]


@pytest.mark.parametrize("major", [10, 15, 18])
@pytest.mark.parametrize("names", [THREE], ids=["three nodes"])
def test_slots_are_on_all_nodes_and_go_with_their_node(
    group: Group, major: int
) -> None:
    whole = group.having(replication_slot_name="slot")
    whole.begin()
    primary = whole.primary()
    assert primary
    for node in whole.nodes:
        assert slots(node) == others(whole, node)
    active = "select count(*) from pg_replication_slots where active"
    assert primary.sql(active) == 2, "the standbys stream through them"
    one = next(node for node in whole.nodes if whole.score(node) == "100")
    (other,) = (node for node in whole.nodes if node not in (primary, one))
    whole.change(demote=[primary], promote=[one])
    whole.settle_with(2)
    assert one.sql(active) == 2
    write_rows(one, 1)
    await_replay(other, end_of_wal(one))
    whole.change(stop=[other])
    smaller = whole._replace(nodes=tuple(n for n in whole.nodes if n != other))
    smaller.settle_with(1)
    for node in smaller.nodes:
        assert slots(node) == others(smaller, node)


def test_what_a_slot_retains_is_shown(group: Group) -> None:
    group = group.having(replication_slot_name="slot")
    group.begin()
    primary, standby = roles(group)
    group.fence(standby)
    group.settle()
    for _ in range(5):
        primary.sql("select pg_switch_wal()")
        primary.sql("create table if not exists t (n int)")
        primary.sql("insert into t values (1)")
    group.settle()
    assert int(group.attribute(primary, "retained-bytes") or 0) >= 64 * 1024 * 1024


@pytest.mark.parametrize("names", [THREE], ids=["three nodes"])
def test_a_standby_moves_no_slot_on_while_there_is_no_primary(group: Group) -> None:
    group = group.having(replication_slot_name="slot")
    group.begin()
    primary = group.primary()
    assert primary
    one = next(node for node in group.nodes if group.score(node) == "100")
    (absent,) = (node for node in group.nodes if node not in (primary, one))
    group.fence(absent)
    group.settle()
    restart = (
        "select restart_lsn::text from pg_replication_slots"
        f" where slot_name = 'slot_{absent.name}'"
    )
    kept = one.sql(restart)
    write_rows(primary, 10)
    primary.sql("checkpoint")
    await_replay(one, end_of_wal(primary))
    one.sql("checkpoint")
    group.fence(primary)
    group.monitor(one)
    assert one.sql(restart) == kept
