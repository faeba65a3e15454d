# SPDX-License-Identifier: GPL-2.0-or-later
"""What is done with a cluster of three nodes, typed as it is in the pages.

They are set up with pcs; monitoring, an address for readers, TLS and roles follow, and
a node that goes and comes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.cluster.documentation import (
    ADDRESS,
    CONFIGURATION,
    CRMSH,
    PASSWORD,
    RESOURCE,
    blocks,
    captioned,
    debian_nodes,
    run,
    wait_for,
)
from tests.cluster.documented_three import (
    SECURITY,
    copy_certificates,
    edit_access,
    in_certificates,
    prepare,
    rewind_over_tls,
    roles,
    run_and_join,
    wait_for_all,
    wait_for_readers_at,
    wait_for_tls,
)
from tests.cluster.harness import faults, postgres
from tests.cluster.harness.cluster import Cluster
from tests.cluster.harness.node import Node
from tests.cluster.harness.process import CommandFailed
from tests.cluster.harness.wait import patient, wait_until
from tests.cluster.moving import DIVERGED, SET_UP

pytestmark = pytest.mark.namespaces_only

READERS = "howto/read-only-address.rst"
MONITORING = "howto/monitoring.rst"
NODES = "howto/nodes.rst"
ALERT = "/usr/local/sbin/db-alert"
ALERT_LOG = "/var/log/pacemaker/db-changes.log"
CHECK = "one command; it fails when nobody could take over now"
HOST_LINES = (
    "host  replication  replicator  192.0.2.0/24  scram-sha-256\n"
    "host  postgres     postgres    192.0.2.0/24  scram-sha-256\n"
)
PEERS = "local   all             all                                     peer\n"
NO_CLUSTER = 102  # of crm_mon, as in the page
WARNED_S = 20.0  # some monitors of a standby
WRITTEN_LAST = "SET synchronous_commit = local; CREATE TABLE written_last AS SELECT 1"
UNNOTICED_S = 3.0  # a pause of writes while a node comes or goes; here it may be busy


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Three nodes as Debian's packages leave them, with a cluster and fencing."""
    with debian_nodes(f"test-{os.getpid()}-three", count=3) as made:
        made.clients = made.clients._replace(host=ADDRESS)
        yield made


def first_value(shown: str) -> str:
    """The first column of the only row that psql shows."""
    return shown.splitlines()[2].split("|")[0].strip()


def test_three_nodes_are_set_up_by_the_documented_commands_of_pcs(
    cluster: Cluster,
) -> None:
    prepare(cluster)
    run(cluster.nodes[0], captioned(SET_UP, "pcs, three nodes"))
    primary, _ = roles(cluster)
    names = postgres.sql(primary, "SHOW synchronous_standby_names")
    assert names.startswith("ANY 1 ")
    assert cluster.status().failures == ()
    said = primary.run("crm_resource", "--resource", RESOURCE, "--validate=10").stdout
    assert "WARNING" not in said


def test_the_documented_commands_of_monitoring_say_what_there_is(
    cluster: Cluster,
) -> None:
    primary, standbys = roles(cluster)
    for node in cluster.nodes:
        node.machine.write(ALERT, captioned(MONITORING, ALERT).text, 0o755)
    [_, resource] = blocks(MONITORING, "Be told: an alert")
    cluster.configure(resource.text)
    assert run(primary, captioned(MONITORING, CHECK)) == ""
    quorum = run(
        primary, captioned(MONITORING, "quorum is 1, and no fencing has failed")
    )
    assert quorum.startswith("1\n")
    [look] = blocks(MONITORING, "In one look")
    assert "HS:quorum" in run(primary, look)
    states = run(primary, captioned(MONITORING, "the status of every node"))
    assert states.count("HS:quorum") == len(standbys)
    failures = run(primary, captioned(MONITORING, "failures and their reasons"))
    assert "<failure " not in failures
    rows = run(primary, captioned(MONITORING, "standbys, on the primary"))
    assert rows.count("| quorum ") == len(standbys)
    for node in cluster.nodes:
        slots = run(node, captioned(MONITORING, "what each slot keeps, on every node"))
        assert slots.count(" reserved ") == len(standbys)
    assert_warned_of_a_pause(cluster, standbys[0])


def assert_warned_of_a_pause(cluster: Cluster, standby: Node) -> None:
    """Assert that the documented look at the log shows what is warned of."""
    [logs] = blocks(MONITORING, "The logs")
    warning = "WARNING: Replay is paused"
    assert warning not in run(standby, logs)
    postgres.sql(standby, "SELECT pg_wal_replay_pause()")
    wait_until(
        "the warning in the log", lambda: warning in run(standby, logs), WARNED_S
    )
    postgres.sql(standby, "SELECT pg_wal_replay_resume()")
    wait_for_all(cluster)


def test_readers_and_monitoring_notice_that_no_standby_is_left(
    cluster: Cluster,
) -> None:
    primary, standbys = roles(cluster)
    resources, look = blocks(READERS, "The resources")
    [question] = blocks(READERS, "What such a client sees")
    cluster.configure(resources.text)
    first = wait_for_readers_at(cluster, *standbys)
    assert f"running on: {first.name}" in run(primary, look)
    assert first_value(run(primary, question)) == "t"
    [second] = [node for node in standbys if node is not first]
    primary.run("crm", "node", "standby", first.name)
    wait_for_readers_at(cluster, second)
    primary.run("crm", "node", "standby", second.name)
    wait_for_readers_at(cluster, primary)
    assert first_value(run(primary, question)) == "f"
    cluster.wait_for_role(second, "stopped", RESOURCE)
    with pytest.raises(CommandFailed, match="CRITICAL: no standby of db may take over"):
        run(primary, captioned(MONITORING, CHECK))
    for node in standbys:
        primary.run("crm", "node", "online", node.name)
    wait_for_readers_at(cluster, *standbys)
    wait_for_all(cluster)
    told = second.machine.read(ALERT_LOG)
    assert f"stop of db on {second.name}: ok\n" in told
    assert f"start of db on {second.name}: ok\n" in told
    assert "monitor of db" not in told


def test_standbys_connect_with_tls_and_certificates_of_their_own(
    cluster: Cluster,
) -> None:
    node1 = cluster.nodes[0]
    for caption in ("the authority", "the replication role's certificate"):
        run(node1, in_certificates(captioned(SECURITY, caption), node1))
    settings, access, reload = blocks(SECURITY, "2. The servers speak TLS")
    for node in cluster.nodes:
        own = captioned(SECURITY, "a node's certificate")
        run(node1, in_certificates(own, node))
        copy_certificates(node1, node)
        run(node, in_certificates(captioned(SECURITY, "on each node"), node))
        node.machine.write(str(CONFIGURATION / "conf.d/tls.conf"), settings.text)
        edit_access(node, "", "", last=access.text)
        run(node, reload)
    [options, _, question] = blocks(SECURITY, "3. The standbys connect with TLS")
    run(node1, options)
    primary = wait_for_tls(cluster)
    for node in cluster.nodes:
        edit_access(node, HOST_LINES, "")
        run(node, reload)
    assert run(primary, question).count("| t   | TLSv1.3 | /CN=replicator") == 2


def test_the_agent_and_pg_rewind_work_with_roles_that_may_little(
    cluster: Cluster,
) -> None:
    primary, standbys = roles(cluster)
    made, local, names, _, rewind = blocks(SECURITY, "4. Roles")
    run(primary, made, f"{PASSWORD}\n{PASSWORD}\n")
    [reload] = blocks(SECURITY, "2. The servers speak TLS")[2:]
    for node in cluster.nodes:
        edit_access(node, PEERS, local.text + PEERS)
        node.machine.write(str(CONFIGURATION / "pg_ident.conf"), names.text, 0o640)
        password = f"*:5432:postgres:rewinder:{PASSWORD}\n"
        postgres.append(node, "/var/lib/postgresql/.pgpass", password)
        run(node, reload)
    [by_pcs] = [b for b in blocks(SECURITY, "4. Roles", CRMSH) if b.caption == "pcs"]
    run(primary, by_pcs)
    cluster.wait_until_idle()  # the servers restart
    primary, standbys = roles(cluster)
    stopped = standbys[0]
    primary.run("crm", "node", "standby", stopped.name)
    cluster.wait_for_role(stopped, "stopped", RESOURCE)
    assert "no rewind required" in run_and_join(stopped, rewind)
    primary.run("crm", "node", "online", stopped.name)
    wait_for_all(cluster)
    for node in cluster.nodes:
        assert "monitor_user watcher may not see" not in node.log("pacemaker")


def test_a_lost_primary_is_rewound_over_tls_and_all_standbys_use_it_again(
    cluster: Cluster,
) -> None:
    primary, standbys = roles(cluster)
    with cluster.writer() as writer:
        writer.wait_for_rows(100)
        with faults.cut_off_from(ADDRESS, *standbys):
            postgres.sql(primary, WRITTEN_LAST)
            primary.cut_power()
        writer.wait_for_new_row()
        cluster.wait_for_fenced(primary)
        primary.power_on()
        wait_for(cluster, primary, "stopped", DIVERGED)
        [successor] = [n for n in standbys if not postgres.is_in_recovery(n)]
        rewind_over_tls(primary, successor)
        assert wait_for_tls(cluster) is successor
    assert writer.verdict().lost_rows == ()
    assert postgres.sql(successor, "SELECT to_regclass('written_last')") == ""
    told = "".join(node.machine.read(ALERT_LOG) for node in cluster.nodes)
    assert "fencing: " in told
    assert "promote of db on " in told


def test_what_is_secret_is_the_database_users_and_who_may_look_changes_nothing(
    cluster: Cluster,
) -> None:
    [modes] = blocks(SECURITY, "5. Files")
    account, access = blocks(SECURITY, "6. Who may change the cluster's configuration")
    for node in cluster.nodes:
        shown = run(node, modes).splitlines()
        assert [line.split()[:2] for line in shown] == [
            ["600", "postgres"], *[["700", "postgres"]] * 3,
        ]  # fmt: skip
        run(node, account)
    cluster.configure(access.text)
    node = cluster.nodes[0]
    assert "db-clone" in node.run("crm_mon", "-1", user="watcher").stdout
    change = ("crm_attribute", "--name", "maintenance-mode", "--update", "true")
    refused = node.run(*change, user="watcher", check=False)
    assert "Permission denied" in refused.stderr


def test_a_node_goes_and_comes_and_nobody_notices(cluster: Cluster) -> None:
    node1, node2, node3 = cluster.nodes
    pair = [node1, node2]
    two = Cluster(pair, cluster.lan, cluster.clients, cluster.fencing)
    away, told, leave = blocks(NODES, "Remove a node", CRMSH)
    run(node1, away)
    cluster.wait_for_role(node3, "stopped", RESOURCE)
    wait_for_all(two, 2)
    started = postgres.start_times(pair)
    with cluster.writer() as writer:
        writer.wait_for_rows(10)
        run(node1, told)
        node3.stop_cluster()
        assert node3.run("crm_mon", "-1", check=False).returncode == NO_CLUSTER
        two.write_configuration()
        run(node1, leave)
        wait_for_all(two, 2)
        writer.wait_for_new_row()
        add_node3(cluster)
        wait_for_all(cluster)
        writer.wait_for_new_row()
    assert postgres.start_times(pair) == started
    verdict = writer.verdict()
    assert verdict.longest_pause.length_s < patient(UNNOTICED_S), str(verdict)
    assert verdict.lost_rows == ()


def add_node3(cluster: Cluster) -> None:
    node1, _, node3 = cluster.nodes
    run(node3, captioned(NODES, "with managed replication"))
    cluster.write_configuration()
    _, reload = blocks(NODES, "Add: the node joins")
    run(node1, reload)
    node3.start_cluster()
    cluster.wait_for_online(*cluster.nodes)
    [told] = blocks(NODES, "Add: managed replication")
    run(node1, told)


def test_a_standby_is_rebuilt_by_the_documented_steps(cluster: Cluster) -> None:
    _, standbys = roles(cluster)
    rebuilt, *_ = blocks(NODES, "Rebuild a standby")
    node = standbys[0]
    text = rebuilt.text.replace("node3", node.name)
    run(node, rebuilt._replace(text=text))
    wait_for_all(cluster)
