# SPDX-License-Identifier: GPL-2.0-or-later
"""A cluster that runs, taken over from the stock agent by packages, and given back.

On Debian 13 with Pacemaker 3.0 and PostgreSQL 17. A client writes all the time. Nothing
of the cluster's configuration is changed, and no server is restarted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.cluster.harness import managed, postgres, scenario, standalone
from tests.cluster.harness.cluster import Cluster
from tests.cluster.harness.construction import Construction, constructed
from tests.cluster.harness.managed import Managed, Replication
from tests.cluster.harness.node import Node
from tests.cluster.harness.scenario import ROWS_BEFORE
from tests.cluster.harness.writer import Writer
from tests.packages.building import Packages
from tests.packages.conftest import new_name
from tests.packages.deb import AGENT_PACKAGE, DROPIN_PACKAGE
from tests.provision import root

MADE_BY_THE_HARNESS = ("/usr/lib/ocf/resource.d/pgsr", "/usr/lib/ocf/lib/pgsr")
OF_OURS_ALONE = 'parameter name="trigger_file"'


@pytest.fixture
def stock_nodes() -> Iterator[Construction]:
    """Two nodes as the distribution's packages leave them."""
    with constructed(new_name(), lower=root.nodes()) as construction:
        for machine in construction.machines:
            for path in MADE_BY_THE_HARNESS:
                construction.site.run("rm", "-rf", machine.root / path.lstrip("/"))
        yield construction


def install(node: Node, packages: Packages) -> None:
    """Install both packages on a node that runs."""
    names = [_bring(node, package) for package in packages.debs]
    node.run("dpkg", "--install", *names, timeout_s=120.0)
    assert is_ours(node)


def is_ours(node: Node) -> bool:
    """Tell whether the agent that Pacemaker calls on a node is ours."""
    return (
        OF_OURS_ALONE
        in node.run("crm_resource", "--show-metadata", managed.STOCK).stdout
    )


def _bring(node: Node, package: Path) -> str:
    name = f"/root/{package.name}"
    machine = node.machine
    assert hasattr(machine, "file")
    machine.file(name).write_bytes(package.read_bytes())
    return name


def remove(node: Node) -> None:
    """Remove both packages from a node that runs."""
    node.run("dpkg", "--remove", DROPIN_PACKAGE, AGENT_PACKAGE, timeout_s=120.0)
    assert not is_ours(node)


def configuration(cluster: Cluster) -> str:
    """Return resources, constraints and options; the rest is attributes and status.

    When a failure was cleaned up last is no option, though it is kept among them.
    """
    node = cluster.living_node()
    scopes = ("resources", "constraints", "crm_config", "op_defaults")
    asked = [
        node.run("cibadmin", "--query", f"--scope={scope}", check=False).stdout
        for scope in scopes
    ]
    lines = "".join(asked).splitlines()
    return "\n".join(line for line in lines if "last-lrm-refresh" not in line)


def wait_until_watched(cluster: Cluster, nodes: Sequence[Node]) -> None:
    """Wait until monitors that ended since now say that all is well everywhere."""
    for node in nodes:
        scenario.look(node)
    cluster.wait_until_idle()
    assert cluster.status().failures == (), cluster.evidence()


def fail_over(before: Managed, writer: Writer) -> Managed:
    """Cut the primary's power, switch it on, and wait until the cluster is whole.

    By itself, unless the lost primary had written what nobody received. It is refused
    then, and gets a new copy.
    """
    before.primary.cut_power()
    assert scenario.wait_for_takeover(before, writer) is before.standby
    before.cluster.wait_for_fenced(before.primary)
    before.primary.power_on()
    before.cluster.wait_for_online(*before.cluster.nodes)
    scenario.wait_for_redundancy(before.cluster, before.primary)
    return managed.repaired(before.cluster)


def test_a_replicating_cluster_is_taken_over_and_given_back_as_it_runs(
    stock_nodes: Construction, built: Packages
) -> None:
    cluster = stock_nodes.cluster
    here = managed.start_cluster(cluster, Replication("sync", agent=managed.STOCK))
    with cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        configured, running = (
            configuration(cluster),
            postgres.start_times(cluster.nodes),
        )
        for node in (here.standby, here.primary):
            install(node, built)
            wait_until_watched(cluster, cluster.nodes)
            assert managed.wait_until_redundant(cluster) == here
        writer.wait_for_new_row()
        assert configuration(cluster) == configured
        assert postgres.start_times(cluster.nodes) == running
        here = fail_over(here, writer)
        scenario.move(here, here.standby)
        here = managed.wait_until_redundant(cluster)
        writer.wait_for_new_row()
        assert configuration(cluster) == configured
        running = postgres.start_times(cluster.nodes)
        for node in (here.standby, here.primary):
            remove(node)
            wait_until_watched(cluster, cluster.nodes)
            assert managed.wait_until_redundant(cluster) == here
        assert postgres.start_times(cluster.nodes) == running
        writer.wait_for_new_row()
        here.primary.cut_power()
        assert scenario.wait_for_takeover(here, writer) is here.standby
    assert writer.verdict().lost_rows == ()


def test_a_cluster_that_has_one_node_taken_over_loses_nothing(
    stock_nodes: Construction, built: Packages
) -> None:
    """The packages are on one node only; its agent takes over from the stock one."""
    cluster = stock_nodes.cluster
    here = managed.start_cluster(cluster, Replication("sync", agent=managed.STOCK))
    with cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        install(here.standby, built)
        wait_until_watched(cluster, cluster.nodes)
        here.primary.cut_power()
        assert scenario.wait_for_takeover(here, writer) is here.standby
    assert writer.verdict().lost_rows == ()


def test_a_server_alone_is_taken_over_and_given_back_as_it_runs(
    stock_nodes: Construction, built: Packages
) -> None:
    cluster = stock_nodes.cluster
    standalone.start_cluster(cluster)
    first, second = standalone.where_it_runs(cluster)
    with cluster.writer() as writer:
        writer.wait_for_rows(ROWS_BEFORE)
        configured, running = configuration(cluster), postgres.start_times([first])
        for node in (second, first):
            install(node, built)
            wait_until_watched(cluster, [first])
        assert (configuration(cluster), postgres.start_times([first])) == (
            configured,
            running,
        )
        first.cut_power()
        cluster.wait_for_role(second, "started")
        writer.wait_for_new_row()
        cluster.wait_for_fenced(first)
        first.power_on()
        cluster.wait_for_online(*cluster.nodes)
        cluster.wait_until_idle()
        running = postgres.start_times([second])
        for node in (first, second):
            remove(node)
            wait_until_watched(cluster, [second])
        assert (configuration(cluster), postgres.start_times([second])) == (
            configured,
            running,
        )
        second.cut_power()
        cluster.wait_for_role(first, "started")
        writer.wait_for_new_row()
    assert writer.verdict().lost_rows == ()
