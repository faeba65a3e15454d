# SPDX-License-Identifier: GPL-2.0-or-later
"""Short ways to write what was observed, for the tests of decisions."""

from __future__ import annotations

from pgsr.state import Cluster, Flags, Peer, Role, Server, Service

OFF = Peer("node2", False, True, False, "Stopped", {})
STOPPED = Peer("node2", True, False, False, "Stopped", {})
LEAVING = Peer("node2", True, False, True, "Unpromoted", {})
STANDBY = Peer("node2", True, False, False, "Unpromoted", {})
PRIMARY = Peer("node2", True, False, False, "Promoted", {})
UNCLEAN = Peer("node2", False, False, False, "Stopped", {})
# Pacemaker shows a failed start so, until it has stopped the instance.
REFUSED = PRIMARY._replace(own={"status": "STOP:repressing start file exists"})
LOST_PRIMARY = Peer("node2", False, False, False, "Promoted", {})

NOTHING_RUNS = Server(Service.STOPPED)
RUNNING_PRIMARY = Server(Service.ANSWERS, Role.PRIMARY, False)
STREAMING = Server(Service.ANSWERS, Role.STANDBY, True)
ALONE = Server(Service.ANSWERS, Role.STANDBY, False)
OLD_STANDBY = Server(Service.ANSWERS, Role.STANDBY, None)


def cluster(
    *peers: Peer, own: str = "", fencing: bool = True, target_stopped: bool = False
) -> Cluster:
    """A cluster as node1 sees it; `own` names an attribute that node1 has."""
    attributes = {own: "yes"} if own else {}
    return Cluster("node1", attributes, "", peers, fencing, target_stopped)


def flags(start: bool = False, monitor: bool = False, standby: bool = False) -> Flags:
    """Flag files, and whether the data directory is configured as a standby's."""
    return Flags(start, monitor, standby)
