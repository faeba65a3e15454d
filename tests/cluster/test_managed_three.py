# SPDX-License-Identifier: GPL-2.0-or-later
"""Three nodes, synchronous: a second failure, and nodes that come and go."""

from __future__ import annotations

import pytest

from tests.cluster.catalogue.record import Fault
from tests.cluster.harness import faults, managed, scenario
from tests.cluster.harness.cluster import RESOURCE
from tests.cluster.harness.fencing import PowerSwitch
from tests.cluster.harness.limits import POWER_CUT_LIMIT_S
from tests.cluster.harness.managed import Managed, Replication
from tests.cluster.harness.scenario import ROWS_BEFORE
from tests.cluster.harness.wait import patient

REPLICATION = Replication("sync")
NODES = 3
MODE = "sync-3"

SLOW_FENCING_S = 12.0


def test_power_cut_of_one_primary_after_the_other(here: Managed) -> None:
    cluster = here.cluster
    with cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        here.primary.cut_power()
        second = scenario.wait_for_takeover(here, writer)
        here.primary.power_on()
        cluster.wait_for_online(*cluster.nodes)
        scenario.wait_for_redundancy(cluster, *cluster.nodes)
        writer.wait_for_new_row()
        second.cut_power()
        scenario.wait_for_takeover(here._replace(primary=second), writer)
    verdict = writer.verdict()
    assert verdict.lost_rows == (), str(verdict)
    assert verdict.longest_pause.length_s < patient(POWER_CUT_LIMIT_S), str(verdict)


def test_power_cut_of_the_synchronous_standby_then_of_the_primary(
    here: Managed,
) -> None:
    cluster = here.cluster
    with cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        here.standby.cut_power()
        cluster.wait_for_fenced(here.standby)
        last = here.standbys[1]
        cluster.wait_for_attribute(last, managed.STATUS, "HS:sync")
        writer.wait_for_new_row()
        here.standby.power_on()
        cluster.wait_for_online(*cluster.nodes)
        here.primary.cut_power()
        assert scenario.wait_for_takeover(here, writer) is last
    assert writer.verdict().lost_rows == ()


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
    assert near.verdict().lost_rows == (), str(near.verdict())
    assert far.verdict().lost_rows == (), str(far.verdict())


def test_standby_that_does_not_replay_is_not_promoted(here: Managed) -> None:
    """The best standby by rank is cut off from the primary for a while."""
    cluster, behind, up_to_date = here.cluster, *here.standbys
    with cluster.writer() as writer, faults.cut_off_from_primary(behind):
        writer.wait_for_rows(ROWS_BEFORE)
        cluster.wait_for_attribute(up_to_date, managed.STATUS, "HS:sync")
        writer.wait_for_new_row()
        here.primary.cut_power()
        assert scenario.wait_for_takeover(here, writer) is up_to_date
    assert writer.verdict().lost_rows == ()


@pytest.mark.fault("primary-power-cut", mode="quorum")
def test_quorum_commit_survives_the_primary_and_a_standby_after_it(
    here: Managed, fault: Fault
) -> None:
    cluster = here.cluster
    scenario.set_parameter(cluster, "sync_quorum", "1")
    quorum = managed.wait_until_redundant(cluster)
    for standby in quorum.standbys:
        cluster.wait_for_attribute(standby, managed.STATUS, "HS:quorum")
    with cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        fault.strikes(quorum, writer)
        quorum.primary.cut_power()
        second = scenario.wait_for_takeover(quorum, writer)
        fault.shows("after")
        quorum.primary.power_on()
        cluster.wait_for_online(*cluster.nodes)
        scenario.wait_for_redundancy(cluster, *cluster.nodes)
        writer.wait_for_new_row()
        second.cut_power()
        scenario.wait_for_takeover(quorum._replace(primary=second), writer)
    assert writer.verdict().lost_rows == (), str(writer.verdict())
    scenario.set_parameter(cluster, "sync_quorum", "0")


def test_standby_removed_and_added_again(here: Managed) -> None:
    cluster = here.cluster
    leaving = here.standbys[1]
    staying = [node.name for node in cluster.nodes if node is not leaving]
    with cluster.writer() as writer:
        scenario.keep_away(leaving)
        scenario.set_parameter(cluster, "node_list", " ".join(staying))
        cluster.wait_for(
            "a synchronous standby among those that stay",
            lambda seen: any(
                seen.attribute(name, managed.STATUS) == "HS:sync" for name in staying
            ),
        )
        writer.wait_for_new_row()
        assert cluster.status().role(RESOURCE, leaving.name) == "stopped"
        scenario.set_parameter(cluster, "node_list", " ".join(managed.names(cluster)))
        scenario.let_back(leaving)
        managed.wait_until_redundant(cluster)
        writer.wait_for_new_row()
    assert writer.verdict().lost_rows == ()
