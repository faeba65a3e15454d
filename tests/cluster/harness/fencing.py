# SPDX-License-Identifier: GPL-2.0-or-later
"""The power switch of the nodes: it answers their stonith agent over Unix sockets.

One socket per node stands for the node's cable to the switch, so that a node that is
unplugged gets no answer. It must not decide anything: it does what it is asked.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tests.cluster.harness.configuration import Fencing
from tests.cluster.harness.namespace_machine import NamespaceMachine

SOCKET = "power.socket"
SERVICES = ("corosync", "pacemaker")


def by_power_switch(nodes: Iterable[str]) -> Fencing:
    """Return what has the cluster use the power switch.

    stonith-action is off, so that a fenced node stays off until a scenario switches
    it on again.
    """
    return Fencing(
        properties="stonith-action=off stonith-watchdog-timeout=0",
        resources=(
            "primitive power-switch stonith:fence_harness"
            f" params pcmk_host_list='{' '.join(nodes)}'"
            " op monitor interval=3600 timeout=20\n"
        ),
    )


class Switched(NamedTuple):
    """A request that the power switch fulfilled."""

    action: str
    target: str
    asked_by: str
    asked_at: float  # seconds since the epoch
    done_at: float


class PowerSwitch:
    """Switches the machines on and off for their peers."""

    def __init__(self, machines: Sequence[NamespaceMachine]) -> None:
        self.delay_s = 0.0
        self.failures_to_come = 0
        self.history: list[Switched] = []
        self._machines = {machine.name: machine for machine in machines}
        self._plugs = [self._make_plug(machine) for machine in machines]

    def serve(self) -> None:
        """Answer from now on, in threads of this process; again after a fork."""
        for plug, machine in zip(self._plugs, self._machines.values()):
            arguments = (plug, machine)
            threading.Thread(target=self._listen, args=arguments, daemon=True).start()

    def close(self) -> None:
        """Answer no more."""
        for plug in self._plugs:
            plug.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
            plug.close()

    def _make_plug(self, machine: NamespaceMachine) -> socket.socket:
        plug = socket.socket(socket.AF_UNIX)
        plug.bind(str(machine.site.path(machine.outside / SOCKET)))
        plug.listen()
        return plug

    def _listen(self, plug: socket.socket, machine: NamespaceMachine) -> None:
        while True:
            try:
                connection, _ = plug.accept()
            except OSError:  # closed
                return
            arguments = (connection, machine)
            threading.Thread(target=self._answer, args=arguments, daemon=True).start()

    def _answer(self, connection: socket.socket, asked_by: NamespaceMachine) -> None:
        with connection, connection.makefile("rw") as stream:
            action, target = stream.readline().split()
            if not asked_by.plugged:
                return
            stream.write(self._fulfil(action, target, asked_by.name))

    def _fulfil(self, action: str, target: str, asked_by: str) -> str:
        if action == "monitor":
            return "done\n"
        if action == "list":
            return "".join(f"{name}\n" for name in self._machines)
        if action != "status" and self._fails():
            return "failed\n"
        machine = self._machines[target]
        if action == "status":
            return "on\n" if machine.is_on else "off\n"
        self._switch(action, machine, asked_by)
        return "done\n"

    def _fails(self) -> bool:
        """Tell whether this request is to fail, as a scenario wants it."""
        if self.failures_to_come <= 0:
            return False
        self.failures_to_come -= 1
        return True

    def _switch(self, action: str, machine: NamespaceMachine, asked_by: str) -> None:
        asked_at = time.time()
        threading.Event().wait(self.delay_s)  # a slow switch, when a scenario wants one
        if action in ("off", "reboot"):
            machine.cut_power()
        if action in ("on", "reboot"):
            machine.power_on()
            for service in SERVICES:  # as on every booting node
                machine.start_service(service)
        done_at = time.time()
        self.history.append(Switched(action, machine.name, asked_by, asked_at, done_at))
