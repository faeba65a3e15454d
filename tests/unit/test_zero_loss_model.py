# SPDX-License-Identifier: GPL-2.0-or-later
"""Rule 6: no random history of faults loses a commit that was acknowledged.

The agents of the model decide by the functions of decide/ themselves.  A failure prints
the seed and the history; ``lived(SEED, LENGTH, Rules())`` lives through it again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Sequence

import pytest

from pgsr.decide import election, quorum, synchronous
from pgsr.decide.election import Candidate, Election
from pgsr.decide.managed import Setting
from pgsr.decide.names import EMPTY, SyncNames
from pgsr.decide.synchronous import Plan, Round
from pgsr.state import Peer, Position, Sender, Verdict
from tests.unit.zero_loss import network, pacemaker, servers
from tests.unit.zero_loss.__main__ import main
from tests.unit.zero_loss.histories import Event, Loss, judged, lived
from tests.unit.zero_loss.recovery import recovered
from tests.unit.zero_loss.rules import Rules

LENGTH = 60
HISTORIES = 2000
RECOVERIES = 150
MOST_TRIES = 3000

Sees = Callable[[Peer, Round], Peer]


def planned(now: Round) -> Plan:
    return quorum.plan(now) if now.setting.quorum else synchronous.plan(now)


def seeing(sees: Sees) -> Rules:
    """Rules whose primary sees its standbys in another light."""

    def plan(now: Round) -> Plan:
        return planned(now._replace(peers=tuple(sees(p, now) for p in now.peers)))

    return Rules(plan=plan)


def counted_as_off(peer: Peer, condition: bool) -> Peer:
    return peer._replace(is_off=peer.is_off or condition)


def is_connected(peer: Peer, now: Round) -> bool:
    return any(row.application_name == peer.name for row in now.side.senders)


def without_time(now: Round) -> Plan:
    return planned(now._replace(notice_s=-1.0))


def by_mark_alone(
    candidate: Candidate, peers: Sequence[Peer], node: str, setting: Setting
) -> Verdict:
    known = candidate._replace(record="LATEST")
    return election.may_promote(known, peers, node, setting)


def by_record_alone(
    candidate: Candidate, peers: Sequence[Peer], node: str, setting: Setting
) -> Verdict:
    marked = candidate._replace(score="1000")
    return election.may_promote(marked, peers, node, setting)


def promoted_without_the_absent(
    candidate: Candidate, peers: Sequence[Peer], node: str, setting: Setting
) -> Verdict:
    present = [peer for peer in peers if peer.is_online]
    return election.may_promote(candidate, present, node, setting)


def elected_without_the_absent(
    own: Position,
    peers: Sequence[Peer],
    setting: Setting,
    record: str,
    ended: Collection[str],
) -> Election:
    present = [peer for peer in peers if peer.is_online]
    return election.elect(own, present, setting, record=record, ended=ended)


def taken_for_learnt(sender: Sender, in_force: SyncNames) -> Sender:
    is_waited_for = sender.application_name.lower() in in_force.names
    kind = "quorum" if in_force.kind == "ANY" else "sync"
    return sender._replace(sync_state=kind if is_waited_for else "async")


def without_the_view_of_each(now: Round) -> Plan:
    senders = tuple(taken_for_learnt(each, now.in_force) for each in now.side.senders)
    return planned(now._replace(side=now.side._replace(senders=senders)))


def waiting_for_nobody(*_: object) -> SyncNames:
    return EMPTY


def test_no_history_loses_an_acknowledged_commit() -> None:
    for seed in range(HISTORIES):
        lived(seed, LENGTH, Rules())


def test_after_the_last_fault_the_cluster_serves_again() -> None:
    for seed in range(RECOVERIES):
        story = lived(seed, LENGTH, Rules())
        world, problem = recovered(story.world, Rules())
        problem = problem or judged(world, Rules())
        assert not problem, "\n  ".join([f"seed {seed}: {problem}", *story.steps])


@pytest.mark.parametrize(
    ("rules", "often"),
    [
        pytest.param(
            seeing(lambda peer, _: counted_as_off(peer, not peer.is_online)),
            ("break_network", "commit", "control"),
            id="the confirmation of fencing",
        ),
        pytest.param(
            seeing(lambda p, now: counted_as_off(p, not is_connected(p, now))),
            ("break_network", "lose_connection", "commit", "control"),
            id="any proof that a lost standby cannot act",
        ),
        pytest.param(
            Rules(plan=without_time),
            ("break_network", "lose_connection", "commit", "control"),
            id="the time that the cluster needs to notice a loss",
        ),
        pytest.param(
            seeing(
                lambda peer, now: counted_as_off(
                    peer, now.unrecorded_s.get(peer.name, 0) > now.notice_s
                )
            ),
            ("break_network", "pass_time", "lose_connection", "commit", "control"),
            id="the membership of a standby that lost its right",
        ),
        pytest.param(
            Rules(is_proof_needed=False),
            ("commit", "control", "learn_setting"),
            id="the proof that a standby has all",
        ),
        pytest.param(
            Rules(is_in_force_needed=False),
            ("commit", "control", "receive"),
            id="the proof that commits wait",
        ),
        pytest.param(
            Rules(plan=without_the_view_of_each),
            ("commit", "control", "receive", "pause", "pass_time"),
            id="that all processes go by the present setting",
        ),
        pytest.param(
            Rules(to_begin_anew=lambda *_: frozenset()),
            ("lose_connection", "commit", "control", "receive", "pass_time"),
            id="the time from the last right on",
        ),
        pytest.param(
            Rules(may_promote=by_mark_alone),
            ("vote", "commit", "control"),
            id="the record",
        ),
        pytest.param(
            Rules(may_promote=by_record_alone, is_able=lambda _: True),
            ("cut_power", "boot", "commit", "control"),
            id="the mark",
        ),
        pytest.param(
            Rules(
                elect=elected_without_the_absent,
                may_promote=promoted_without_the_absent,
            ),
            ("cut_power", "boot", "vote", "commit", "control"),
            id="the wait for absent members",
        ),
        pytest.param(
            Rules(first_writes=lambda *_: ()),
            (
                *("promote", "commit", "receive", "boot"),
                *("break_network", "fence", "confirm_fencing"),
            ),
            id="all that is written before a promotion",
        ),
        pytest.param(
            Rules(first_names=waiting_for_nobody),
            ("promote", "commit", "crash_server", "demote"),
            id="the wait for those that keep their right at a promotion",
        ),
    ],
)
def test_the_model_notices_when_a_condition_is_missing(
    rules: Rules, often: Container[str]
) -> None:
    with pytest.raises(Loss, match=r"seed [0-9]+, .*lacks"):
        live_through_many(rules, often)


def test_the_model_notices_when_no_stopped_standby_has_to_give_up_its_score() -> None:
    """Its server died; the network breaks while its score is being taken away."""
    rules = seeing(lambda p, _: counted_as_off(p, p.is_online and p.role == "Stopped"))
    first = (
        (servers.crash_server, "Node10"),
        (servers.lose_connection, "node1"),
        (pacemaker.control, "node1"),
        (network.break_network, "node1"),
    )
    often = ("commit", "start", "fence", "confirm_fencing", "notice")
    with pytest.raises(Loss, match=r"seed [0-9]+, .*lacks"):
        live_through_many(rules, often, first)


def test_many_more_can_be_lived_through(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--number", "4", "--first", "7"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "4 histories from seed 7 on",
        "0 of them lose a commit",
    ]


def live_through_many(
    rules: Rules, often: Container[str], first: Sequence[tuple[Event, str]] = ()
) -> None:
    for seed in range(MOST_TRIES):
        lived(seed, LENGTH, rules, often, first)
