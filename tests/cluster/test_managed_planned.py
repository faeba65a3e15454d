# SPDX-License-Identifier: GPL-2.0-or-later
"""Two nodes, synchronous: switchovers, maintenance, and crashes of the cluster."""

from __future__ import annotations

import pytest

from tests.cluster.catalogue.record import Fault
from tests.cluster.harness import faults, managed, postgres, scenario
from tests.cluster.harness.managed import Managed, Replication
from tests.cluster.harness.scenario import ROWS_BEFORE
from tests.cluster.harness.wait import PATIENCE, patient

REPLICATION = Replication("sync")
NODES = 2
MODE = "sync"

# Ten times there and back, and twice; where everything takes longer, once.
SWITCHOVERS = {"move": 2, "standby": 2} if PATIENCE > 1 else {"move": 20, "standby": 4}
SWITCH_LIMIT_S = 5.0
CRASH_LIMIT_S = 30.0
KILLED_AFTER_S = (0.03, 0.12, 0.3)  # while it looks, while it acts, while it says so


@pytest.mark.timeout(patient(600))
@pytest.mark.parametrize("way", ["move", "standby"])
def test_switchover_there_and_back_needs_no_hand(here: Managed, way: str) -> None:
    cluster = here.cluster
    with cluster.writer() as writer:
        for _ in range(SWITCHOVERS[way]):
            writer.wait_for_new_row()
            if way == "move":
                scenario.move(here, here.standby)
            else:
                scenario.leave_and_return(here)
            after = managed.wait_until_redundant(cluster)
            assert after.primary is here.standby
            here = after
        writer.wait_for_new_row()
    verdict = writer.verdict()
    assert verdict.lost_rows == (), str(verdict)
    assert verdict.longest_pause.length_s < patient(SWITCH_LIMIT_S), str(verdict)
    assert cluster.status().failures == ()


@pytest.mark.fault("pacemaker-restarted", once=True)
def test_pacemaker_restarted_in_maintenance_mode_finds_its_servers(
    here: Managed, fault: Fault
) -> None:
    cluster = here.cluster
    before = [postgres.postmaster_pid(node) for node in cluster.nodes]
    with cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        fault.strikes(here, writer)
        with cluster.maintenance():
            fault.shows("after")
            for node in (here.standby, here.primary):
                node.stop_cluster()
            for node in (here.primary, here.standby):
                node.start_cluster()
            cluster.wait_for_online(*cluster.nodes)
            cluster.wait_until_idle()
        after = managed.wait_until_redundant(cluster)
        writer.wait_for_new_row()
    assert writer.verdict().lost_rows == ()
    assert after.primary is here.primary
    assert [postgres.postmaster_pid(node) for node in cluster.nodes] == before
    assert cluster.status().failures == ()


@pytest.mark.parametrize("place", ["primary", "standby"])
def test_attributes_of_a_node_are_lost_and_come_back(here: Managed, place: str) -> None:
    """The daemon that keeps transient attributes crashes; then the primary dies."""
    node = here.primary if place == "primary" else here.standby
    with here.cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        faults.kill_daemon(node, "pacemaker-attrd")
        managed.wait_until_redundant(here.cluster)
        writer.wait_for_new_row()
        here.primary.cut_power()
        scenario.wait_for_takeover(here, writer)
    assert writer.verdict().lost_rows == ()


@pytest.mark.fault("pacemaker-killed")
def test_pacemaker_killed_on_the_primary(here: Managed, fault: Fault) -> None:
    """PostgreSQL goes on unattended until its node is fenced, or is found again."""
    with here.cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        fault.strikes(here, writer)
        faults.kill_pacemaker(here.primary)
        here.cluster.wait_for_fenced(here.primary)
        scenario.wait_for_takeover(here, writer)
        fault.shows("after")
    verdict = writer.verdict()
    assert verdict.lost_rows == (), str(verdict)
    assert verdict.longest_pause.length_s < patient(CRASH_LIMIT_S), str(verdict)


@pytest.mark.fault("agent-killed", once=True)
@pytest.mark.parametrize("delay_s", KILLED_AFTER_S)
@pytest.mark.parametrize("action", ["promote", "demote"])
def test_agent_killed_in_a_switchover(
    here: Managed, action: str, delay_s: float, fault: Fault
) -> None:
    cluster = here.cluster
    node = here.standby if action == "promote" else here.primary
    with cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        fault.strikes(here, writer)
        with faults.agent_killed(node, action, delay_s) as outcome:
            scenario.prefer(here.standby)
            assert outcome() in ("killed", "ended")
            cluster.wait_until_idle()
            scenario.prefer_none(cluster)
        scenario.wait_for_writes(cluster, writer)
        scenario.wait_for_redundancy(cluster, *cluster.nodes)
        fault.shows("after")
    verdict = writer.verdict()
    assert verdict.lost_rows == (), str(verdict)
    assert verdict.longest_pause.length_s < patient(CRASH_LIMIT_S), str(verdict)


@pytest.mark.parametrize("delay_s", KILLED_AFTER_S)
def test_agent_killed_in_the_start_of_a_standby(here: Managed, delay_s: float) -> None:
    """Pacemaker tries a failed start again only when told to; nothing else is due."""
    cluster, standby = here.cluster, here.standby
    with cluster.writer() as writer:
        standby.run("crm_standby", "--node", standby.name, "--update", "on")
        cluster.wait_for_role(standby, "stopped")
        with faults.agent_killed(standby, "start", delay_s) as outcome:
            standby.run("crm_standby", "--node", standby.name, "--delete")
            assert outcome() in ("killed", "ended")
        cluster.wait_until_idle()
        standby.run("crm_resource", "--cleanup", "--resource", scenario.CLONE)
        managed.wait_until_redundant(cluster)
        writer.wait_for_new_row()
    assert writer.verdict().lost_rows == ()
