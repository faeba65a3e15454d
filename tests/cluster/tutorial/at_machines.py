# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the reader types and writes who has two machines before him."""

from __future__ import annotations

from collections.abc import Sequence

from tests.cluster.harness import network
from tests.cluster.harness.node import Node
from tests.cluster.tutorial.machines import EmptyMachine
from tests.cluster.tutorial.terminal import Ended, Said, Terminal


class TwoMachines:
    """They as reader.Surroundings, with a shell at each."""

    def __init__(self, machines: Sequence[EmptyMachine]) -> None:
        self._machines = {machine.name: machine for machine in machines}
        self._terminals: dict[str, tuple[int, Terminal]] = {}

    def prompts(self, prompt: str) -> tuple[str, ...]:
        """Return the machines that a prompt stands for."""
        return tuple(self._machines) if prompt == "both" else (prompt,)

    def type(self, machine: str, command: str, timeout_s: float) -> Said:
        """Type a command at a machine; what it said last if it lost power meanwhile."""
        try:
            return self._terminal(self._machines[machine]).type(command, timeout_s)
        except Ended as reason:
            return Said((str(reason), f"{machine} lost power"), 255)

    def write(self, where: str, path: str, text: str) -> None:
        """Write a file with an editor, which leaves owner and mode as they are."""
        for name, machine in self._machines.items():
            if where in ("both nodes", name):
                file = machine.file(path)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")

    def evidence(self) -> str:
        """Return what the cluster shows, and the end of the logs."""
        nodes = [Node(machine, network.LAN) for machine in self._machines.values()]
        return "\n".join(
            f"--- {node}\n{node.show()}{node.evidence()}" for node in nodes
        )

    def close(self) -> None:
        """Leave all shells."""
        for _, terminal in self._terminals.values():
            terminal.close()
        self._terminals.clear()

    def _terminal(self, machine: EmptyMachine) -> Terminal:
        """Return the shell at a machine, a new one since it booted."""
        boots, terminal = self._terminals.get(machine.name, (0, None))
        if terminal is not None and boots != machine.boots:
            terminal.close()
            terminal = None
        if terminal is None:
            terminal = Terminal((*machine.enter(), "bash", "--login"))
            terminal.send("cd; export DEBIAN_FRONTEND=noninteractive\n")
            self._terminals[machine.name] = (machine.boots, terminal)
        return terminal
