# SPDX-License-Identifier: GPL-2.0-or-later
"""What the Vagrantfile says of the machine and of its cluster."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple


class Settings(NamedTuple):
    """One machine among the cluster's."""

    name: str
    nodes: Mapping[str, str]  # name to address, in the order of their numbers
    mode: str  # none, pgsr or sync
    network: str  # of the addresses, as pg_hba.conf has it
    virtual_address: str
    packages: Mapping[str, str]  # "deb" and "rpm" to the file of the agent's package

    @property
    def is_first(self) -> bool:
        """Tell whether the database cluster is made on this machine."""
        return self.name == next(iter(self.nodes))

    @property
    def is_last(self) -> bool:
        """Tell whether this machine, when it is ready, makes the cluster complete."""
        return self.name == tuple(self.nodes)[-1]

    @property
    def first_address(self) -> str:
        """Return the address of the machine whose data the others copy."""
        return next(iter(self.nodes.values()))


def parse(text: str) -> Settings:
    """Return the settings that the Vagrantfile wrote."""
    return Settings(**json.loads(text))
