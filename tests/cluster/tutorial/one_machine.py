# SPDX-License-Identifier: GPL-2.0-or-later
"""The reader's machine, when the nodes of the tutorial are namespaces on it.

It is this machine, with a /run and processes of its own, so that clusters that somebody
else keeps on it are not seen, and what is started ends with the shell.
"""

from __future__ import annotations

from pathlib import Path

from tests.cluster.tutorial.terminal import Said, Terminal

ENTER = "make shell"  # a command after which one types on a node, until `exit`
ALONE = (
    *("setpriv", "--pdeathsig", "KILL", "--"),
    *("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--"),
    *("bash", "-c", "mount -t tmpfs run /run && exec bash --login"),
)


class OneMachine:
    """It as reader.Surroundings; one terminal is all that the reader has."""

    def __init__(self, checkout: Path) -> None:
        self._terminal = Terminal(ALONE)
        self._terminal.send(f"cd '{checkout}'\n")
        self._node = ""  # where the shell is

    def prompts(self, prompt: str) -> tuple[str, ...]:
        """Return the machines that a prompt stands for."""
        return (prompt,)

    def type(self, machine: str, command: str, timeout_s: float) -> Said:
        """Type a command at the prompt of a node, or of the machine itself."""
        if command.startswith(ENTER):
            self._node = command.partition("NODE=")[2] or "node1"
        elif command == "exit":
            self._node = ""
        else:
            assert machine == self._node, f"this is not the prompt: {machine}#"
            return self._terminal.type(command, timeout_s)
        self._terminal.send(f"{command}\n")
        return Said((), 0)

    def write(self, where: str, path: str, text: str) -> None:
        """Nothing is written on the reader's own machine."""
        raise AssertionError(f"{path} on {where}: not on the reader's machine\n{text}")

    def evidence(self) -> str:
        """Return nothing: what is shown says enough."""
        return ""

    def close(self) -> None:
        """Leave, with all that runs."""
        self._terminal.close()
