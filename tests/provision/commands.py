# SPDX-License-Identifier: GPL-2.0-or-later
"""The only place of the provisioning that spawns, and how it fails."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence


class ProvisionError(Exception):
    """What is missing on this machine cannot be had; the message says why."""


def output_of(
    argv: Sequence[str],
    timeout_s: float,
    environment: Mapping[str, str] | None = None,
    user: str | None = None,
) -> str:
    """Run `argv` to its end and return what it wrote; ProvisionError if it failed."""
    try:
        ended = subprocess.run(
            argv, timeout=timeout_s, env=environment, cwd="/", user=user,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace", check=False,
        )  # fmt: skip
    except FileNotFoundError as error:
        raise ProvisionError(f"{argv[0]} is not installed on this machine") from error
    except subprocess.TimeoutExpired as error:
        raise ProvisionError(
            f"gave up after {timeout_s:.0f} s: {' '.join(argv)}"
        ) from error
    if ended.returncode != 0:
        evidence = "\n".join(ended.stdout.splitlines()[-20:])
        raise ProvisionError(
            f"{' '.join(argv)} ended with {ended.returncode}:\n{evidence}"
        )
    return ended.stdout
