# SPDX-License-Identifier: GPL-2.0-or-later
"""Two nodes, synchronous: whatever happens, no acknowledged row is lost."""

from __future__ import annotations

import pytest

from tests.cluster.harness import faults, managed, postgres, scenario
from tests.cluster.harness.fencing import PowerSwitch
from tests.cluster.harness.managed import Managed, Replication
from tests.cluster.harness.scenario import ROWS_BEFORE
from tests.cluster.harness.wait import patient
from tests.cluster.harness.writer import Writer

REPLICATION = Replication("sync")
NODES = 2

POWER_CUT_LIMIT_S = 20.0  # make bench-failover measures; here the machine may be busy
KILL_LIMIT_S = 30.0
HANG_LIMIT_S = 60.0
SLOW_FENCING_S = 12.0
FENCING_FAILURES = 3
LOOKS_OF_A_FALL_BACK = 3  # monitors within which a primary that is not strict goes on


def assert_nothing_lost(writer: Writer, pause_limit_s: float) -> None:
    """Assert what synchronous replication promises, and that writes resumed."""
    verdict = writer.verdict()
    assert verdict.lost_rows == (), str(verdict)
    assert verdict.longest_pause.length_s < patient(pause_limit_s), str(verdict)


def test_power_cut_of_the_primary(here: Managed) -> None:
    with here.cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        here.primary.cut_power()
        assert scenario.wait_for_takeover(here, writer) is here.standby
    assert_nothing_lost(writer, POWER_CUT_LIMIT_S)
    here.primary.power_on()
    scenario.wait_for_redundancy(here.cluster, here.primary)


def test_power_cut_of_the_standby(here: Managed) -> None:
    with here.cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        here.standby.cut_power()
        here.cluster.wait_for_fenced(here.standby)
        assert scenario.wait_for_writes(here.cluster, writer) is here.primary
        here.standby.power_on()
        managed.wait_until_redundant(here.cluster)
        writer.wait_for_new_row()
    assert_nothing_lost(writer, POWER_CUT_LIMIT_S)


def test_strict_primary_waits_for_its_standby(here: Managed) -> None:
    scenario.set_parameter(here.cluster, "sync_strict", "true")
    strict = managed.wait_until_redundant(here.cluster)
    with here.cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        strict.standby.cut_power()
        here.cluster.wait_for_fenced(strict.standby)
        before = len(writer.acknowledged)
        for _ in range(LOOKS_OF_A_FALL_BACK):
            scenario.look(strict.primary)
        assert postgres.sql(strict.primary, "SHOW synchronous_standby_names") != ""
        assert len(writer.acknowledged) == before
        strict.standby.power_on()
        managed.wait_until_redundant(here.cluster)
        writer.wait_for_new_row()
    assert writer.verdict().lost_rows == ()
    scenario.set_parameter(here.cluster, "sync_strict", "false")


@pytest.mark.parametrize("first", ["primary", "standby"])
def test_power_cut_of_both(here: Managed, first: str) -> None:
    """Whichever boots first, the rows are there, and no hand is needed."""
    order = [here.primary, here.standby]
    if first == "standby":
        order.reverse()
    with here.cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        here.primary.cut_power()
        here.standby.cut_power()
    order[0].power_on()
    here.cluster.wait_for_online(order[0])
    here.cluster.wait_until_idle()
    order[1].power_on()
    here.cluster.wait_for_online(*order)
    with here.cluster.writer("acknowledged_afterwards") as again:
        scenario.wait_for_writes(here.cluster, again)
    assert writer.verdict().lost_rows == ()


def test_standby_that_comes_back_alone_waits_for_the_primary_that_went_on(
    here: Managed,
) -> None:
    with here.cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        here.standby.cut_power()
        here.cluster.wait_for_fenced(here.standby)
        writer.wait_for_new_row()
        here.primary.cut_power()
    here.standby.power_on()
    scenario.wait_until_it_waits(here.cluster, here.standby, here.primary)
    here.primary.power_on()
    here.cluster.wait_for_promoted(here.primary)
    assert writer.verdict().lost_rows == ()


def test_former_primary_that_comes_back_alone_waits_for_its_successor(
    here: Managed,
) -> None:
    with here.cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        here.primary.cut_power()
        scenario.wait_for_takeover(here, writer)
        here.standby.cut_power()
    here.primary.power_on()
    scenario.wait_until_it_waits(here.cluster, here.primary, here.standby)
    here.standby.power_on()
    here.cluster.wait_for_promoted(here.standby)
    assert writer.verdict().lost_rows == ()


def test_killed_postmaster(here: Managed) -> None:
    with here.cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        postgres.signal_postmaster(here.primary, "KILL")
        writer.wait_for_new_row()
        scenario.wait_for_redundancy(here.cluster, here.primary)
        writer.wait_for_new_row()
    assert_nothing_lost(writer, KILL_LIMIT_S)
    assert all(node.is_on for node in here.cluster.nodes)


def test_hanging_postmaster(here: Managed) -> None:
    with here.cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        postgres.signal_postmaster(here.primary, "STOP")
        scenario.wait_for_takeover(here, writer)
    assert_nothing_lost(writer, HANG_LIMIT_S)


def test_hanging_node_is_fenced(here: Managed) -> None:
    with here.cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        with faults.hang(here.primary):
            scenario.wait_for_takeover(here, writer)
            assert not here.primary.is_on
    assert_nothing_lost(writer, POWER_CUT_LIMIT_S)


def test_primary_that_is_cut_off_with_a_client_acknowledges_nothing_that_is_lost(
    here: Managed, fencing: PowerSwitch
) -> None:
    cluster = here.cluster
    beside = cluster.writer("acknowledged_beside_the_primary", here.primary)
    with cluster.writer() as far, beside as near:
        far.wait_for_rows(ROWS_BEFORE)
        near.wait_for_rows(ROWS_BEFORE)
        with faults.slow_fencing(fencing, SLOW_FENCING_S):
            here.primary.unplug()
            scenario.wait_for_takeover(here, far)
        assert not here.primary.is_on
    assert near.verdict().lost_rows == (), str(near.verdict())
    assert_nothing_lost(far, SLOW_FENCING_S + POWER_CUT_LIMIT_S)


def test_power_cut_behind_a_slow_and_lossy_network(here: Managed) -> None:
    nodes = here.cluster.nodes
    slow, lossy = faults.narrow_network(*nodes), faults.lossy_network(*nodes)
    with here.cluster.writer() as writer, slow, lossy:
        writer.wait_for_rows(2 * ROWS_BEFORE)
        here.primary.cut_power()
        scenario.wait_for_takeover(here, writer)
    assert_nothing_lost(writer, KILL_LIMIT_S)


def test_fencing_that_fails_first(here: Managed, fencing: PowerSwitch) -> None:
    with here.cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        with faults.failing_fencing(fencing, FENCING_FAILURES):
            here.primary.unplug()
            scenario.wait_for_takeover(here, writer)
            assert not here.primary.is_on
    assert_nothing_lost(writer, HANG_LIMIT_S)


def test_full_disk_of_the_primary(here: Managed) -> None:
    with here.cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        with faults.full_disk(here.primary):
            scenario.fill_disk(here.primary)
            scenario.wait_for_writes(here.cluster, writer)
        scenario.wait_for_writes(here.cluster, writer)
    assert_nothing_lost(writer, HANG_LIMIT_S)
