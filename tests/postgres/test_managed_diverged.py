# SPDX-License-Identifier: GPL-2.0-or-later
"""A standby that never was a primary can have data that the new primary lacks, too."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg2
import pytest

from tests.postgres.managed import Group, cut_off
from tests.postgres.node import Node
from tests.postgres.servers import be_quiet, write_rows

SEGMENT_BYTES = 16 * 1024 * 1024
PART_BYTES = 3 * SEGMENT_BYTES
RECEIVED_BYTES = 2 * SEGMENT_BYTES
BYTES = 500_000_000
LOOKS = 10


@pytest.mark.parametrize("names", [("node1", "node2", "node3")])
def test_a_standby_that_left_the_history_says_so_and_is_not_promoted(
    group: Group,
) -> None:
    group = group.having(rep_mode="async")
    group.begin()
    primary = group.primary()
    assert primary
    behind, ahead = (node for node in group.nodes if node != primary)
    be_quiet(primary, behind)
    cut_off(group, behind)
    write_rows(primary, 10)
    be_quiet(primary, ahead)
    group.fence(primary)
    # The better standby is out of the cluster just then, and its server goes on.
    group.cluster.power_off(ahead.name)
    group.change(promote=[behind])
    write_rows(behind, 1)
    group.cluster.power_on(ahead.name)
    group.cluster.set_node(ahead.name, role="Unpromoted")
    ahead.wait_for(
        "the status of a standby that left the history",
        lambda: group.monitor(ahead).code == 0 and group.status(ahead) == "HS:diverged",
    )
    group.monitor(behind)
    assert group.score(ahead) in (None, "-INFINITY")
    assert "restore a backup of the primary" in group.monitor(ahead).log


@pytest.mark.parametrize("names", [("node1", "node2")])
def test_a_standby_that_waits_for_a_record_that_never_ends_says_so(
    group: Group,
) -> None:
    """The primary died in the middle of a record, at the end of a segment or later."""
    group = group.having(rep_mode="async")
    group.begin()
    primary = group.primary()
    assert primary
    [standby] = (node for node in group.nodes if node != primary)
    be_quiet(primary, standby)
    end_within_a_record(group, primary, standby)
    group.change(stop=[standby])
    keep_wal_up_to(primary, 4)
    keep_wal_up_to(standby, 3)
    group.change(start=[primary, standby])
    group.settle()
    assert group.primary() == primary, "it has more of the record"
    # No more is written: the server of the standby panics when it is sent what comes
    # after the gap, in its own time.
    standby.wait_for(
        "the status of a standby that left the history",
        lambda: (
            group.monitor(standby).code == 0 and group.status(standby) == "HS:diverged"
        ),
    )
    assert "restore a backup of the primary" in group.monitor(standby).log
    for _ in range(LOOKS):
        group.monitor(primary)
        group.monitor(standby)
        assert group.score(standby) in (None, "-INFINITY")
        assert group.status(standby) == "HS:diverged"


def end_within_a_record(group: Group, primary: Node, standby: Node) -> None:
    """Kill a primary while it writes a record of many segments.

    The standby has the first of them by then.
    """
    begins = primary.sql("select pg_current_wal_insert_lsn()")
    large = f"select pg_logical_emit_message(false, 'filler', repeat('x', {BYTES}))"
    writer = (
        "select pid from pg_stat_activity"
        " where query like '%filler%' and pid <> pg_backend_pid()"
    )
    with ThreadPoolExecutor(1) as executor:
        writing = executor.submit(primary.sql, large)
        primary.wait_for("the writer", lambda: primary.sql(writer))
        pid = int(primary.sql(writer))
        written = f"select pg_current_wal_lsn() - '{begins}' > {PART_BYTES}"
        primary.wait_for("a part of the record", lambda: primary.sql(written))
        os.kill(pid, signal.SIGSTOP)
        received = f"select pg_last_wal_receive_lsn() - '{begins}' > {RECEIVED_BYTES}"
        standby.wait_for("a part of the record", lambda: standby.sql(received))
        postmaster = primary.pid()
        for each in (postmaster, pid):
            os.kill(each, signal.SIGKILL)
        assert isinstance(writing.exception(), psycopg2.Error)
    assert len(wal_of(standby)) > PART_BYTES // SEGMENT_BYTES
    # Some of its processes wait for the lock that the writer held.
    group.change(demote=[primary], stop=[primary])
    primary.wait_for("init", lambda: not Path(f"/proc/{postmaster}").exists())


def wal_of(node: Node) -> list[Path]:
    """Return the WAL segments of a node, the first one first."""
    return sorted(path for path in (node.data / "pg_wal").iterdir() if path.is_file())


def keep_wal_up_to(node: Node, segment: int) -> None:
    """Let a server that is stopped never have written, or received, what is later."""
    for path in wal_of(node):
        if path.suffix == "" and int(path.name[-8:], 16) >= segment:
            path.unlink()
