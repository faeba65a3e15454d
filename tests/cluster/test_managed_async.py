# SPDX-License-Identifier: GPL-2.0-or-later
"""Three nodes, asynchronous, with slots: a candidate is there, and it is the best one.

A commit that was acknowledged but not yet sent is lost with the primary. Whatever is
lost must have been acknowledged in the last moment before the fault.
"""

from __future__ import annotations

import pytest

from tests.cluster.catalogue.record import Fault
from tests.cluster.harness import faults, scenario
from tests.cluster.harness.limits import KILL_LIMIT_S, POWER_CUT_LIMIT_S, UNSENT_S
from tests.cluster.harness.managed import Managed, Replication
from tests.cluster.harness.scenario import ROWS_BEFORE
from tests.cluster.harness.wait import patient
from tests.cluster.harness.writer import Writer

REPLICATION = Replication("async", parameters={"replication_slot_name": "pgsr"})
NODES = 3
MODE = "async-3"

LAG_MEGABYTES = 1024


def assert_bounded(writer: Writer, pause_limit_s: float) -> None:
    """Assert what asynchronous replication promises, and that writes resumed."""
    verdict = writer.verdict()
    assert verdict.longest_pause.length_s < patient(pause_limit_s), str(verdict)
    assert verdict.lost_span_s < patient(UNSENT_S), str(verdict)


@pytest.mark.fault("primary-power-cut")
def test_power_cut_of_the_primary(here: Managed, fault: Fault) -> None:
    with here.cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        fault.strikes(here, writer)
        here.primary.cut_power()
        scenario.wait_for_takeover(here, writer)
    assert_bounded(writer, POWER_CUT_LIMIT_S)
    fault.shows("after")
    here.primary.power_on()
    scenario.wait_for_redundancy(here.cluster, *here.cluster.nodes)


@pytest.mark.fault("standby-power-cut")
def test_power_cut_of_a_standby_costs_nothing(here: Managed, fault: Fault) -> None:
    with here.cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        fault.strikes(here, writer)
        here.standby.cut_power()
        here.cluster.wait_for_fenced(here.standby)
        writer.wait_for_new_row()
    verdict = writer.verdict()
    assert verdict.lost_rows == ()
    assert verdict.longest_pause.length_s < patient(1.0), str(verdict)


@pytest.mark.fault("primary-server-killed")
def test_killed_postmaster(here: Managed, fault: Fault) -> None:
    with here.cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        fault.strikes(here, writer)
        scenario.kill_server(here.primary)
        writer.wait_for_new_row()
        scenario.wait_for_redundancy(here.cluster, *here.cluster.nodes)
    assert_bounded(writer, KILL_LIMIT_S)


def test_hanging_node_is_fenced(here: Managed) -> None:
    with here.cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        with faults.hang(here.primary):
            scenario.wait_for_takeover(here, writer)
            assert not here.primary.is_on
    assert_bounded(writer, POWER_CUT_LIMIT_S)


@pytest.mark.fault("switchover", once=True)
def test_switchover_loses_nothing(here: Managed, fault: Fault) -> None:
    with here.cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        fault.strikes(here, writer)
        scenario.move(here, here.standby)
        writer.wait_for_new_row()
        scenario.wait_for_redundancy(here.cluster, *here.cluster.nodes)
    assert writer.verdict().lost_rows == ()


@pytest.mark.fault("standby-lags", once=True)
def test_standby_that_lags_by_a_gigabyte_is_not_promoted_before_the_better_one(
    here: Managed, fault: Fault
) -> None:
    lagging, better = here.standbys
    with here.cluster.writer() as writer, faults.cut_off_from_primary(lagging):
        writer.wait_for_rows(ROWS_BEFORE)
        scenario.wait_until_kept(here, lagging)
        scenario.make_wal(here.primary, LAG_MEGABYTES)
        scenario.wait_until_received(here.primary, better)
        writer.wait_for_new_row()
        fault.strikes(here, writer)
        here.primary.cut_power()
        assert scenario.wait_for_takeover(here, writer) is better
        fault.shows("after")
    assert_bounded(writer, KILL_LIMIT_S)
    # What the lagging one lacks is still there, on a server that was a standby.
    scenario.wait_until_received(better, lagging)
