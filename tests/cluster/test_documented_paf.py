# SPDX-License-Identifier: GPL-2.0-or-later
"""From PAF and back by the documented commands, while servers and clients go on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.bench import paf
from tests.cluster import moving
from tests.cluster.documentation import (
    ADDRESS,
    CONFIGURATION,
    CRMSH,
    RESOURCE,
    all_blocks,
    run,
    wait_for,
)
from tests.cluster.harness import managed, postgres
from tests.cluster.harness.cluster import Cluster
from tests.cluster.harness.limits import UNDISTURBED_S
from tests.cluster.harness.node import Node
from tests.cluster.harness.status import Status
from tests.cluster.harness.wait import wait_until
from tests.cluster.moving import DATA, LANGUAGES, follow

pytestmark = pytest.mark.namespaces_only

PAGE = "howto/from-paf.rst"
FILES = "2. The agent's files (every node)"
RESOURCE_STEP = "3. The resource (any node)"
END = "4. End maintenance (any node)"
BACK = "5. Back to PAF"
FILES_GO = "6. The agent's files go (every node)"
GIVE = "7. Give it to PAF (any node)"
SCORE = f"master-{RESOURCE}"
# As PAF's documentation has it; the home directory of its servers is not the user's.
OWN_SETTINGS = """\
primary_conninfo = 'host={host} user=replicator application_name={name}
 passfile=/var/lib/postgresql/.pgpass connect_timeout=5'
recovery_target_timeline = 'latest'
""".replace("\n passfile", " passfile")
CONSTRAINTS = """\
clone db-clone db meta promotable=true notify=true
primitive address ocf:heartbeat:IPaddr2 \\
    params ip={host} cidr_netmask=24 op monitor interval=10s timeout=20s
colocation address-with-primary inf: address db-clone:Promoted
order promote-then-address Mandatory: db-clone:promote address:start symmetrical=false
order demote-then-address Mandatory: db-clone:demote address:stop symmetrical=false
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A cluster that PAF runs: a primary on node1, its standby on node2."""
    with moving.nodes("paf") as made:
        for node in made.nodes:
            set_up_for_paf(node)
        moving.make_data(made, copy_for_paf)
        [resource] = [
            block
            for block in all_blocks(PAGE, BACK)
            if block.caption == "crmsh, paf.crm"
        ]
        made.configure(resource.text + CONSTRAINTS.format(host=ADDRESS))
        wait_for_paf(made)
        yield made


def set_up_for_paf(node: Node) -> None:
    """Write what is the node's own: its name, and that it never follows itself."""
    settings = OWN_SETTINGS.format(host=ADDRESS, name=node.name)
    node.machine.write(str(CONFIGURATION / "conf.d/paf.conf"), settings)
    path = str(CONFIGURATION / "pg_hba.conf")
    own = "".join(
        f"host replication all {address}/32 reject\n"
        for address in (ADDRESS, node.address)
    )
    node.machine.write(path, own + node.machine.read(path), 0o640)


def copy_for_paf(node: Node, source: Node) -> None:
    """Copy the primary's data; run it once by hand, or PAF does not start it."""
    moving.copy_data(node, source)
    node.run("runuser", "-u", "postgres", "--", "touch", f"{DATA}/standby.signal")
    for action in ("start", "stop"):
        node.run("pg_ctlcluster", "15", "main", action)


def wait_for_paf(cluster: Cluster) -> None:
    """Wait until PAF holds every standby to be fit for promotion."""
    primary, standby = moving.roles(cluster)

    def is_whole(seen: Status) -> bool:
        return (
            seen.role(RESOURCE, standby.name) == "unpromoted"
            and seen.attribute(primary.name, SCORE) == "1001"
            and seen.attribute(standby.name, SCORE) == "1000"
        )

    cluster.wait_for("PAF's scores of a whole cluster", is_whole)
    cluster.wait_until_idle()
    assert cluster.status().failures == (), cluster.evidence()
    assert moving.agent(primary) == paf.AGENT


def wait_for_ours(cluster: Cluster) -> None:
    moving.wait_until_whole(cluster)
    assert moving.agent(cluster.nodes[0]) == managed.OURS


def move(cluster: Cluster, language: str) -> None:
    node1, *_ = cluster.nodes
    for node in cluster.nodes:
        follow(node, PAGE, FILES)
    follow(node1, PAGE, RESOURCE_STEP, language)
    assert cluster.status().attribute(node1.name, f"{RESOURCE}-status") in ("PRI", "")
    follow(node1, PAGE, END, language)
    wait_for_ours(cluster)


def move_back(cluster: Cluster, language: str) -> None:
    follow(cluster.nodes[0], PAGE, BACK, language)
    lines, slots = all_blocks(PAGE, FILES_GO)
    primary, standby = moving.roles(cluster)
    for node in (primary, standby):
        run(node, lines)
    wait_until_streaming(cluster, primary, standby)
    for node in (primary, standby):
        run(node, slots)
        assert postgres.sql(node, "SELECT count(*) FROM pg_replication_slots") == "0"
    follow(cluster.nodes[0], PAGE, GIVE, language)
    follow(cluster.nodes[0], PAGE, END, language)
    wait_for_paf(cluster)


def wait_until_streaming(cluster: Cluster, primary: Node, standby: Node) -> None:
    """Wait until the standby streams as PAF's settings say: without a slot."""
    asked = (
        "SELECT application_name FROM pg_stat_replication WHERE state = 'streaming'"
        " AND pid NOT IN"
        " (SELECT active_pid FROM pg_replication_slots WHERE active_pid IS NOT NULL)"
    )
    wait_until(
        f"{standby} streaming without a slot",
        lambda: postgres.sql(primary, asked) == standby.name,
        30.0,
        cluster.evidence,
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_moved_and_moved_back_while_the_servers_run(
    cluster: Cluster, language: str
) -> None:
    running = postgres.start_times(cluster.nodes)
    with cluster.writer() as writer:
        writer.wait_for_rows(moving.ROWS)
        move(cluster, language)
        writer.wait_for_new_row()
        move_back(cluster, language)
        writer.wait_for_new_row()
    assert postgres.start_times(cluster.nodes) == running
    verdict = writer.verdict()
    assert verdict.lost_rows == ()
    print(f"moved from PAF and back: {verdict}")
    assert verdict.longest_pause.length_s < UNDISTURBED_S, verdict


def test_after_the_move_it_switches_over_and_back_without_a_hand(
    cluster: Cluster,
) -> None:
    """Each server is started by the new agent once, and follows as that one says."""
    move(cluster, CRMSH)
    for _ in cluster.nodes:
        primary, standby = moving.roles(cluster)
        primary.run("crm", "node", "standby", primary.name)
        wait_for(cluster, standby, "promoted", "PRI")
        primary.run("crm", "node", "online", primary.name)
        wait_for_ours(cluster)
        assert "5432" in postgres.sql(primary, "SHOW primary_conninfo")
        assert postgres.sql(primary, "SHOW primary_slot_name") == f"pgsr_{primary.name}"


def test_after_the_move_a_failover_loses_nothing(cluster: Cluster) -> None:
    with cluster.writer() as writer:
        writer.wait_for_rows(moving.ROWS)
        _, lost = moving.fail_over(cluster, writer)
    assert writer.verdict().lost_rows == ()
    moving.bring_back(cluster, lost)


def test_moved_back_after_all_that_paf_fails_over_too(cluster: Cluster) -> None:
    with cluster.writer() as writer:
        writer.wait_for_rows(moving.ROWS)
        move_back(cluster, CRMSH)
        writer.wait_for_new_row()
        moving.fail_over(cluster, writer)
