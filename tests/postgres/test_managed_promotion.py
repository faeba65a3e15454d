# SPDX-License-Identifier: GPL-2.0-or-later
"""Who is promoted: whoever lacks WAL fetches it first, or lets the better one go."""

from __future__ import annotations

import os
import re

import pytest

from tests.postgres.managed import MINUS_INFINITY, Group, cut_off, roles
from tests.postgres.node import Node
from tests.postgres.servers import (
    await_replay,
    end_of_wal,
    hanging,
    is_standby,
    names_in_force,
    process_of,
    rows,
    write_rows,
)

# Nodes are asked for WAL under their names, which are addresses here: of this process,
# for several test runs may share the machine.
NETWORK = f"127.{os.getpid() >> 8 & 255}.{os.getpid() & 255}"
ADDRESSES = tuple(f"{NETWORK}.{number}" for number in (1, 2, 3))
LAG_BYTES = 1_000_000
HANGS_MS = "8000"


def standby_that_lags(group: Group) -> tuple[Node, Node, Node]:
    """Let the primary die with rows that its best candidate lacks.

    Return the primary, the candidate and the standby that has them.
    """
    group.begin()
    primary = group.primary()
    assert primary
    write_rows(primary, 1)
    standbys = [node for node in group.nodes if node != primary]
    candidate = max(standbys, key=lambda node: int(group.score(node) or 0))
    (better,) = (node for node in standbys if node != candidate)
    cut_off(group, candidate)
    write_rows(primary, 10)
    await_replay(better, end_of_wal(primary))
    group.fence(primary)
    assert group.candidate() == candidate
    return primary, candidate, better


@pytest.mark.parametrize("major", [10, 15, 18])
@pytest.mark.parametrize("names", [ADDRESSES], ids=["three nodes"])
def test_missing_wal_is_fetched_from_the_better_standby(
    group: Group, major: int
) -> None:
    group = group.having(rep_mode="async")
    _, candidate, better = standby_that_lags(group)
    answer = group.change(promote=[candidate])
    assert f"{better.name} has more WAL" in answer.log
    assert rows(candidate) == 11
    group.settle_with(1)
    assert group.status(better) == "HS:async"
    await_replay(better, end_of_wal(candidate))


@pytest.mark.parametrize("names", [ADDRESSES], ids=["three nodes"])
def test_a_better_standby_that_gives_no_wal_is_promoted_instead(group: Group) -> None:
    group = group.having(rep_mode="async", CRM_meta_timeout="12000")
    _, candidate, better = standby_that_lags(group)
    better.write(better.data / "pg_hba.conf", "local all all trust\n")
    better.sql("select pg_reload_conf()")
    answer = group.try_to_change(promote=[candidate])
    assert answer.code == 1
    assert f"{better.name} has more data, which could not be fetched" in answer.reason
    assert is_standby(candidate)
    assert group.score(candidate) == MINUS_INFINITY
    assert group.candidate() == better
    group.change(stop=[candidate], start=[candidate], promote=[better])
    assert rows(better) == 11
    better.write(better.data / "pg_hba.conf", "local all,replication all trust\n")
    better.sql("select pg_reload_conf()")
    group.settle_with(1)
    assert group.primary() == better


def test_a_standby_that_lags_has_no_score_until_it_has_caught_up(
    group: Group,
) -> None:
    group = group.having(rep_mode="async", maxlag=str(LAG_BYTES))
    group.begin()
    primary, standby = roles(group)
    assert (group.status(standby), group.score(standby)) == ("HS:async", "100")
    # The connection stays, and nothing is received.
    with hanging(process_of(standby, "walreceiver")):
        primary.sql(
            "create table filling as select repeat('x', 1000) from"
            f" generate_series(1, {LAG_BYTES // 500})"
        )
        group.monitor(primary)
        lagging = ("HS:lagging", MINUS_INFINITY)
        assert (group.status(standby), group.score(standby)) == lagging
    await_replay(standby, end_of_wal(primary))
    group.settle()
    assert (group.status(standby), group.score(standby)) == ("HS:async", "100")


def test_a_standby_whose_replay_is_paused_is_not_promoted(group: Group) -> None:
    group.begin()
    primary, standby = roles(group)
    standby.sql("select pg_wal_replay_pause()")
    refused = group.try_to_change(demote=[primary], promote=[standby])
    assert refused.code == 1
    assert "replay is paused" in refused.reason
    assert is_standby(standby)
    group.settle()
    assert group.primary() == primary
    assert group.status(standby) == "HS:paused"
    assert group.score(standby) == MINUS_INFINITY
    standby.sql("select pg_wal_replay_resume()")
    group.settle()
    assert re.fullmatch("HS:(sync|alone)", group.status(standby) or "")
    group.settle_with(1)
    assert (group.status(standby), group.score(standby)) == ("HS:sync", "100")


@pytest.mark.parametrize("names", [("node1", "node2", "node3")], ids=["three nodes"])
def test_what_a_standby_said_before_does_not_count_while_its_server_hangs(
    group: Group,
) -> None:
    group.begin()
    primary = group.primary()
    assert primary
    group.fence(primary)
    candidate = group.candidate()
    assert candidate
    (other,) = (node for node in group.nodes if node not in (primary, candidate))
    about = {
        "CRM_meta_notify_type": "pre",
        "CRM_meta_notify_operation": "promote",
        **group.meta({"promote": [candidate]}),
    }
    assert group.call(other, "notify", **about).code == 0
    assert group.cluster.private(other.name, "position")
    with hanging(other.pid()):
        assert group.call(other, "notify", **about, CRM_meta_timeout=HANGS_MS).code == 0
    assert group.cluster.private(other.name, "position") is None


def test_nobody_is_promoted_before_its_commits_would_wait(group: Group) -> None:
    """After an election the other one may still act: the first commits wait for it.

    The checkpointer tells sessions to wait. It hangs, as it does on a slow disk.
    """
    group.begin()
    for node in group.nodes:
        group.fence(node)
        group.cluster.power_on(node.name)
    group.change(start=group.nodes)
    for node in group.nodes * 2:
        group.monitor(node)
    candidate = group.candidate()
    assert candidate
    with hanging(process_of(candidate, "checkpointer")):
        answer = group.call(candidate, "promote", CRM_meta_timeout=HANGS_MS)
        assert "does not know yet for whom commits wait" in answer.reason
        assert is_standby(candidate)
        assert names_in_force(candidate) != ""
    group.change(promote=[candidate])
    write_rows(candidate, 1)
