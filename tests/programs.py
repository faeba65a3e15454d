# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs programs for the tests of the agent. Everything has a deadline."""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from typing import IO, NamedTuple

PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
DATABASE_USER = "postgres"


class Ended(NamedTuple):
    """How a program ended; `code` is None if it had to be killed at its deadline.

    `session` is the number of the session that it led.
    """

    code: int | None
    out: str
    err: str
    seconds: float
    session: int


def run(
    argv: Sequence[str],
    timeout_s: float,
    environment: Mapping[str, str] | None = None,
    user: str | None = None,
) -> Ended:
    """Run a program to its end, or kill its process group as Pacemaker does.

    Its output goes to files: a server that inherits them does not delay the end.
    """
    began = time.monotonic()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = launch(argv, environment, user, out, err)
        try:
            code: int | None = process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        seconds = time.monotonic() - began
        return Ended(code, _text(out), _text(err), seconds, process.pid)


def launch(
    argv: Sequence[str],
    environment: Mapping[str, str] | None,
    user: str | None,
    out: IO[bytes] | None = None,
    err: IO[bytes] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program as leader of a process group of its own."""
    account = pwd.getpwnam(user) if user else None
    return subprocess.Popen(
        argv,
        env={"PATH": PATH, "LC_ALL": "C"} if environment is None else environment,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=out or subprocess.DEVNULL,
        stderr=err or subprocess.DEVNULL,
        start_new_session=True,
        user=account and account.pw_uid,
        group=account and account.pw_gid,
        extra_groups=os.getgrouplist(account.pw_name, account.pw_gid)
        if account
        else None,
    )


def must(argv: Sequence[str], timeout_s: float = 60, user: str | None = None) -> str:
    """Run a program that has to succeed, and return what it wrote."""
    ended = run(argv, timeout_s, user=user)
    assert ended.code == 0, f"{' '.join(argv)}: {ended}"
    return ended.out


def exit_reason(ended: Ended) -> str:
    """The reason that Pacemaker would show."""
    prefix = "ocf-exit-reason:"
    reasons = [line for line in ended.err.splitlines() if line.startswith(prefix)]
    return reasons[-1][len(prefix) :] if reasons else ""


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", "replace")
