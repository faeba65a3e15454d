# SPDX-License-Identifier: GPL-2.0-or-later
"""The only place of the packaging that spawns, and how a build fails."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

LONGEST_S = 300
EVIDENCE_LINES = 20


class BuildError(Exception):
    """Something could not be built; the message says why."""


def run(
    argv: Sequence[str | Path],
    environment: Mapping[str, str] | None = None,
    directory: Path | None = None,
) -> str:
    """Run a program and return what it wrote; BuildError with its end if it fails.

    It gets the search path, a home, C as its language and what is in `environment`.
    """
    told = " ".join(map(str, argv))
    try:
        ended = subprocess.run(
            argv, cwd=directory, timeout=LONGEST_S, text=True, errors="replace",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={**_inherited(), "LC_ALL": "C.UTF-8", **(environment or {})},
            check=False,
        )  # fmt: skip
    except FileNotFoundError as error:
        raise BuildError(f"{argv[0]} is not installed") from error
    except subprocess.TimeoutExpired as error:
        raise BuildError(f"gave up after {LONGEST_S} s: {told}") from error
    if ended.returncode != 0:
        evidence = "\n".join(ended.stdout.splitlines()[-EVIDENCE_LINES:])
        raise BuildError(f"{told} ended with {ended.returncode}:\n{evidence}")
    return ended.stdout


def _inherited() -> dict[str, str]:
    names = ("PATH", "HOME", "TMPDIR", "GNUPGHOME")
    return {name: os.environ[name] for name in names if name in os.environ}
