# SPDX-License-Identifier: GPL-2.0-or-later
"""What is wrong with rep_mode=slave, before anything starts."""

from __future__ import annotations

from pgsr import directory
from pgsr.declared import Parameters
from pgsr.instance import Instance
from pgsr.ocf import NotConfigured, NotInstalled
from pgsr.postgres import datadir

# What the agent can configure began in 9.1; from 12 on it needs a directory of its own.
_FIRST_WITH_HOT_STANDBY = (9, 1)
_FIRST_WITH_SLOTS = (9, 4)
_FIRST_WITH_OWN_FILES = (12,)


def problems(parameters: Parameters, is_promotable: bool) -> list[str]:
    """Return what is wrong on every node."""
    found = []
    if not parameters.master_ip:
        found.append(
            "master_ip can't be empty. Set it to the address that follows the primary"
        )
    if is_promotable:
        found.append(
            "Replication(rep_mode=slave) does not support Master/Slave configuration."
            " Take promotable=true off the clone"
        )
    return found


def require_node(instance: Instance) -> None:
    """Raise the error for what this node lacks, its version being known."""
    version = datadir.version_of(instance.pgdata)
    if version < _FIRST_WITH_HOT_STANDBY:
        raise NotInstalled("Replication mode needs PostgreSQL 9.1 or higher.")
    if instance.parameters.replication_slot_name and version < _FIRST_WITH_SLOTS:
        raise NotConfigured("Replication slot needs PostgreSQL 9.4 or higher.")
    if version >= _FIRST_WITH_OWN_FILES:
        directory.require_usable(instance)
