# SPDX-License-Identifier: GPL-2.0-or-later
"""A node whose server follows a primary that the agent does not run."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from tests import base_backup
from tests.postgres.node import Answer, Node


class Follower(NamedTuple):
    """A node as the agent sees it with rep_mode=slave."""

    node: Node
    primary: Node

    @property
    def parameters(self) -> dict[str, str]:
        """What differs from the parameters of the method."""
        return {
            "rep_mode": "slave",
            "CRM_meta_promotable": "false",
            "master_ip": str(self.primary.top),
            "primary_conninfo_opt": f"port={self.primary.port}",
            "tmpdir": str(self.directory),
        }

    @property
    def directory(self) -> Path:
        """The directory of the agent's files, which it creates."""
        return self.node.top / "tmp"

    def agent(self, action: str, **changes: str) -> Answer:
        """Call the agent."""
        return self.node.agent(action, **{**self.parameters, **changes})

    def start(self, **changes: str) -> Answer:
        """Start, which must succeed."""
        answer = self.agent("start", **changes)
        assert answer.code == 0, answer
        return answer

    def stop(self) -> None:
        """Stop, which must succeed."""
        assert self.agent("stop").code == 0

    @property
    def recovery_conf(self) -> Path:
        """The file that the agent writes."""
        is_old = self.node.major < 12
        return (self.node.data if is_old else self.directory) / "recovery.conf"

    @property
    def configuration(self) -> str:
        """The server's own configuration."""
        return (self.node.data / "postgresql.conf").read_text()

    def include_lines(self) -> list[str]:
        """The lines with the agent's mark."""
        lines = self.configuration.splitlines()
        return [line for line in lines if "added by pgsql RA" in line]

    def awaits_what_the_primary_has(self) -> None:
        """Wait until the standby has replayed everything."""
        lsn = base_backup.end_of_wal(self.primary.connect)
        self.node.wait_for(
            f"replay of {lsn}",
            lambda: base_backup.has_replayed(self.node.connect, lsn),
        )
