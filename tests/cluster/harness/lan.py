# SPDX-License-Identifier: GPL-2.0-or-later
"""Where servers are and where clients stand; values only, it touches nothing."""

from __future__ import annotations

from typing import Callable, NamedTuple

SERVER_PORT = 5432  # of every server of a cluster


class Lan(NamedTuple):
    """The network that a cluster's nodes and its clients share."""

    virtual_address: str  # clients and standbys find the primary there
    prefix_length: int
    network: str  # as pg_hba.conf has it, with its prefix length


def stay() -> None:
    """Leave the calling thread where it is."""


class Place(NamedTuple):
    """Where a client stands, and where it finds a server from there."""

    host: str
    port: int = SERVER_PORT
    join: Callable[[], None] = stay  # moves the calling thread there, for good
