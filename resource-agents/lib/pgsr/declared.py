# SPDX-License-Identifier: GPL-2.0-or-later
"""Every parameter of the agent, declared once.

Names, defaults and the meaning of an empty string are those of the agent
``ocf:heartbeat:pgsql`` of the resource-agents project: existing configurations
run unchanged.
"""

from __future__ import annotations

from pgsr.declared_replication import ReplicationParameters
from pgsr.declared_server import ServerParameters
from pgsr.parameters import Parameter, boolean


class Parameters(ReplicationParameters, ServerParameters):
    """All parameters, typed."""

    check_wal_receiver = Parameter(
        boolean,
        default="false",
        content="boolean",
        short="Publish the state of the WAL receiver",
        long="""If true, each monitor publishes the state of the WAL receiver as node
        attribute RESOURCE-receiver-status: normal, "normal (master)" or ERROR.""",
    )

    @property
    def configuration_file(self) -> str:
        """Path of the server's configuration file."""
        return self.config or f"{self.pgdata}/postgresql.conf"

    @property
    def is_managed(self) -> bool:
        """Tell whether replication is managed by the agent."""
        return self.rep_mode == "sync" or self.is_managed_async

    @property
    def is_managed_async(self) -> bool:
        """Tell whether managed replication may lose the last commits."""
        return self.rep_mode == "async" and bool(self.node_list)

    @property
    def directory(self) -> str:
        """Directory of the agent's files; the stock agent's own where it has one."""
        is_stock = self.is_managed or self.rep_mode == "slave"
        return self.tmpdir or ("/var/lib/pgsql/tmp" if is_stock else "/var/lib/pgsql")

    @property
    def flag_prefix(self) -> str:
        """Path, without suffix, of the PGSR method's flag files."""
        return f"{self.directory}/PGSQL.{self.pgport or 5432}"
