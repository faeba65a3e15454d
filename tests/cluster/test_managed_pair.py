# SPDX-License-Identifier: GPL-2.0-or-later
"""Two nodes, asynchronous: the smallest cluster, and what is lost in the worst case."""

from __future__ import annotations

import pytest

from tests.cluster.catalogue.record import Fault
from tests.cluster.harness import faults, managed, postgres, scenario
from tests.cluster.harness.fencing import PowerSwitch
from tests.cluster.harness.limits import HANG_LIMIT_S, POWER_CUT_LIMIT_S, UNSENT_S
from tests.cluster.harness.machine import NoPower
from tests.cluster.harness.managed import Managed, Replication
from tests.cluster.harness.scenario import ROWS_BEFORE
from tests.cluster.harness.wait import patient

REPLICATION = Replication("async")
NODES = 2
MODE = "async"

SLOW_FENCING_S = 3.0


@pytest.mark.fault("primary-power-cut")
def test_power_cut_of_the_primary_and_its_return(here: Managed, fault: Fault) -> None:
    with here.cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        fault.strikes(here, writer)
        here.primary.cut_power()
        assert scenario.wait_for_takeover(here, writer) is here.standby
    verdict = writer.verdict()
    assert verdict.lost_span_s < patient(UNSENT_S), str(verdict)
    assert verdict.longest_pause.length_s < patient(POWER_CUT_LIMIT_S), str(verdict)
    fault.shows("after")
    here.primary.power_on()
    scenario.wait_for_redundancy(here.cluster, *here.cluster.nodes)
    fault.shows("repaired")


@pytest.mark.fault("primary-server-hangs", once=True)
def test_hanging_postmaster(here: Managed, fault: Fault) -> None:
    with here.cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        fault.strikes(here, writer)
        postgres.signal_postmaster(here.primary, "STOP")
        scenario.wait_for_takeover(here, writer)
    verdict = writer.verdict()
    assert verdict.lost_span_s < patient(UNSENT_S), str(verdict)
    assert verdict.longest_pause.length_s < patient(HANG_LIMIT_S), str(verdict)


def test_unplugged_primary_is_fenced_before_its_successor_is_promoted(
    here: Managed, fencing: PowerSwitch
) -> None:
    with here.cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        with faults.slow_fencing(fencing, SLOW_FENCING_S):
            here.primary.unplug()
            scenario.wait_for_takeover(here, writer)
        assert not here.primary.is_on
    verdict = writer.verdict()
    assert verdict.lost_span_s < patient(UNSENT_S), str(verdict)
    assert verdict.longest_pause.ended_at > fencing.history[-1].done_at


@pytest.mark.fault("all-nodes-power-cut")
def test_power_cut_of_both_loses_nothing(here: Managed, fault: Fault) -> None:
    """The newest data is promoted once both have said what they have.

    Mostly it is the same on both: then it is chance who says so first.
    """
    with here.cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        fault.strikes(here, writer)
        here.primary.cut_power()
        here.standby.cut_power()
        fault.by_hand()
        for node in (here.standby, here.primary):
            node.power_on()
        here.cluster.wait_for_online(*here.cluster.nodes)
        managed.wait_until_redundant(here.cluster)
        writer.wait_for_new_row()
    assert writer.verdict().lost_rows == ()


@pytest.mark.fault("former-primary-diverged", once=True)
def test_former_primary_with_commits_of_its_own_is_refused_until_it_is_restored(
    here: Managed, fencing: PowerSwitch, fault: Fault
) -> None:
    """While it is cut off and not fenced yet, it acknowledges what nobody else has."""
    beside = here.cluster.writer("acknowledged_beside_the_primary", here.primary)
    with here.cluster.writer() as far:
        with beside as near, faults.slow_fencing(fencing, SLOW_FENCING_S):
            near.wait_for_rows(ROWS_BEFORE)
            here.primary.unplug()
            near.wait_for_new_row()
            scenario.wait_for_takeover(here, far)
        assert near.verdict().lost_rows != ()
        here.primary.plug()
        fault.strikes(here, far)
        here.primary.power_on()
        here.cluster.wait_for(
            f"{here.primary} refused because of its data",
            lambda seen: scenario.is_refused(seen, here.primary),
        )
        fault.shows("after")
        managed.rejoin(here.cluster, here.primary, here.standby)
        fault.shows("repaired")
        far.wait_for_new_row()
    assert far.verdict().lost_span_s < patient(UNSENT_S), str(far.verdict())


def test_a_client_beside_a_node_without_power_says_so(here: Managed) -> None:
    """A random run may cut a node off that another fault has taken just before."""
    here.standby.cut_power()
    beside = here.cluster.writer("acknowledged_beside", here.standby)
    unreachable = pytest.raises((OSError, NoPower), match=r"No such file|no power")
    with unreachable, beside:
        pass
