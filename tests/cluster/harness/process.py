# SPDX-License-Identifier: GPL-2.0-or-later
"""Start programs for the cluster harness: the only module of it that spawns.

Every program runs in a session of its own, so that a Ctrl-C in a terminal reaches
the harness only and a program that overruns its time is ended with its children.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from typing import NamedTuple

SEARCH_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


class Completed(NamedTuple):
    """A program that has ended."""

    argv: tuple[str, ...]
    returncode: int
    stdout: str
    stderr: str

    def __str__(self) -> str:
        said = "\n".join(filter(None, (self.stdout.strip(), self.stderr.strip())))
        return f"{' '.join(self.argv)} ended with {self.returncode}\n{said}"


class CommandFailed(Exception):
    """A program that had to succeed did not; the text holds all that it said."""


def environment() -> dict[str, str]:
    """Return the environment of every program; only TERM is the caller's."""
    return {
        "PATH": SEARCH_PATH,
        "LC_ALL": "C.UTF-8",
        "HOME": "/root",
        "TZ": "UTC",  # of all logs
        "TERM": os.environ.get("TERM", "dumb"),
    }


def run(
    argv: Sequence[str],
    *,
    timeout_s: float = 30.0,
    stdin_text: str = "",
    check: bool = True,
) -> Completed:
    """Run a program to its end and return what it said.

    Raises CommandFailed when it does not end within timeout_s, or, with check, when
    it ends with another code than 0.
    """
    with launch(argv, stdin=subprocess.PIPE) as child:
        try:
            stdout, stderr = child.communicate(stdin_text, timeout=timeout_s)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            raise CommandFailed(
                f"{' '.join(argv)} did not end within {timeout_s:.0f} s"
            ) from None
    completed = Completed(tuple(argv), child.returncode, stdout, stderr)
    if check and completed.returncode != 0:
        raise CommandFailed(str(completed))
    return completed


def launch(
    argv: Sequence[str],
    *,
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.PIPE,
    stderr: int = subprocess.PIPE,
) -> subprocess.Popen[str]:
    """Start a program and leave it running."""
    return subprocess.Popen(
        argv,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        text=True,
        errors="replace",
        env=environment(),
        start_new_session=True,
    )


def reap(child: subprocess.Popen[str], timeout_s: float = 30.0) -> None:
    """Wait for the end of a launched program, which is due, and close its pipes."""
    with child:
        try:
            child.wait(timeout_s)
        except subprocess.TimeoutExpired:
            child.kill()
            raise


def become(argv: Sequence[str]) -> None:
    """Replace this process by a program that talks to the person at the terminal."""
    os.execvpe(argv[0], list(argv), environment())
