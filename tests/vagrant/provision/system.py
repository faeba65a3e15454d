# SPDX-License-Identifier: GPL-2.0-or-later
"""How the provisioning runs programs, writes files and waits; how it fails."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Callable, NoReturn

LOOK_INTERVAL_S = 0.5
COMMAND_TIMEOUT_S = 120.0
SHOWN_LINES = 15


class NotReady(Exception):
    """The machine cannot become a node; the text says why, and what to do."""


def changed(what: str) -> None:
    """Tell of a change, the only thing that is told."""
    print(f"pgsr: {what}", flush=True)


def run(
    *argv: str,
    timeout_s: float = COMMAND_TIMEOUT_S,
    stdin_text: str = "",
    environment: Mapping[str, str] | None = None,
) -> str:
    """Run a program to its end and return what it printed; NotReady when it failed."""
    try:
        ended = attempt(
            argv, timeout_s=timeout_s, stdin_text=stdin_text, environment=environment
        )
    except subprocess.TimeoutExpired:
        fail(argv, f"did not end within {timeout_s:.0f} s")
    if ended.returncode != 0:
        fail(argv, f"ended with {ended.returncode}:\n{_end_of(ended.stdout)}")
    return ended.stdout


def succeeds(*argv: str, timeout_s: float = COMMAND_TIMEOUT_S) -> bool:
    """Tell whether a program ends with 0 in time."""
    try:
        return attempt(argv, timeout_s=timeout_s).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def attempt(
    argv: Sequence[str],
    *,
    timeout_s: float = COMMAND_TIMEOUT_S,
    stdin_text: str = "",
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, whatever that is."""
    return subprocess.run(
        argv, timeout=timeout_s, input=stdin_text, cwd="/",
        env={**os.environ, "LC_ALL": "C.UTF-8", **(environment or {})},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors="replace", check=False,
    )  # fmt: skip


def fail(argv: Sequence[str], why: str) -> NoReturn:
    """Say that a program did not do what it had to."""
    raise NotReady(f"{' '.join(argv)} {why}")


def _end_of(text: str) -> str:
    return "\n".join(text.splitlines()[-SHOWN_LINES:])


def write(path: str, text: str, mode: int = 0o644, owner: str = "root") -> bool:
    """Make a file hold exactly that; tell whether it did not yet."""
    file = Path(path)
    if file.is_file() and file.read_text(encoding="utf-8") == text:
        return False
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)
    shutil.chown(file, owner, owner)
    changed(f"wrote {path}")
    return True


def wait_until(awaited: str, look: Callable[[], object], timeout_s: float) -> None:
    """Return as soon as look answers with something true; NotReady if it never does."""
    deadline = time.monotonic() + timeout_s
    while not look():
        if time.monotonic() > deadline:
            raise NotReady(f"waited {timeout_s:.0f} s in vain for {awaited}")
        time.sleep(LOOK_INTERVAL_S)
