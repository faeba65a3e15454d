# SPDX-License-Identifier: GPL-2.0-or-later
"""Two nodes, synchronous: whatever happens, no acknowledged row is lost."""

from __future__ import annotations

import pytest

from tests.cluster.catalogue.record import Fault
from tests.cluster.harness import faults, managed, postgres, scenario
from tests.cluster.harness.fencing import PowerSwitch
from tests.cluster.harness.limits import HANG_LIMIT_S, KILL_LIMIT_S, POWER_CUT_LIMIT_S
from tests.cluster.harness.managed import Managed, Replication
from tests.cluster.harness.scenario import ROWS_BEFORE
from tests.cluster.harness.wait import patient
from tests.cluster.harness.writer import Writer

REPLICATION = Replication("sync")
NODES = 2
MODE = "sync"

# It may be promoted where it was first, and can't be stopped cleanly for want of room:
# that takes the server's stop_escalate, of the 60 s that an action has here.
FULL_DISK_LIMIT_S = 90.0
SLOW_FENCING_S = 12.0
FENCING_FAILURES = 3
LOOKS_OF_A_FALL_BACK = 3  # monitors within which a primary that is not strict goes on


def assert_nothing_lost(writer: Writer, pause_limit_s: float) -> None:
    """Assert what synchronous replication promises, and that writes resumed."""
    verdict = writer.verdict()
    assert verdict.lost_rows == (), str(verdict)
    assert verdict.longest_pause.length_s < patient(pause_limit_s), str(verdict)


@pytest.mark.fault("primary-power-cut")
def test_power_cut_of_the_primary(here: Managed, fault: Fault) -> None:
    with here.cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        fault.strikes(here, writer)
        here.primary.cut_power()
        assert scenario.wait_for_takeover(here, writer) is here.standby
    assert_nothing_lost(writer, POWER_CUT_LIMIT_S)
    fault.shows("after")
    here.primary.power_on()
    scenario.wait_for_redundancy(here.cluster, here.primary)
    fault.shows("repaired")


@pytest.mark.fault("standby-power-cut")
def test_power_cut_of_the_standby(here: Managed, fault: Fault) -> None:
    with here.cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        fault.strikes(here, writer)
        here.standby.cut_power()
        here.cluster.wait_for_fenced(here.standby)
        assert scenario.wait_for_writes(here.cluster, writer) is here.primary
        fault.shows("after")
        here.standby.power_on()
        managed.wait_until_redundant(here.cluster)
        fault.shows("repaired")
        writer.wait_for_new_row()
    assert_nothing_lost(writer, POWER_CUT_LIMIT_S)


@pytest.mark.fault("standby-power-cut", mode="strict", once=True)
def test_strict_primary_waits_for_its_standby(here: Managed, fault: Fault) -> None:
    scenario.set_parameter(here.cluster, "sync_strict", "true")
    strict = managed.wait_until_redundant(here.cluster)
    with here.cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        fault.strikes(strict, writer)
        strict.standby.cut_power()
        here.cluster.wait_for_fenced(strict.standby)
        before = len(writer.acknowledged)
        for _ in range(LOOKS_OF_A_FALL_BACK):
            scenario.look(strict.primary)
        assert postgres.sql(strict.primary, "SHOW synchronous_standby_names") != ""
        assert len(writer.acknowledged) == before
        fault.shows("after")
        fault.by_hand()
        strict.standby.power_on()
        managed.wait_until_redundant(here.cluster)
        writer.wait_for_new_row()
    assert writer.verdict().lost_rows == ()
    scenario.set_parameter(here.cluster, "sync_strict", "false")


@pytest.mark.fault("all-nodes-power-cut", once=True)
@pytest.mark.parametrize("first", ["primary", "standby"])
def test_power_cut_of_both(here: Managed, first: str, fault: Fault) -> None:
    """Whichever boots first, the rows are there, and no hand is needed."""
    order = [here.primary, here.standby]
    if first == "standby":
        order.reverse()
    with here.cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        fault.strikes(here, writer)
        here.primary.cut_power()
        here.standby.cut_power()
        order[0].power_on()
        here.cluster.wait_for_online(order[0])
        here.cluster.wait_until_idle()
        fault.shows("after")
        fault.by_hand()
        order[1].power_on()
        here.cluster.wait_for_online(*order)
        scenario.wait_for_writes(here.cluster, writer)
    assert writer.verdict().lost_rows == ()


@pytest.mark.fault("lone-primary-lost", once=True)
def test_standby_that_comes_back_alone_waits_for_the_primary_that_went_on(
    here: Managed, fault: Fault
) -> None:
    with here.cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        fault.strikes(here, writer)
        here.standby.cut_power()
        here.cluster.wait_for_fenced(here.standby)
        writer.wait_for_new_row()
        here.primary.cut_power()
        here.standby.power_on()
        scenario.wait_until_it_waits(here.cluster, here.standby, here.primary)
        fault.shows("after")
        fault.by_hand()
        here.primary.power_on()
        here.cluster.wait_for_promoted(here.primary)
        writer.wait_for_new_row()
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


@pytest.mark.fault("primary-server-killed")
def test_killed_postmaster(here: Managed, fault: Fault) -> None:
    with here.cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        fault.strikes(here, writer)
        scenario.kill_server(here.primary)
        writer.wait_for_new_row()
        scenario.wait_for_redundancy(here.cluster, here.primary)
        fault.shows("after")
        writer.wait_for_new_row()
    assert_nothing_lost(writer, KILL_LIMIT_S)
    assert all(node.is_on for node in here.cluster.nodes)


@pytest.mark.fault("primary-server-hangs")
def test_hanging_postmaster(here: Managed, fault: Fault) -> None:
    with here.cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        fault.strikes(here, writer)
        postgres.signal_postmaster(here.primary, "STOP")
        scenario.wait_for_takeover(here, writer)
        scenario.wait_for_redundancy(here.cluster, here.primary)
        fault.shows("after")
    assert_nothing_lost(writer, HANG_LIMIT_S)


@pytest.mark.fault("primary-node-hangs")
def test_hanging_node_is_fenced(here: Managed, fault: Fault) -> None:
    with here.cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        fault.strikes(here, writer)
        with faults.hang(here.primary):
            scenario.wait_for_takeover(here, writer)
            assert not here.primary.is_on
            fault.shows("after")
    assert_nothing_lost(writer, POWER_CUT_LIMIT_S)


@pytest.mark.fault("fencing-is-slow", once=True)
def test_primary_that_is_cut_off_with_a_client_acknowledges_nothing_that_is_lost(
    here: Managed, fencing: PowerSwitch, fault: Fault
) -> None:
    cluster = here.cluster
    beside = cluster.writer("acknowledged_beside_the_primary", here.primary)
    with cluster.writer() as far, beside as near:
        far.wait_for_rows(ROWS_BEFORE)
        near.wait_for_rows(ROWS_BEFORE)
        with faults.slow_fencing(fencing, SLOW_FENCING_S):
            fault.strikes(here, far)
            here.primary.unplug()
            scenario.wait_for_takeover(here, far)
        assert not here.primary.is_on
        fault.shows("after")
    assert near.verdict().lost_rows == (), str(near.verdict())
    assert_nothing_lost(far, SLOW_FENCING_S + POWER_CUT_LIMIT_S)


@pytest.mark.fault("network-is-bad", once=True)
def test_power_cut_behind_a_slow_and_lossy_network(here: Managed, fault: Fault) -> None:
    nodes = here.cluster.nodes
    slow, lossy = faults.narrow_network(*nodes), faults.lossy_network(*nodes)
    with here.cluster.writer() as writer, slow, lossy:
        writer.wait_for_rows(2 * ROWS_BEFORE)
        fault.strikes(here, writer)
        here.primary.cut_power()
        scenario.wait_for_takeover(here, writer)
    assert_nothing_lost(writer, KILL_LIMIT_S)


@pytest.mark.fault("fencing-fails-first", once=True)
def test_fencing_that_fails_first(
    here: Managed, fencing: PowerSwitch, fault: Fault
) -> None:
    with here.cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        fault.strikes(here, writer)
        with faults.failing_fencing(fencing, FENCING_FAILURES):
            here.primary.unplug()
            scenario.wait_for_takeover(here, writer)
            assert not here.primary.is_on
        fault.shows("after")
    assert_nothing_lost(writer, HANG_LIMIT_S)


@pytest.mark.fault("primary-disk-full")
def test_full_disk_of_the_primary(here: Managed, fault: Fault) -> None:
    with here.cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        with faults.full_disk(here.primary):
            fault.strikes(here, writer)
            scenario.fill_disk(here.primary)
            scenario.wait_for_writes(here.cluster, writer)
            fault.shows("after")
        scenario.wait_for_writes(here.cluster, writer)
    assert_nothing_lost(writer, FULL_DISK_LIMIT_S)
