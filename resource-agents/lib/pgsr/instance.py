# SPDX-License-Identifier: GPL-2.0-or-later
"""What one action works on: the resource's server, its owner, its log, its time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pgsr import process
from pgsr.account import Account
from pgsr.declared import Parameters
from pgsr.log import Log


class Instance(NamedTuple):
    """One server.  ``deadline`` is when the action must have an answer."""

    parameters: Parameters
    account: Account
    log: Log
    deadline: float

    @property
    def pgdata(self) -> str:
        """The data directory."""
        return self.parameters.pgdata

    def environment(self) -> dict[str, str]:
        """Return what PostgreSQL's programs get besides the account's own.

        PGPORT is the server's port where its configuration names none.
        """
        port, libraries = self.parameters.pgport, self.parameters.pglibs
        environment = {"PGPORT": str(port)} if port else {}
        if libraries not in ("", "/usr/lib"):
            environment["LD_LIBRARY_PATH"] = libraries
        return environment

    def run(self, argv: Sequence[str]) -> tuple[int | None, str]:
        """Run a program of PostgreSQL to its end: its exit code and its output."""
        return process.run_as(argv, self.account, self.environment(), self.deadline)
