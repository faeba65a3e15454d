# SPDX-License-Identifier: GPL-2.0-or-later
"""The primary fails: what clients see, what is kept, and how its node comes back.

Replication is asynchronous: a commit that was acknowledged but not yet sent is lost
with the primary. These scenarios therefore ask that whatever is lost was acknowledged
in the last moment before the fault, and nothing earlier.
"""

from __future__ import annotations

import pytest

from tests.cluster.catalogue.record import Fault
from tests.cluster.conftest import Replicated
from tests.cluster.harness import method, postgres
from tests.cluster.harness.fencing import PowerSwitch
from tests.cluster.harness.limits import UNSENT_S
from tests.cluster.harness.verdict import Verdict
from tests.cluster.harness.wait import patient

MODE = "pgsr"

POWER_CUT_LIMIT_S = 10.0
SLOW_FENCING_S = 3.0
KILL_LIMIT_S = 20.0


def assert_bounded(verdict: Verdict, pause_limit_s: float) -> None:
    """Assert what asynchronous replication promises, and that writes resumed."""
    assert verdict.longest_pause.length_s < patient(pause_limit_s), str(verdict)
    assert verdict.lost_span_s < patient(UNSENT_S), str(verdict)


@pytest.mark.fault("primary-power-cut")
def test_power_cut_of_the_primary_promotes_the_standby(
    pgsr_cluster: Replicated, fault: Fault
) -> None:
    cluster, primary, standby = pgsr_cluster
    with cluster.writer() as writer:
        writer.wait_for_rows(100)
        fault.strikes(pgsr_cluster, writer)
        primary.cut_power()
        cluster.wait_for_promoted(standby)
        writer.wait_for_new_row()
    assert_bounded(writer.verdict(), POWER_CUT_LIMIT_S)
    cluster.wait_for_attribute(standby, method.STATUS_ATTRIBUTE, "PRI")
    fault.shows("after")


@pytest.mark.fault("primary-server-killed")
def test_killed_postmaster_of_the_primary_promotes_the_standby(
    pgsr_cluster: Replicated, fault: Fault
) -> None:
    cluster, primary, standby = pgsr_cluster
    with cluster.writer() as writer:
        writer.wait_for_rows(100)
        fault.strikes(pgsr_cluster, writer)
        postgres.signal_postmaster(primary, "KILL")
        cluster.wait_for_promoted(standby)
        writer.wait_for_new_row()
    assert_bounded(writer.verdict(), KILL_LIMIT_S)
    assert primary.is_on, "a crashed server is no reason to fence its node"
    fault.shows("after")


@pytest.mark.fault("primary-server-hangs", once=True)
def test_hanging_postmaster_of_the_primary_is_replaced_by_the_standby(
    pgsr_cluster: Replicated, fault: Fault
) -> None:
    """Sessions that exist work on until the monitor gives the hanging server up."""
    cluster, primary, standby = pgsr_cluster
    with cluster.writer() as writer:
        writer.wait_for_rows(100)
        fault.strikes(pgsr_cluster, writer)
        postgres.signal_postmaster(primary, "STOP")
        cluster.wait_for_promoted(standby)
        writer.wait_for_new_row()
    assert_bounded(writer.verdict(), KILL_LIMIT_S)
    assert primary.is_on
    assert not postgres.is_running(primary)


def test_unplugged_primary_is_fenced_before_the_standby_is_promoted(
    pgsr_cluster: Replicated, power_switch: PowerSwitch
) -> None:
    cluster, primary, standby = pgsr_cluster
    power_switch.delay_s = SLOW_FENCING_S
    with cluster.writer() as writer:
        writer.wait_for_rows(100)
        primary.unplug()
        cluster.wait_for_promoted(standby)
        assert not primary.is_on
        writer.wait_for_new_row()
    primary.plug()
    verdict = writer.verdict()
    assert_bounded(verdict, SLOW_FENCING_S + POWER_CUT_LIMIT_S)
    assert verdict.longest_pause.ended_at > power_switch.history[-1].done_at


@pytest.mark.fault("standby-power-cut")
def test_power_cut_of_the_standby_costs_nothing(
    pgsr_cluster: Replicated, fault: Fault
) -> None:
    cluster, _, standby = pgsr_cluster
    with cluster.writer() as writer:
        writer.wait_for_rows(100)
        fault.strikes(pgsr_cluster, writer)
        standby.cut_power()
        cluster.wait_for_fenced(standby)
        writer.wait_for_new_row()
    verdict = writer.verdict()
    assert verdict.lost_rows == ()
    assert verdict.longest_pause.length_s < patient(1.0), str(verdict)


def test_former_primary_is_refused_with_the_reason(pgsr_cluster: Replicated) -> None:
    cluster, primary, standby = pgsr_cluster
    primary.cut_power()
    cluster.wait_for_promoted(standby)
    primary.power_on()
    cluster.wait_for_attribute(primary, method.STATUS_ATTRIBUTE, method.REFUSED)
    seen = cluster.wait_for(
        f"the reason why {primary} is refused",
        lambda seen: any(method.REPRESS_START in text for text in seen.failures),
    )
    assert seen.role("pgsql", standby.name) == "promoted"
    cluster.wait_until_idle()  # Pacemaker has stopped the refused instance by now
    cluster.wait_for_attribute(primary, method.STATUS_ATTRIBUTE, method.REFUSED)
    assert not postgres.is_running(primary)


@pytest.mark.fault("former-primary-returns", once=True)
def test_new_backup_brings_the_former_primary_back(
    pgsr_cluster: Replicated, fault: Fault
) -> None:
    cluster, primary, standby = pgsr_cluster
    with cluster.writer() as writer:
        writer.wait_for_rows(10)
        primary.cut_power()
        cluster.wait_for_promoted(standby)
        fault.strikes(pgsr_cluster, writer)
        primary.power_on()
        cluster.wait_for_attribute(primary, method.STATUS_ATTRIBUTE, method.REFUSED)
        fault.shows("after")
        method.rejoin(cluster, primary)
        fault.shows("repaired")
        assert postgres.is_in_recovery(primary)
        replicated = writer.wait_for_new_row()
    rows = f"SELECT number FROM {writer.table} WHERE number = {replicated.number}"
    postgres.wait_for_rows(primary, rows)


@pytest.mark.fault("all-nodes-power-cut")
def test_power_cut_of_both_leaves_the_choice_to_the_administrator(
    pgsr_cluster: Replicated, fault: Fault
) -> None:
    cluster, primary, standby = pgsr_cluster
    with cluster.writer() as writer:
        writer.wait_for_rows(50)
        fault.strikes(pgsr_cluster, writer)
        for node in (primary, standby):
            node.cut_power()
        for node in (primary, standby):
            node.power_on()
        for node in (primary, standby):
            cluster.wait_for_attribute(node, method.STATUS_ATTRIBUTE, method.REFUSED)
        fault.shows("after")
        assert postgres.control_data(primary, "Database cluster state") == (
            "in production"
        )
        fault.by_hand()
        method.start_again(primary)
        cluster.wait_for_promoted(primary)
        writer.wait_for_new_row()
        method.rejoin(cluster, standby)
        fault.shows("repaired")
    assert writer.verdict().lost_rows == ()


def test_second_failover_goes_back_to_the_first_primary(
    pgsr_cluster: Replicated,
) -> None:
    cluster, first, second = pgsr_cluster
    with cluster.writer() as writer:
        writer.wait_for_rows(50)
        first.cut_power()
        cluster.wait_for_promoted(second)
        first.power_on()
        cluster.wait_for_attribute(first, method.STATUS_ATTRIBUTE, method.REFUSED)
        method.rejoin(cluster, first)
        writer.wait_for_new_row()
        second.cut_power()
        cluster.wait_for_promoted(first)
        writer.wait_for_new_row()
    assert writer.verdict().longest_pause.length_s < patient(POWER_CUT_LIMIT_S)
