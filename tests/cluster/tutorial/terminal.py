# SPDX-License-Identifier: GPL-2.0-or-later
"""A shell in which commands are typed one after the other, as at a terminal.

It is no terminal: programs show what they show in a pipe, without pagers. The colours
of those that use them all the same are left out.
"""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from tests.cluster.harness import process
from tests.cluster.harness.wait import patient

MARK = "--- the command has ended with"
READ_BYTES = 65536
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class Ended(Exception):
    """The shell ended; the text is what it still said."""


class Said(NamedTuple):
    """What a command wrote, on both of its channels, and its exit code."""

    lines: tuple[str, ...]
    returncode: int


class Terminal:
    """A login shell that lives as long as its machine."""

    def __init__(self, argv: Sequence[str]) -> None:
        self._child = process.launch(
            argv, stdin=subprocess.PIPE, stderr=subprocess.STDOUT
        )

    def type(self, command: str, timeout_s: float) -> Said:
        """Run a command to its end; Ended when the shell does, TimeoutError."""
        self.send(f"{{ {command}\n}} < /dev/null\nprintf '\\n{MARK} %d\\n' $?\n")
        said = self._read_until_mark(patient(timeout_s), command)
        text, _, code = said.rpartition(f"\n{MARK} ")
        plain = COLOURS.sub("", text).rstrip()
        lines = (line.rstrip() for line in plain.splitlines())
        return Said(tuple(lines), int(code))

    def send(self, text: str) -> None:
        """Type text, and wait for nothing."""
        assert self._child.stdin is not None
        try:
            self._child.stdin.write(text)
            self._child.stdin.flush()
        except BrokenPipeError:
            raise Ended("the shell has ended before") from None

    def close(self) -> None:
        """End the shell, and what runs in it, whatever it is doing."""
        with suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGKILL)
        process.reap(self._child)

    def _read_until_mark(self, limit_s: float, command: str) -> str:
        deadline = time.monotonic() + limit_s
        assert self._child.stdout is not None
        descriptor = self._child.stdout.fileno()
        said = b""
        while not (f"\n{MARK} ".encode() in said and said.endswith(b"\n")):
            left_s = max(deadline - time.monotonic(), 0)
            if not select.select([descriptor], [], [], left_s)[0]:
                told = said.decode(errors="replace")
                raise TimeoutError(f"{command}: no end in {limit_s:.0f} s\n{told}")
            read = os.read(descriptor, READ_BYTES)
            if not read:
                raise Ended(said.decode(errors="replace"))
            said += read
        return said.decode(errors="replace")
