# SPDX-License-Identifier: GPL-2.0-or-later
"""A node of a Pacemaker cluster: a machine with corosync, Pacemaker and PostgreSQL.

It adds to machine.Machine what a scenario says of a node in one word, and uses
nothing else of it.
"""

from __future__ import annotations

from tests.cluster.harness import status
from tests.cluster.harness.lan import Lan
from tests.cluster.harness.machine import Machine, NoPower
from tests.cluster.harness.process import CommandFailed, Completed
from tests.cluster.harness.wait import patient

LOGS = {
    "corosync": "/var/log/corosync/corosync.log",
    "pacemaker": "/var/log/pacemaker/pacemaker.log",
    "postgresql": "/var/lib/pgsql/server.log",
}
SHOWN_LOG_LINES = 60
WITHOUT_POWER = "no power"
STATUS_TIMEOUT_S = 10.0


class Node:
    """One node of a cluster."""

    def __init__(self, machine: Machine, lan: Lan) -> None:
        self.machine = machine
        self.lan = lan
        self.name = machine.name
        self.address = machine.address

    def __repr__(self) -> str:
        return self.name

    @property
    def is_on(self) -> bool:
        """Tell whether the node has power."""
        return self.machine.is_on

    def run(
        self,
        *argv: str,
        user: str = "root",
        timeout_s: float = 30.0,
        stdin_text: str = "",
        check: bool = True,
    ) -> Completed:
        """Run a command on the node; it has as much more time as there is patience."""
        return self.machine.run(
            *argv,
            user=user,
            timeout_s=patient(timeout_s),
            stdin_text=stdin_text,
            check=check,
        )

    def power_on(self) -> None:
        """Boot the node; corosync and Pacemaker start as they do on a booting node."""
        self.machine.power_on()
        self.start_cluster()

    def boot_without_cluster(self) -> None:
        """Boot the node and leave corosync and Pacemaker down."""
        self.machine.power_on()

    def cut_power(self) -> None:
        """Take the node's power away; nothing on it runs one more instruction."""
        self.machine.cut_power()

    def unplug(self) -> None:
        """Cut the node off from peers, clients and the power switch."""
        self.machine.unplug()

    def plug(self) -> None:
        """End unplug."""
        self.machine.plug()

    def hang(self) -> None:
        """Stop every process on the node."""
        self.machine.hang()

    def resume(self) -> None:
        """End hang; a node that was fenced meanwhile stays off."""
        self.machine.resume()

    def start_cluster(self) -> None:
        """Start corosync and Pacemaker; returns before Pacemaker has done anything."""
        self.machine.start_service("corosync")
        self.machine.start_service("pacemaker")

    def stop_cluster(self) -> None:
        """Stop Pacemaker, which first stops or moves its resources, and corosync."""
        self.machine.stop_service("pacemaker")
        self.machine.stop_service("corosync")

    def status(self) -> status.Status:
        """Return the cluster's state as this node sees it, NOTHING if it is mute."""
        if self.machine.is_hanging:
            return status.NOTHING
        try:
            seen = self.run(*status.CRM_MON, check=False, timeout_s=STATUS_TIMEOUT_S)
        except (NoPower, CommandFailed):
            return status.NOTHING
        return status.parse(seen.stdout)

    def show(self) -> str:
        """Return the cluster's state as crm_mon -1Af prints it."""
        if self.machine.is_hanging:
            return "hangs\n"
        try:
            return self.run("crm_mon", "-1Afr", check=False).stdout
        except NoPower:
            return f"{WITHOUT_POWER}\n"

    def log(self, name: str) -> str:
        """Return one of the node's LOGS, empty when there is none that can be read."""
        try:
            return self.machine.read(LOGS[name])
        except (FileNotFoundError, NoPower):
            return ""

    def evidence(self) -> str:
        """Return the end of each log, for the message of a failed wait."""
        return "\n".join(
            f"--- {self.name}: {path}\n{self._end_of(path)}" for path in LOGS.values()
        )

    def _end_of(self, path: str) -> str:
        """Return the end of a log, or why it cannot be read."""
        try:
            text = self.machine.read(path)
        except FileNotFoundError:
            return ""
        except NoPower:
            return WITHOUT_POWER
        except CommandFailed as reason:  # it hangs, say
            return str(reason)
        return "\n".join(telling_lines(text)[-SHOWN_LOG_LINES:])


def telling_lines(log: str) -> list[str]:
    """Return the lines of a log without the chatter of Pacemaker's and corosync's."""
    chatter = ("\tinfo: ", " corosync info ")
    return [
        line for line in log.splitlines() if not any(words in line for words in chatter)
    ]
