# SPDX-License-Identifier: GPL-2.0-or-later
"""What the scenarios of managed replication say in one word."""

from __future__ import annotations

from contextlib import suppress

from tests.cluster.harness import managed, postgres
from tests.cluster.harness.cluster import ADDRESS_RESOURCE, RESOURCE, Cluster
from tests.cluster.harness.managed import STATUS, Managed
from tests.cluster.harness.node import Node
from tests.cluster.harness.process import CommandFailed
from tests.cluster.harness.status import Status
from tests.cluster.harness.wait import wait_until
from tests.cluster.harness.writer import Writer

CLONE = f"{RESOURCE}-clone"
DIVERGED = ("HS:diverged", "STOP:diverged")
NEEDED = f"{RESOURCE}-slots-needed"
ROWS_BEFORE = 50
MORE_THAN_LEFT_MB = 64
RECEIVED_TIMEOUT_S = 60.0
DROPPED_TIMEOUT_S = 60.0
ALONE_TIMEOUT_S = 30.0
AGAIN_TIMEOUT_S = 60.0


def wait_for_writes(cluster: Cluster, writer: Writer) -> Node:
    """Wait until the client's rows are acknowledged again; say who is the primary."""
    writer.wait_for_new_row()
    seen = cluster.wait_for(
        "a primary with the address", lambda seen: _primary(seen) != ""
    )
    return _node(cluster, _primary(seen))


def wait_for_takeover(here: Managed, writer: Writer) -> Node:
    """Wait until another node than the primary has the client's writes."""
    seen = here.cluster.wait_for(
        f"another primary than {here.primary}, with the address",
        lambda seen: _primary(seen) not in ("", here.primary.name),
    )
    writer.wait_for_new_row()
    return _node(here.cluster, _primary(seen))


def wait_for_redundancy(cluster: Cluster, *nodes: Node) -> None:
    """Wait until nodes are whole, or say that their data left the common history.

    A primary that dies may have written what no standby received. Its data is of no
    use then, whoever looks at it; what must not be is that nobody says so.
    """
    cluster.wait_for(
        f"primary, streaming, or refused because of its data: {nodes}",
        lambda seen: all(
            node.name == _primary(seen)
            or managed.streams(seen, node)
            or is_refused(seen, node)
            for node in nodes
        ),
    )


def wait_until_it_waits(cluster: Cluster, node: Node, awaited: Node) -> None:
    """Wait until a node says for whom it waits, and see that it is not promoted."""
    cluster.wait_for_attribute(node, managed.STATUS, f"HS:waiting for {awaited}")
    cluster.wait_until_idle()
    seen = cluster.status()
    assert seen.role(RESOURCE, node.name) == "unpromoted", cluster.evidence()


def is_refused(seen: Status, node: Node) -> bool:
    """Tell whether a node says that its data cannot be used, and what to do."""
    return seen.attribute(node.name, STATUS) in DIVERGED or any(
        "pg_rewind" in text and f" {node.name} " in text for text in seen.failures
    )


def move(here: Managed, node: Node) -> None:
    """Make a node the primary's, as `crm resource move` or `pcs resource move` do."""
    prefer(node)
    here.cluster.wait_for_promoted(node)
    prefer_none(here.cluster)


def prefer(node: Node) -> None:
    """Ask for the primary on a node, by a constraint that stays."""
    command = ("crm_resource", "--resource", CLONE, "--move", "--promoted")
    node.run(*command, "--node", node.name)


def prefer_none(cluster: Cluster) -> None:
    """Remove the constraint of prefer."""
    cluster.living_node().run("crm_resource", "--resource", CLONE, "--clear")


def leave_and_return(here: Managed) -> None:
    """Have the primary's node leave its resources to others, and take it back."""
    here.primary.run("crm_standby", "--node", here.primary.name, "--update", "on")
    here.cluster.wait_for_role(here.primary, "stopped")
    here.cluster.wait_for_promoted(here.standby)
    here.primary.run("crm_standby", "--node", here.primary.name, "--delete")


def keep_away(node: Node) -> None:
    """Forbid the resource on a node, as one does before the node leaves."""
    node.run("crm_resource", "--resource", CLONE, "--ban", "--node", node.name)


def let_back(node: Node) -> None:
    """End keep_away."""
    node.run("crm_resource", "--resource", CLONE, "--clear", "--node", node.name)


def set_parameter(cluster: Cluster, name: str, value: str) -> None:
    """Change a parameter of the resource; Pacemaker restarts it where it has to."""
    command = ("crm_resource", "--resource", RESOURCE, "--set-parameter", name)
    cluster.living_node().run(*command, "--parameter-value", value)
    cluster.wait_until_idle()


def clean_up(cluster: Cluster) -> None:
    """Have Pacemaker forget all failures, as an administrator does in the end."""
    node = cluster.living_node()
    node.run("crm_resource", "--cleanup")
    node.run("stonith_admin", "--cleanup", "--history", "*")
    cluster.wait_until_idle()


def favour_the_primary_in_a_fencing_race(cluster: Cluster, delay: str) -> None:
    """Have two nodes that do not see each other fence the standby's first."""
    node = cluster.living_node()
    meta = ("crm_resource", "--resource", CLONE, "--meta", "--set-parameter")
    node.run(*meta, "priority", "--parameter-value", "10")
    node.run("crm_attribute", "-n", "priority-fencing-delay", f"--update={delay}")
    cluster.wait_until_idle()


def fencing_failed(here: Managed) -> bool:
    """Tell whether the cluster knows that the primary could not be fenced."""
    return "Failed Fencing Actions" in here.standby.show()


def look(node: Node) -> None:
    """Have the agent look at its server, as one more monitor does."""
    node.run("crm_resource", "--resource", RESOURCE, "--force-check", check=False)


def wait_until_kept(here: Managed, absent: Node) -> None:
    """Wait until the primary tells all nodes to keep what an absent one needs."""
    here.cluster.wait_for(
        f"WAL that {absent} needs kept on all nodes",
        lambda seen: absent.name in seen.attribute(here.primary.name, NEEDED),
    )


def kill_server(node: Node) -> None:
    """Kill the node's postmaster, and wait until there is another one."""
    killed = postgres.postmaster_pid(node)
    postgres.signal_postmaster(node, "KILL")
    wait_until(
        f"another postmaster than {killed} on {node}",
        lambda: postgres.is_running(node) and _postmaster(node) != killed,
        AGAIN_TIMEOUT_S,
        node.evidence,
    )


def wait_until_nobody_is_waited_for(here: Managed) -> None:
    """Wait until commits of a synchronous primary wait for no standby."""
    wait_until(
        f"{here.primary} alone",
        lambda: postgres.sql(here.primary, "SHOW synchronous_standby_names") == "",
        ALONE_TIMEOUT_S,
        here.cluster.evidence,
    )


def wait_until_not_kept(here: Managed, absent: Node) -> None:
    """Wait until the primary has dropped the slot of an absent node, and its WAL."""
    slots = "SELECT count(*) FROM pg_replication_slots WHERE slot_name LIKE '%{}'"
    wait_until(
        f"no slot of {absent} on {here.primary}",
        lambda: postgres.sql(here.primary, slots.format(absent.name)) == "0",
        DROPPED_TIMEOUT_S,
        here.primary.evidence,
    )
    for _ in range(2):  # the first one's own beginning is kept
        postgres.sql(here.primary, "SELECT pg_switch_wal(); CHECKPOINT")


def wait_until_received(primary: Node, standby: Node) -> None:
    """Wait until a standby has received what its primary has written by now."""
    lsn = postgres.sql(primary, "SELECT pg_current_wal_flush_lsn()")
    statement = f"SELECT pg_last_wal_receive_lsn() >= '{lsn}'"
    wait_until(
        f"{lsn} received on {standby}",
        lambda: postgres.sql(standby, statement) == "t",
        RECEIVED_TIMEOUT_S,
        standby.evidence,
    )


def fill_disk(node: Node) -> None:
    """Have the node's primary write until its disk is full, and see it fail."""
    with suppress(CommandFailed):
        make_wal(node, MORE_THAN_LEFT_MB)
        raise AssertionError(f"{node} had room for {MORE_THAN_LEFT_MB} MB of WAL")


def make_wal(node: Node, megabytes: int) -> None:
    """Have the node's primary write that much WAL that changes nothing."""
    postgres.sql(
        node,
        "SELECT max(pg_logical_emit_message(false, 'filler', repeat('x', 1048576)))"
        f" FROM generate_series(1, {megabytes})",
    )


def _postmaster(node: Node) -> int:
    """Return the postmaster's process id, 0 when its file has just gone."""
    with suppress(CommandFailed):
        return postgres.postmaster_pid(node)
    return 0


def _primary(seen: Status) -> str:
    """Return the node of the primary that has the address, empty if there is none."""
    name = seen.where(RESOURCE, "promoted")
    return name if name == seen.where(ADDRESS_RESOURCE) else ""


def _node(cluster: Cluster, name: str) -> Node:
    return next(node for node in cluster.nodes if node.name == name)
