# SPDX-License-Identifier: GPL-2.0-or-later
"""Core: what a node that may be promoted writes first, and for whom it waits then.

What always holds: *from before its first commit, whoever looks for newer data knows of
the new primary*, and nobody keeps a right that the new primary does not keep true.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from pgsr.decide import managed
from pgsr.decide.managed import Setting, Write
from pgsr.decide.names import EMPTY, SyncNames
from pgsr.decide.synchronous import NO_STANDBY, is_entitled
from pgsr.state import Peer


def first_writes(
    node: str, record: str, peers: Sequence[Peer], setting: Setting
) -> tuple[Write, ...]:
    """Return what must be written before the server is promoted, in this order.

    Whoever could be promoted loses the right to it, but for a synchronous standby:
    that goes on holding every commit.  With quorum commit none of the others alone
    does, and what they said of their data grows old; an empty value deletes it.  The
    own record (``record`` is what it is now) says LATEST before there is a commit that
    nobody else has, and last: the others count the records of those that may have more.
    """
    writes = []
    for peer in peers:
        if setting.quorum and managed.POSITION in peer.own:
            writes.append(Write(peer.name, managed.POSITION, ""))
        stays = setting.is_sync and not setting.quorum and is_entitled(peer)
        if _has_mark(peer) and not stays:
            writes.append(Write(peer.name, "score", managed.MINUS_INFINITY))
    if record != managed.LATEST:
        writes.append(Write(node, managed.RECORD, managed.LATEST))
    return tuple(writes)


def first_names(
    record: str, peers: Sequence[Peer], demoted: Collection[str], setting: Setting
) -> SyncNames:
    """Return for whom the first commits wait: all that may still act.

    They are those that had the right, and those whose record would give it back with
    a vote that is on its way; those in ``demoted`` have said that they do not.

    After an election (``record`` is no holder's) these are all that are up: on the
    other side of a network that breaks now, nobody knows yet that this node, too, has
    to be waited for.  Those that surely know are left out by the first rounds of
    control.  So it is after a planned switch with quorum commit: this node was promoted
    by its word alone.
    """
    is_elected = not managed.is_holder(record, setting)
    waited_for = [
        peer
        for peer in peers
        if (is_elected and _may_run(peer))
        or (peer.name not in demoted and _may_act(peer, setting))
    ]
    names = tuple(sorted(peer.name.lower() for peer in waited_for))
    if not names:
        return SyncNames("", 1, (NO_STANDBY,)) if setting.is_strict else EMPTY
    is_quorum = all(p.own.get(managed.RECORD) == managed.QUORUM for p in waited_for)
    if setting.quorum and is_quorum and not is_elected and not demoted:
        return SyncNames("ANY", min(setting.quorum, len(names)), names)
    return SyncNames("FIRST" if len(names) > 1 else "", len(names), names)


def _may_act(peer: Peer, setting: Setting) -> bool:
    is_holder = managed.is_holder(peer.own.get(managed.RECORD, ""), setting)
    return _has_mark(peer) or (is_holder and _may_run(peer))


def _has_mark(peer: Peer) -> bool:
    return peer.is_online and managed.may_take_over(peer.score)


def _may_run(peer: Peer) -> bool:
    """Tell whether a server may run there; a lost node is not fenced yet."""
    is_lost = not peer.is_online and not peer.is_off
    return is_lost or (peer.is_online and peer.role != "Stopped")
