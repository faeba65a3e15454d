# SPDX-License-Identifier: GPL-2.0-or-later
"""What a scenario may ask of one machine of a cluster, whatever it is made of.

cluster.py, postgres.py and the scenarios use only this, so that virtual machines can
stand in for namespaces without a change to them.
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from typing import Protocol

from tests.cluster.harness.lan import Place
from tests.cluster.harness.process import Completed

NAMESPACES = "namespaces"
VAGRANT = "vagrant"
MACHINES = os.environ.get("PGSR_MACHINES", NAMESPACES)  # what nodes are made of
SHARED_STORAGE = "/mnt/shared"  # one directory that all machines see, as a SAN would be


class NoPower(Exception):
    """A machine that is off was asked for what it does or has only while it runs."""


class NoMachines(Exception):
    """There are no such machines; the text says what to do."""


class Machine(Protocol):
    """A machine that can be switched, unplugged and told to run a command."""

    name: str
    address: str
    interface: str  # its network interface on the cluster's network
    boots: int  # how often it got power
    is_hanging: bool  # none of its processes gets the processor

    @property
    def is_on(self) -> bool:
        """Tell whether it has power."""

    def power_on(self) -> None:
        """Boot it: network up, no service started."""

    def cut_power(self) -> None:
        """Take its power away at once; what its disks hold stays."""

    def unplug(self) -> None:
        """Pull its network cables: peers, clients and the power switch are gone."""

    def plug(self) -> None:
        """Put its network cables back."""

    def hang(self) -> None:
        """Stop every process on it, as a machine does that waits for its disk."""

    def resume(self) -> None:
        """Let its processes go on."""

    def leave_free(self, free_bytes: int | None) -> None:
        """Leave so much room on the database's disk; None is all that it has.

        NoPower as for read.
        """

    def place(self, address: str) -> AbstractContextManager[Place]:
        """Let clients of a server at an address stand beside it during the block.

        They are on its side of its cables. OSError or NoPower, perhaps not before they
        join the place, when it is off.
        """

    def configure_network(self, *argv: str) -> None:
        """Run ip(8), tc(8) or iptables(8) of the harness's system on its network."""

    def run(
        self,
        *argv: str,
        user: str = "root",
        timeout_s: float = 30.0,
        stdin_text: str = "",
        check: bool = True,
    ) -> Completed:
        """Run a command on it; NoPower when it is off."""

    def start_service(self, name: str) -> None:
        """Start one of its services, corosync or pacemaker."""

    def stop_service(self, name: str) -> None:
        """Stop one of its services cleanly and wait until it has ended."""

    def read(self, path: str) -> str:
        """Return the text of a file on its disk; FileNotFoundError if there is none.

        NoPower when it is off, where a disk cannot be reached without its machine:
        only namespaces give theirs away at any time.
        """

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """Write a file on its disk; NoPower as for read."""
