# SPDX-License-Identifier: GPL-2.0-or-later
"""Short ways to write standbys as a primary or a successor sees them."""

from __future__ import annotations

from pgsr.decide.managed import Setting
from pgsr.decide.names import parse
from pgsr.decide.synchronous import Round
from pgsr.state import Peer, PrimarySide, Sender

SYNC = Setting(is_sync=True)
STRICT = Setting(is_sync=True, is_strict=True)
ASYNC = Setting(is_sync=False)
END = 0x5000000


def peer(
    name: str = "node2",
    record: str = "",
    score: str = "",
    role: str = "Unpromoted",
    **own: str,
) -> Peer:
    """A node that is online, with its record and more attributes of its own."""
    attributes = {**({"data-status": record} if record else {}), **own}
    return Peer(name, True, False, False, role, attributes, score)


def holder(name: str = "node2", score: str = "100") -> Peer:
    """A synchronous standby with its record and its mark."""
    return peer(name, "STREAMING|SYNC", score, status="HS:sync")


def member(name: str, score: str = "100") -> Peer:
    """A standby of the quorum with its record and its mark."""
    return peer(name, "STREAMING|QUORUM", score, status="HS:quorum")


def off(each: Peer) -> Peer:
    """The same node once it is known to be off."""
    own = {n: v for n, v in each.own.items() if n == "data-status"}
    return each._replace(
        is_online=False, is_off=True, role="Stopped", own=own, score=""
    )


def unclean(each: Peer) -> Peer:
    """The same node once it is lost and not fenced yet."""
    return off(each)._replace(is_off=False)


def row(
    name: str = "node2",
    sync_state: str = "async",
    state: str = "streaming",
    flush: int | None = END,
) -> Sender:
    """A row of pg_stat_replication."""
    return Sender(name, state, sync_state, flush, flush)


def side(*rows: Sender, names: str = "") -> PrimarySide:
    """What a primary says that waits for ``names``."""
    return PrimarySide(3, END, names, rows, ())


def round_of(
    peers: tuple[Peer, ...],
    rows: tuple[Sender, ...] = (),
    names: str = "",
    setting: Setting = SYNC,
    *,
    waited_s: dict[str, float] | None = None,
    is_fencing_enabled: bool = True,
) -> Round:
    """What one round of control sees; the cluster notices a loss within 10 seconds."""
    return Round(
        peers,
        side(*rows, names=names),
        parse(names),
        setting,
        is_fencing_enabled,
        waited_s or {},
        10.0,
    )
