# SPDX-License-Identifier: GPL-2.0-or-later
"""What is learnt late: a setting by a server's processes, a right by its standby.

Until then a process acknowledges commits by the setting of before, and a standby goes
by the right of before.
"""

from __future__ import annotations

import pytest

from pgsr.decide import quorum, synchronous
from pgsr.decide.managed import Setting
from pgsr.decide.names import EMPTY, SyncNames
from pgsr.decide.synchronous import Plan
from pgsr.state import Sender
from tests.unit.standbys import holder, member, peer, round_of, row

NODE2 = SyncNames("", 1, ("node2",))
BOTH = SyncNames("ANY", 1, ("node2", "node3"))
BACKUP = row(state="backup")


@pytest.mark.parametrize(
    ("in_force", "senders"),
    [
        pytest.param(EMPTY, (), id="nobody is there"),
        pytest.param(EMPTY, (row(),), id="no commit waits"),
        pytest.param(NODE2, (row("Node2", "sync"),), id="in another case"),
        pytest.param(NODE2, (row("node2", "sync"), row("node3")), id="one of two"),
        pytest.param(NODE2, (BACKUP, row("node2", "sync")), id="a backup"),
        pytest.param(BOTH, (row("node2", "quorum"), row("node3", "quorum")), id="all"),
        pytest.param(BOTH, (row("node2", "quorum"),), id="one is away"),
    ],
)
def test_all_processes_go_by_the_setting(
    in_force: SyncNames, senders: tuple[Sender, ...]
) -> None:
    assert not synchronous.is_any_outdated(in_force, senders)
    assert synchronous.is_learnt(in_force, senders)


@pytest.mark.parametrize("state", ["sync", "quorum", "potential"])
@pytest.mark.parametrize("in_force", [EMPTY, NODE2], ids=["nobody", "another one"])
def test_a_process_that_waits_for_one_of_before_is_outdated(
    in_force: SyncNames, state: str
) -> None:
    senders = (row("node2", "sync" if in_force.names else "async"), row("x", state))
    assert synchronous.is_any_outdated(in_force, senders)
    assert not synchronous.is_learnt(in_force, senders)


def test_a_process_that_does_not_wait_yet_lets_no_commit_go() -> None:
    senders = (row("node2", "quorum"), row("node3"))
    assert not synchronous.is_any_outdated(BOTH, senders)
    assert not synchronous.is_learnt(BOTH, senders)


def test_the_record_of_one_that_left_stays_while_a_process_goes_by_its_word() -> None:
    paused = peer("c", "STREAMING|QUORUM", status="HS:paused")
    senders = tuple(row(name, "quorum") for name in "abc")
    one = Setting(is_sync=True, quorum=1)
    now = round_of((member("a"), member("b"), paused), senders, "any 1 (a,b)", one)
    assert quorum.plan(now) == Plan(frozenset("ab"), staying=frozenset("abc"))


def test_time_counts_anew_for_those_that_have_a_right_and_those_that_get_one() -> None:
    peers = (holder("has"), peer("gets"), peer("has none"), holder("lost", "-1"))
    plan = Plan(entitled=frozenset(("has", "gets")))
    assert synchronous.to_begin_anew(peers, plan) == {"has", "gets", "gets joins"}


def test_time_counts_anew_for_one_whose_right_is_about_to_be_taken_away() -> None:
    assert synchronous.to_begin_anew((holder("a"),), Plan(frozenset())) == {"a"}
