# SPDX-License-Identifier: GPL-2.0-or-later
"""Maintenance by the documented commands, on a cluster of managed replication."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cluster import moving
from tests.cluster.documentation import (
    RESOURCE,
    STATUS,
    Block,
    all_blocks,
    run,
    wait_for,
)
from tests.cluster.harness import postgres
from tests.cluster.harness.cluster import Cluster
from tests.cluster.harness.wait import wait_until

pytestmark = pytest.mark.namespaces_only

PAGE = "howto/maintenance.rst"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Managed replication as it is documented."""
    with moving.nodes("maintenance") as made:
        moving.start_managed(made)
        yield made


def by_hand() -> tuple[Block, Block, Block]:
    """What is typed by hand: a stop, a restart, and a look at what runs."""
    _, restart, look = all_blocks(PAGE, "By hand meanwhile")
    stop = restart.text.replace("pg_ctl restart", "pg_ctl stop")
    return restart._replace(text=stop), restart, look


def test_a_standby_restarted_by_hand_in_maintenance_holds_commits_up_till_it_is_back(
    cluster: Cluster,
) -> None:
    _, standby = moving.roles(cluster)
    stop, restart, look = by_hand()
    with cluster.writer() as writer, cluster.maintenance():
        writer.wait_for_rows(moving.ROWS)
        run(standby, stop)
        count = len(writer.acknowledged)
        wait_until(
            "a commit that is not acknowledged",
            lambda: "TookTooLong" in writer.last_failure,
            30.0,
        )
        assert len(writer.acknowledged) <= count + 1
        run(standby, restart)
        writer.wait_for_new_row()
        run(standby, look)
    assert writer.verdict().lost_rows == ()
    moving.wait_until_whole(cluster)


def test_while_the_resource_is_unmanaged_a_stopped_standby_is_let_go(
    cluster: Cluster,
) -> None:
    _, standby = moving.roles(cluster)
    stop, restart, look = by_hand()
    standby.run("crm", "resource", "unmanage", moving.CLONE)
    with cluster.writer() as writer:
        writer.wait_for_rows(moving.ROWS)
        run(standby, stop)
        writer.wait_for_new_row()
        run(standby, restart)
    running = postgres.start_times(cluster.nodes)
    run(standby, look)
    standby.run("crm", "resource", "manage", moving.CLONE)
    moving.wait_until_whole(cluster)
    assert postgres.start_times(cluster.nodes) == running


def test_a_primary_restarted_by_hand_in_maintenance_stays_the_primary(
    cluster: Cluster,
) -> None:
    primary, _ = moving.roles(cluster)
    _, restart, look = by_hand()
    with cluster.maintenance():
        run(primary, restart)
        run(primary, look)
    moving.wait_until_whole(cluster)
    assert moving.roles(cluster)[0] is primary


def test_a_setting_is_reloaded_and_says_what_needs_a_restart(cluster: Cluster) -> None:
    primary, _ = moving.roles(cluster)
    postgres.sql(primary, "ALTER SYSTEM SET max_worker_processes = 9")
    [reload] = all_blocks(PAGE, "A setting of PostgreSQL")
    wait_until(
        "a setting that needs a restart",
        lambda: "max_worker_processes" in run(primary, reload),
        30.0,
    )
    postgres.sql(primary, "ALTER SYSTEM RESET max_worker_processes")
    run(primary, reload)


def test_a_parameter_is_changed_without_a_restart(cluster: Cluster) -> None:
    primary, _ = moving.roles(cluster)
    running = postgres.start_times(cluster.nodes)
    change, _ = all_blocks(PAGE, "A parameter of the resource")
    for value in ("true", "false"):
        text = change.text.replace(
            "--parameter-value true", f"--parameter-value {value}"
        )
        run(primary, change._replace(text=text))
        moving.wait_until_whole(cluster)
        asked = ("crm_resource", "--resource", RESOURCE, "--get-parameter")
        assert primary.run(*asked, "sync_strict").stdout.strip() == value
    assert postgres.start_times(cluster.nodes) == running


def test_an_interval_is_changed_without_a_restart(cluster: Cluster) -> None:
    primary, _ = moving.roles(cluster)
    running = postgres.start_times(cluster.nodes)
    _, change = all_blocks(PAGE, "A parameter of the resource")
    run(primary, change)
    moving.wait_until_whole(cluster)
    assert "interval=5s" in primary.run("pcs", "resource", "config", RESOURCE).stdout
    assert postgres.start_times(cluster.nodes) == running


def test_a_standby_is_paused_and_goes_on(cluster: Cluster) -> None:
    _, standby = moving.roles(cluster)
    pause, resume = all_blocks(PAGE, "Pause the replay of a standby")
    run(standby, pause)
    wait_for(cluster, standby, "unpromoted", "HS:paused")
    run(standby, resume)
    moving.wait_until_whole(cluster)


def test_a_backup_is_taken_from_a_standby(cluster: Cluster) -> None:
    node1, node2 = cluster.nodes
    moving.lead(cluster, node1)
    [backup] = all_blocks(PAGE, "Take a backup from a standby")
    run(node2, backup)
    there = node2.run("ls", "/var/lib/postgresql/backup").stdout
    assert "base.tar.gz" in there
    assert "backup_manifest" in there


def test_after_a_weekend_nothing_is_missing(cluster: Cluster) -> None:
    """Who is the primary then is another matter: both may have everything."""
    primary, standby = moving.roles(cluster)
    postgres.sql(primary, "CREATE TABLE on_friday AS SELECT generate_series(1, 1000)")
    down, up = all_blocks(PAGE, "Take everything down over the weekend")
    run(primary, down)
    for node in (primary, standby):
        node.stop_cluster()
    for node in (standby, primary):
        node.start_cluster()
    cluster.wait_for_online(*cluster.nodes)
    assert cluster.status().attribute(primary.name, STATUS) in ("", "STOP")
    run(primary, up)
    moving.wait_until_whole(cluster)
    for node in cluster.nodes:
        assert postgres.sql(node, "SELECT count(*) FROM on_friday") == "1000"
