# SPDX-License-Identifier: GPL-2.0-or-later
"""The harness itself: it leaves nothing behind, and judges rightly."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cluster.harness import record, timeline
from tests.cluster.harness.configuration import crm_properties
from tests.cluster.harness.construction import Construction, constructed
from tests.cluster.harness.method import REPRESS_START
from tests.cluster.harness.network import node_address
from tests.cluster.harness.site import RUN_DIRECTORY
from tests.cluster.harness.verdict import Acknowledged, judge
from tests.cluster.harness.wait import NeverHappened, wait_until
from tests.processes import belonging_to, describe

CHECKOUT = Path(__file__).parents[2]
CONSTRUCT_AND_WAIT = """
import sys
from tests.cluster.harness.construction import construct
for node in construct(sys.argv[1]).cluster.nodes:
    node.boot_without_cluster()
    node.start_cluster()
print("up", flush=True)
sys.stdin.read()
"""


def mounts() -> str:
    """Return the machine's mounts."""
    return Path("/proc/self/mounts").read_text()


def interfaces() -> set[str]:
    """Return the machine's network interfaces."""
    return set(os.listdir("/sys/class/net"))


@pytest.mark.namespaces_only
def test_killed_harness_leaves_no_process_and_the_next_start_removes_its_record() -> (
    None
):
    name = f"killed-{os.getpid()}"
    before = (mounts(), interfaces())
    with subprocess.Popen(
        [sys.executable, "-c", CONSTRUCT_AND_WAIT, name],
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as harness:
        assert harness.stdout is not None
        assert harness.stdout.readline() == "up\n"
        directory = RUN_DIRECTORY / name
        assert belonging_to(directory), "the nodes' first processes name it"
        assert (mounts(), interfaces()) == before
        harness.send_signal(signal.SIGKILL)
    wait_until(
        "end of all processes of the killed harness",
        lambda: not belonging_to(directory),
        timeout_s=20,
        evidence=lambda: "\n".join(map(describe, belonging_to(directory))),
    )
    assert name in record.sweep()
    assert not directory.exists()
    assert (mounts(), interfaces()) == before


def test_node_reaches_its_peer_and_nothing_outside(new_nodes: Construction) -> None:
    node1, node2 = new_nodes.cluster.nodes
    for node in (node1, node2):
        node.boot_without_cluster()
    ping = ("ping", "-c", "1", "-W", "1")
    assert node1.run(*ping, node2.name, check=False).returncode == 0
    assert node1.run("ip", "route", "show", "default").stdout == ""
    node2.unplug()
    assert node1.run(*ping, node2.name, check=False).returncode != 0
    node2.plug()
    wait_until(
        "an answer of the peer that is plugged in again",
        lambda: node1.run(*ping, node_address(2), check=False).returncode == 0,
        timeout_s=10,
    )


def test_disk_outlives_a_power_cut_and_differs_from_the_machine(
    new_nodes: Construction,
) -> None:
    node1, node2 = new_nodes.cluster.nodes
    node1.boot_without_cluster()
    node1.run("mkdir", "-p", str(Path(REPRESS_START).parent))
    node1.run("touch", REPRESS_START)
    node1.run("touch", "/run/volatile")
    node1.cut_power()
    node1.boot_without_cluster()
    assert node1.run("test", "-e", REPRESS_START, check=False).returncode == 0
    assert node1.run("test", "-e", "/run/volatile", check=False).returncode != 0
    node2.boot_without_cluster()
    assert node2.run("test", "-e", REPRESS_START, check=False).returncode != 0


@pytest.mark.namespaces_only
def test_three_nodes_form_a_cluster_and_fence_the_one_that_loses_power() -> None:
    with constructed(f"three-{os.getpid()}", count=3) as construction:
        cluster = construction.cluster
        for node in cluster.nodes:
            node.power_on()
        cluster.wait_for_online(*cluster.nodes)
        cluster.configure(crm_properties(cluster.fencing))
        cluster.wait_for(
            "a power switch", lambda seen: seen.where("power-switch") != ""
        )
        node1, node2, node3 = cluster.nodes
        node1.cut_power()
        cluster.wait_for_fenced(node1)
        cluster.wait_for_online(node2, node3)
        requests = construction.power_switch.history
        assert [(done.action, done.target) for done in requests] == [("off", "node1")]


def test_acknowledged_rows_that_do_not_survive_are_lost() -> None:
    acknowledged = [Acknowledged(1, 10.0), Acknowledged(2, 10.1), Acknowledged(5, 14.0)]
    verdict = judge(acknowledged, surviving={1, 3, 5}, ended_at=14.2)
    assert verdict.lost_rows == (2,)
    assert verdict.longest_pause.length_s == pytest.approx(3.9)
    assert verdict.longest_pause.began_at == 10.1
    assert verdict.lost_span_s == 0.0


def test_pause_that_lasts_until_the_end_counts() -> None:
    verdict = judge([Acknowledged(1, 10.0)], surviving={1}, ended_at=17.0)
    assert verdict.longest_pause.length_s == 7.0


def test_time_line_takes_the_first_line_after_the_fault() -> None:
    corosync = (
        "Nov 23 00:13:10.100 [28] node2 corosync notice  [QUORUM] Sync left[1]: 1\n"
        "Nov 23 00:13:20.905 [28] node2 corosync notice  [QUORUM] Sync left[1]: 1\n"
    )
    fault = 1795392798.7  # 2026-11-23 00:13:18.7 UTC
    events = timeline.failover([corosync], "", fault, "node1", "node2")
    assert [event.text for event in events] == ["node1 left the membership"]
    assert events[0].at - fault == pytest.approx(2.205, abs=0.001)


def test_wait_that_strikes_out_shows_what_was_awaited_and_the_evidence() -> None:
    with pytest.raises(NeverHappened, match=r"(?s)the impossible.*nothing happened"):
        wait_until("the impossible", bool, 0.1, lambda: "nothing happened")
