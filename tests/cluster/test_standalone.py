# SPDX-License-Identifier: GPL-2.0-or-later
"""One server on storage that both nodes reach, configured as for the stock agent."""

from __future__ import annotations

import pytest

from tests.cluster.catalogue.record import Fault
from tests.cluster.conftest import Replicated
from tests.cluster.harness import postgres, standalone
from tests.cluster.harness.construction import Construction
from tests.cluster.harness.limits import HANG_LIMIT_S
from tests.cluster.harness.wait import patient

MODE = "standalone"

KILL_LIMIT_S = 20.0


def started(new_nodes: Construction) -> Replicated:
    """A cluster whose server runs; its "standby" is the node that waits for it."""
    cluster = new_nodes.cluster
    new_nodes.install_drop_in()
    standalone.start_cluster(cluster)
    return Replicated(cluster, *standalone.where_it_runs(cluster))


@pytest.mark.fault("primary-power-cut")
def test_power_cut_moves_the_server_and_its_data_to_the_other_node(
    new_nodes: Construction, fault: Fault
) -> None:
    cluster, first, second = here = started(new_nodes)
    with cluster.writer() as writer:
        writer.wait_for_rows(100)
        fault.strikes(here, writer)
        first.cut_power()
        cluster.wait_for_role(second, "started")
        writer.wait_for_new_row()
    verdict = writer.verdict()
    assert verdict.lost_rows == ()
    fault.shows("after")
    first.power_on()
    cluster.wait_for_online(first, second)
    cluster.wait_until_idle()
    assert cluster.status().failures == ()
    assert standalone.where_it_runs(cluster) == (second, first)
    fault.shows("repaired")


@pytest.mark.fault("primary-server-killed")
def test_killed_postmaster_is_started_again(
    new_nodes: Construction, fault: Fault
) -> None:
    start_again(started(new_nodes), "KILL", KILL_LIMIT_S, fault)


@pytest.mark.fault("primary-server-hangs", once=True)
def test_hanging_postmaster_is_ended_and_started_again(
    new_nodes: Construction, fault: Fault
) -> None:
    start_again(started(new_nodes), "STOP", HANG_LIMIT_S, fault)


def start_again(here: Replicated, signal: str, limit_s: float, fault: Fault) -> None:
    """Send the postmaster a signal, and see that there is a new one soon."""
    cluster, first, _ = here
    with cluster.writer() as writer:
        writer.wait_for_rows(100)
        fault.strikes(here, writer)
        postgres.signal_postmaster(first, signal, standalone.DATA_DIRECTORY)
        cluster.wait_for("the failure", lambda seen: seen.failures != ())
        cluster.wait_until_idle()
        writer.wait_for_new_row()
        fault.shows("after")
    verdict = writer.verdict()
    assert verdict.lost_rows == ()
    assert verdict.longest_pause.length_s < patient(limit_s), str(verdict)
    assert all(node.is_on for node in cluster.nodes)
