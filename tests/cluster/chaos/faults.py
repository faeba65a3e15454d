# SPDX-License-Identifier: GPL-2.0-or-later
"""What can happen in a randomised run; each fault is undone at the end of its block.

A fault takes its victim and a source of randomness, and says in one line what it does.
Nodes that lose power, or that are fenced, stay off: the run is their administrator.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from random import Random
from typing import Callable, NamedTuple

from tests.cluster.harness import faults, managed, postgres, scenario
from tests.cluster.harness.cluster import Cluster
from tests.cluster.harness.construction import Construction
from tests.cluster.harness.machine import NoPower
from tests.cluster.harness.node import Node
from tests.cluster.harness.process import CommandFailed
from tests.cluster.harness.writer import Writer

SLOWEST_FENCING_S = 12.0
LONGEST_KILL_DELAY_S = 0.6
WAL_MEGABYTES = 64


class Scene(NamedTuple):
    """Where a fault strikes.

    `witnesses` takes clients beside a node: what was acknowledged to them is judged
    once the cluster serves again.
    """

    construction: Construction
    victim: Node
    is_primary: bool
    witnesses: list[Writer]
    random: Random
    tell: Callable[[str], None]


Fault = Callable[[Scene], AbstractContextManager[None]]


@contextmanager
def power_cut(scene: Scene) -> Iterator[None]:
    """The node loses power."""
    scene.victim.cut_power()
    yield


@contextmanager
def power_cut_of_all(scene: Scene) -> Iterator[None]:
    """All nodes lose power, one shortly after the other."""
    nodes = list(scene.construction.cluster.nodes)
    scene.random.shuffle(nodes)
    for node in nodes:
        node.cut_power()
    yield


@contextmanager
def killed_postmaster(scene: Scene) -> Iterator[None]:
    """The server's postmaster is killed."""
    with _server_may_be_gone():
        postgres.signal_postmaster(scene.victim, "KILL")
    yield


@contextmanager
def hanging_postmaster(scene: Scene) -> Iterator[None]:
    """The server's postmaster hangs until somebody ends it."""
    with _server_may_be_gone():
        postgres.signal_postmaster(scene.victim, "STOP")
    yield


@contextmanager
def hanging_node(scene: Scene) -> Iterator[None]:
    """All of the node hangs, shortly or until it is fenced."""
    with faults.hang(scene.victim):
        yield


@contextmanager
def unplugged(scene: Scene) -> Iterator[None]:
    """The node is cut off, with a client on its side; fencing takes its time.

    It fails at first, perhaps.
    """
    switch = scene.construction.power_switch
    delay_s = scene.random.uniform(0.0, SLOWEST_FENCING_S)
    failures = scene.random.choice((0, 0, 1, 3))
    scene.tell(f"    fencing takes {delay_s:.1f} s and fails {failures} times")
    slow = faults.slow_fencing(switch, delay_s)
    with slow, faults.failing_fencing(switch, failures), _witness(scene):
        scene.victim.unplug()
        yield
        scene.victim.plug()


@contextmanager
def bad_network(scene: Scene) -> Iterator[None]:
    """The network of all nodes is narrow and lossy."""
    nodes = scene.construction.cluster.nodes
    with faults.narrow_network(*nodes), faults.lossy_network(*nodes):
        yield


@contextmanager
def cut_off_from_primary(scene: Scene) -> Iterator[None]:
    """The node does not reach the virtual address."""
    with faults.cut_off_from_primary(scene.victim):
        yield


@contextmanager
def full_disk(scene: Scene) -> Iterator[None]:
    """The database's disk is full."""
    with faults.full_disk(scene.victim):
        with _server_may_be_gone():
            scenario.make_wal(scene.victim, WAL_MEGABYTES)
        yield


@contextmanager
def killed_daemon(scene: Scene) -> Iterator[None]:
    """One of Pacemaker's daemons is killed."""
    name = scene.random.choice(faults.DAEMONS)
    scene.tell(f"    {name}")
    with _server_may_be_gone():
        faults.kill_daemon(scene.victim, name)
    yield


@contextmanager
def killed_pacemaker(scene: Scene) -> Iterator[None]:
    """All of Pacemaker's daemons are killed; the server goes on."""
    with _server_may_be_gone():
        faults.kill_pacemaker(scene.victim)
    yield


@contextmanager
def switchover(scene: Scene) -> Iterator[None]:
    """The administrator wants the primary on the node."""
    with _server_may_be_gone():
        scenario.prefer(scene.victim)
    yield


@contextmanager
def switchover_with_killed_agent(scene: Scene) -> Iterator[None]:
    """The administrator wants the primary there, and the agent is killed."""
    action = scene.random.choice(("promote", "demote", "start", "notify"))
    delay_s = scene.random.uniform(0.0, LONGEST_KILL_DELAY_S)
    nodes = scene.construction.cluster.nodes
    node = scene.random.choice(nodes)
    scene.tell(f"    {action} on {node}, killed after {delay_s:.2f} s")
    with faults.agent_killed(node, action, delay_s) as outcome:
        with _server_may_be_gone():
            scenario.prefer(scene.victim)
        yield
        with suppress(CommandFailed):
            scene.tell(f"    the agent: {outcome()}")


@contextmanager
def standby_node(scene: Scene) -> Iterator[None]:
    """The administrator puts the node in standby."""
    cluster = scene.construction.cluster
    command = ("crm_standby", "--node", scene.victim.name)
    with _server_may_be_gone():
        cluster.living_node().run(*command, "--update", "on")
    yield


FAULTS: tuple[Fault, ...] = (
    *(power_cut, power_cut_of_all, killed_postmaster, hanging_postmaster),
    *(hanging_node, unplugged, bad_network, cut_off_from_primary, full_disk),
    *(killed_daemon, killed_pacemaker, switchover, switchover_with_killed_agent),
    standby_node,
)


def undo_administration(cluster: Cluster) -> bool:
    """Take back what the administrator did, and clean up; False if it did not work."""
    commands = (
        ("crm_resource", "--resource", scenario.CLONE, "--clear"),
        *(
            ("crm_standby", "--node", name, "--delete")
            for name in managed.names(cluster)
        ),
        ("crm_resource", "--cleanup"),
    )
    try:
        node = cluster.living_node()
        return all(node.run(*argv, check=False).returncode == 0 for argv in commands)
    except (AssertionError, CommandFailed, NoPower):
        return False


@contextmanager
def _witness(scene: Scene) -> Iterator[None]:
    """Have a client write beside the victim, if that is the primary's node."""
    cluster = scene.construction.cluster
    table = f"acknowledged_beside_{scene.victim}"
    with ExitStack() as clients:
        if scene.is_primary and not scene.witnesses:
            with _server_may_be_gone():
                witness = clients.enter_context(cluster.writer(table, scene.victim))
                scene.witnesses.append(witness)
        yield


@contextmanager
def _server_may_be_gone() -> Iterator[None]:
    """Accept that an earlier fault has taken what this one strikes."""
    try:
        yield
    except (AssertionError, CommandFailed, IndexError, NoPower, OSError):
        return
