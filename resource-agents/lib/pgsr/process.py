# SPDX-License-Identifier: GPL-2.0-or-later
"""The only module that starts processes.

A child gets a built environment, never the cluster's: no parameter, no password and
no OCF variable reaches it.  It has no standard input and a deadline.  It stays in
the agent's process group, because Pacemaker ends an action that takes too long by
SIGKILL to that group (``services_linux.c``): nothing is left behind.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO, Any, NamedTuple

from pgsr.account import Account
from pgsr.ocf import AgentError, NotInstalled
from pgsr.wait import now, until

# The programs of the cluster that this action has run.
_run: list[str] = []
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


class Result(NamedTuple):
    """What a program said."""

    code: int
    stdout: str
    stderr: str


def environment(account: Account | None, extra: Mapping[str, str]) -> dict[str, str]:
    """Return the whole environment of a child."""
    if account is None:
        return {"PATH": PATH, "LC_ALL": "C", **extra}
    # A server's locale is its configuration's business.
    own = {"HOME": account.home, "USER": account.name, "LOGNAME": account.name}
    return {"PATH": PATH, **own, **extra}


def number_run() -> int:
    """Return how many programs of the cluster this action has run."""
    return len(_run)


def run(argv: Sequence[str], deadline: float) -> Result:
    """Run a program of the cluster to its end, and return what it said."""
    timeout_s = max(0.1, deadline - now())
    _run.append(argv[0])
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=environment(None, {}),
            cwd="/",
            timeout=timeout_s,
            check=False,
        )
    except FileNotFoundError:
        raise NotInstalled(f"Setup problem: couldn't find command: {argv[0]}") from None
    except subprocess.TimeoutExpired:
        raise AgentError(
            f"{argv[0]} gave no answer within {timeout_s:.1f} s; see the cluster's log"
        ) from None
    return Result(done.returncode, _decode(done.stdout), _decode(done.stderr))


class Child(NamedTuple):
    """A program of PostgreSQL that runs beside the agent."""

    process: subprocess.Popen[bytes]
    output: IO[bytes]

    def exit_code(self) -> int | None:
        """Return the exit code, or None while the program runs."""
        return self.process.poll()

    def said(self) -> str:
        """Return all that the program wrote so far."""
        self.output.seek(0)
        return _decode(self.output.read())


@contextmanager
def running(
    argv: Sequence[str], account: Account, extra: Mapping[str, str]
) -> Iterator[Child]:
    """Run a program as the database's user; it is ended when the block is left.

    Its output goes to an unnamed file rather than a pipe: a server that inherits it
    never blocks or dies on it.
    """
    with os.fdopen(os.memfd_create("output"), "w+b") as output:
        try:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment(account, extra),
                cwd="/",
                **_identity(account),
            )
        except FileNotFoundError:
            raise NotInstalled(
                f"Setup problem: couldn't find command: {argv[0]}"
            ) from None
        except PermissionError as error:
            raise NotInstalled(
                f"{account.name} cannot execute {argv[0]}: {error.strerror}"
            ) from None
        try:
            yield Child(process, output)
        finally:
            process.kill()
            process.wait()


def run_as(
    argv: Sequence[str], account: Account, extra: Mapping[str, str], deadline: float
) -> tuple[int | None, str]:
    """Run a program as the database's user, and return its code and its output.

    The code is None when the program was ended at ``deadline``.
    """
    with running(argv, account, extra) as child:
        code = until(child.exit_code, deadline)
        return code, child.said().strip()


def _identity(account: Account) -> Mapping[str, Any]:
    if os.geteuid() != 0:
        return {}
    # user= alone would leave the child in root's groups.
    return {"user": account.uid, "group": account.gid, "extra_groups": account.groups}


def _decode(output: bytes) -> str:
    return output.decode("utf-8", "replace")
