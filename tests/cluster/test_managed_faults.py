# SPDX-License-Identifier: GPL-2.0-or-later
"""Two nodes, synchronous, with slots: faults of a part, not of a whole node."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.cluster.catalogue.record import Fault
from tests.cluster.documentation import blocks
from tests.cluster.harness import faults, managed, postgres, scenario
from tests.cluster.harness.cluster import Cluster
from tests.cluster.harness.fencing import PowerSwitch
from tests.cluster.harness.managed import Managed, Replication
from tests.cluster.harness.network import BRIDGE_ADDRESS
from tests.cluster.harness.scenario import ROWS_BEFORE
from tests.cluster.harness.wait import patient
from tests.cluster.harness.writer import Writer

pytestmark = pytest.mark.namespaces_only  # their network and their disks are at hand

RETAINED_BYTES = 64 << 20
REPLICATION = Replication(
    "sync",
    parameters={
        "replication_slot_name": "pgsr",
        "slot_retain_limit": str(RETAINED_BYTES),
    },
    settings="wal_keep_size = 0\n",
)
NODES = 2
MODE = "sync"

CATALOGUE = "faults/catalogue.rst"
LIMIT_S = 30.0
ADDRESS_LIMIT_S = 20.0  # its monitor comes every 10 s
FOR_EVER = 1_000_000
DELAY_FOR_THE_STANDBY = "5s"


def assert_nothing_lost(writer: Writer, pause_limit_s: float = LIMIT_S) -> None:
    """Assert what synchronous replication promises, and that writes resumed."""
    verdict = writer.verdict()
    assert verdict.lost_rows == (), str(verdict)
    assert verdict.longest_pause.length_s < patient(pause_limit_s), str(verdict)


@contextmanager
def clients_network_watched(cluster: Cluster) -> Iterator[None]:
    """Have the cluster do that as the catalogue shows it."""
    look, bind = blocks(CATALOGUE, "The primary does not reach the clients' network")
    assert f"host_list={BRIDGE_ADDRESS} " in look.text
    cluster.configure(look.text)
    for node in cluster.nodes:
        cluster.wait_for_attribute(node, "pingd", "1")
    cluster.configure(bind.text.replace("db-clone", scenario.CLONE))
    cluster.wait_until_idle()
    yield
    node = cluster.living_node()
    node.run("crm", "-F", "configure", "delete", "primary-reaches-clients")
    node.run("crm", "-F", "resource", "stop", "ping-clone")
    cluster.wait_until_idle()
    node.run("crm", "-F", "configure", "delete", "ping-clone", "ping")
    cluster.wait_until_idle()


@pytest.mark.fault("switchover")
def test_switchover(here: Managed, fault: Fault) -> None:
    with here.cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        fault.strikes(here, writer)
        scenario.move(here, here.standby)
        writer.wait_for_new_row()
        managed.wait_until_redundant(here.cluster)
        fault.shows("after")
    assert_nothing_lost(writer)


@pytest.mark.fault("primary-unplugged")
def test_unplugged_primary(here: Managed, fault: Fault) -> None:
    with here.cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        fault.strikes(here, writer)
        here.primary.unplug()
        assert scenario.wait_for_takeover(here, writer) is here.standby
        assert not here.primary.is_on
        fault.shows("after")
    assert_nothing_lost(writer)


@pytest.mark.fault("standby-server-killed")
def test_killed_postmaster_of_the_standby(here: Managed, fault: Fault) -> None:
    with here.cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        fault.strikes(here, writer)
        scenario.kill_server(here.standby)
        managed.wait_until_redundant(here.cluster)
        writer.wait_for_new_row()
        fault.shows("after")
    assert_nothing_lost(writer)


@pytest.mark.fault("standby-disk-full")
def test_full_disk_of_the_standby(here: Managed, fault: Fault) -> None:
    with here.cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        with faults.full_disk(here.standby):
            fault.strikes(here, writer)
            scenario.make_wal(here.primary, scenario.MORE_THAN_LEFT_MB)
            here.cluster.wait_for(
                f"{here.standby} no longer streaming",
                lambda seen: not managed.streams(seen, here.standby),
            )
            assert scenario.wait_for_writes(here.cluster, writer) is here.primary
            fault.shows("after")
        scenario.clean_up(here.cluster)
        managed.wait_until_redundant(here.cluster)
        fault.shows("repaired")
    assert_nothing_lost(writer)


@pytest.mark.fault("replication-cut")
def test_standby_that_does_not_reach_the_primary(here: Managed, fault: Fault) -> None:
    """Its node stays a member of the cluster, so that nobody is fenced."""
    with here.cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        fault.strikes(here, writer)
        with faults.cut_off_from_primary(here.standby):
            here.cluster.wait_for(
                f"{here.standby} no longer streaming",
                lambda seen: not managed.streams(seen, here.standby),
            )
            assert scenario.wait_for_writes(here.cluster, writer) is here.primary
            fault.shows("after")
        managed.wait_until_redundant(here.cluster)
        fault.shows("repaired")
    assert_nothing_lost(writer)
    assert here.standby.is_on


@pytest.mark.fault("interconnect-cut")
def test_only_corosync_is_cut_and_the_primary_stays(
    here: Managed, fault: Fault
) -> None:
    """Both nodes live and want to fence each other; the primary's gets ahead."""
    scenario.favour_the_primary_in_a_fencing_race(here.cluster, DELAY_FOR_THE_STANDBY)
    with here.cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        fault.strikes(here, writer)
        with faults.interconnect_cut(*here.cluster.nodes):
            here.cluster.wait_for_fenced(here.standby)
            assert scenario.wait_for_writes(here.cluster, writer) is here.primary
            fault.shows("after")
        assert here.primary.is_on
        here.standby.power_on()
        managed.wait_until_redundant(here.cluster)
    assert_nothing_lost(writer)


@pytest.mark.fault("service-network-cut")
def test_primary_that_does_not_reach_the_clients_moves(
    here: Managed, fault: Fault
) -> None:
    """Nothing but a resource that looks after their network notices."""
    cluster = here.cluster
    with cluster.writer() as writer, clients_network_watched(cluster):
        assert managed.wait_until_redundant(cluster).primary is here.primary
        writer.wait_for_rows(ROWS_BEFORE)
        fault.strikes(here, writer)
        with faults.cut_off_from(BRIDGE_ADDRESS, here.primary):
            assert scenario.wait_for_takeover(here, writer) is here.standby
            managed.wait_until_redundant(cluster)
            fault.shows("after")
    assert_nothing_lost(writer)


@pytest.mark.fault("address-removed")
def test_address_that_somebody_removed_comes_back(here: Managed, fault: Fault) -> None:
    with here.cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        fault.strikes(here, writer)
        faults.remove_address(here.primary)
        assert scenario.wait_for_writes(here.cluster, writer) is here.primary
        fault.shows("after")
        scenario.clean_up(here.cluster)
        managed.wait_until_redundant(here.cluster)
    assert_nothing_lost(writer, ADDRESS_LIMIT_S)


@pytest.mark.fault("replay-paused", once=True)
def test_paused_replay_holds_nobody_up(here: Managed, fault: Fault) -> None:
    with here.cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        fault.strikes(here, writer)
        postgres.sql(here.standby, "SELECT pg_wal_replay_pause()")
        here.cluster.wait_for_attribute(here.standby, managed.STATUS, "HS:paused")
        scenario.wait_until_nobody_is_waited_for(here)
        assert scenario.wait_for_writes(here.cluster, writer) is here.primary
        fault.shows("after")
        postgres.sql(here.standby, "SELECT pg_wal_replay_resume()")
        managed.wait_until_redundant(here.cluster)
        fault.shows("repaired")
    assert_nothing_lost(writer)


@pytest.mark.fault("demote-and-stop-fail")
def test_primary_that_can_not_be_stopped_is_fenced(here: Managed, fault: Fault) -> None:
    with here.cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        with faults.failing_actions(here.primary, "demote", "stop"):
            fault.strikes(here, writer)
            scenario.prefer(here.standby)
            assert scenario.wait_for_takeover(here, writer) is here.standby
            assert not here.primary.is_on
            fault.shows("after")
            scenario.prefer_none(here.cluster)
    assert_nothing_lost(writer)


@pytest.mark.fault("fencing-is-broken")
def test_nobody_is_promoted_before_the_administrator_says_that_the_node_is_off(
    here: Managed, fencing: PowerSwitch, fault: Fault
) -> None:
    cluster, primary = here.cluster, here.primary
    with cluster.writer() as writer, faults.failing_fencing(fencing, FOR_EVER):
        writer.wait_for_rows(ROWS_BEFORE)
        fault.strikes(here, writer)
        primary.cut_power()
        cluster.wait_for(
            f"{primary} unclean, and its fencing failed",
            lambda seen: primary.name in seen.unclean and scenario.fencing_failed(here),
        )
        before = len(writer.acknowledged)
        fault.shows("after", is_idle=False)
        assert len(writer.acknowledged) == before
        fault.by_hand()
        here.standby.run("stonith_admin", "--confirm", primary.name)
        assert scenario.wait_for_takeover(here, writer) is here.standby
    assert_nothing_lost(writer, 2 * LIMIT_S)


@pytest.mark.fault("slot-limit-reached", once=True)
def test_standby_that_was_away_too_long_needs_a_new_backup(
    here: Managed, fault: Fault
) -> None:
    """Its slot would have filled the disk of the primary, so it was dropped."""
    with here.cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        here.standby.cut_power()
        here.cluster.wait_for_fenced(here.standby)
        writer.wait_for_new_row()
        fault.strikes(here, writer)
        scenario.make_wal(here.primary, 4 * RETAINED_BYTES >> 20)
        scenario.wait_until_not_kept(here, here.standby)
        here.standby.power_on()
        here.cluster.wait_for_attribute(here.standby, managed.STATUS, "HS:alone")
        fault.shows("after")
        managed.rejoin(here.cluster, here.standby, here.primary)
        managed.wait_until_redundant(here.cluster)
        fault.shows("repaired")
    assert_nothing_lost(writer)
