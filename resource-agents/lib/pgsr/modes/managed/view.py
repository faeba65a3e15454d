# SPDX-License-Identifier: GPL-2.0-or-later
"""What an action sees of the cluster, and how it writes what it decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from pgsr import process
from pgsr.action import Action
from pgsr.decide import managed
from pgsr.decide.managed import Setting, Write
from pgsr.ocf import AgentError
from pgsr.state import Cluster, Peer, Position

# What an attribute that nobody wrote means.
_UNSET = {managed.RETAINED: "0"}


class View(NamedTuple):
    """The cluster, and the other members of node_list in it."""

    cluster: Cluster
    peers: tuple[Peer, ...]


def look(action: Action, is_whole: bool = True) -> View:
    """Look at the cluster once; AgentError when it cannot be asked.

    With ``is_whole`` the permanent attributes of absent nodes are there too.
    """
    pacemaker = action.pacemaker
    cluster = pacemaker.look_at_all() if is_whole else pacemaker.look()
    return View(cluster, managed.members(cluster, action.instance.parameters.node_list))


def setting(action: Action) -> Setting:
    """Return what the parameters want."""
    parameters = action.instance.parameters
    return Setting(
        is_sync=parameters.rep_mode == "sync",
        is_strict=parameters.sync_strict,
        quorum=parameters.sync_quorum,
        max_lag_bytes=parameters.maxlag,
        external=parameters.external_standby_node_list,
    )


def write(action: Action, change: Write) -> None:
    """Write one attribute, and log it in the words of the stock agent."""
    resource = action.call.resource
    node, name, value = change
    shown = f"{resource} master score" if name == "score" else f"{resource}-{name}"
    action.instance.log.info(f"Changing {shown} on {node} : ->{value}.")
    if name == "score":
        action.pacemaker.set_score(value, node)
    elif name == managed.RECORD:
        timeout_s = action.instance.parameters.crm_attr_timeout
        action.pacemaker.set_permanent(name, value, node, timeout_s)
    elif not value:
        action.pacemaker.take_back(name, node)
    else:
        action.pacemaker.set_attribute(name, value, node)


def write_some(
    action: Action, changes: Sequence[Write], most: int | None = None
) -> tuple[Write, ...]:
    """Write as many as allowed, and return those that were written.

    ``most`` is how many programs the whole action may run, those that ask included.
    One write that fails ends it: the next monitor goes on, and what depends on the
    rest does not happen before.
    """
    done: list[Write] = []
    for change in changes:
        if most is not None and process.number_run() >= most:
            break
        try:
            write(action, change)
        except AgentError as error:
            action.instance.log.warning(str(error))
            break
        done.append(change)
    return tuple(done)


def with_written(peers: Iterable[Peer], done: Sequence[Write]) -> tuple[Peer, ...]:
    """Return the peers as they are after ``done`` has been written."""
    return tuple(_with_written(peer, done) for peer in peers)


def _with_written(peer: Peer, done: Sequence[Write]) -> Peer:
    for change in done:
        if change.node != peer.name:
            continue
        if change.name == "score":
            peer = peer._replace(score=change.value)
        else:
            peer = peer._replace(own={**peer.own, change.name: change.value})
    return peer


def with_positions(
    peers: Iterable[Peer], positions: Mapping[str, str]
) -> tuple[Peer, ...]:
    """Return the peers with the positions that the attribute daemon has now."""
    return tuple(
        peer._replace(own={**peer.own, managed.POSITION: positions[peer.name]})
        if peer.name in positions
        else peer
        for peer in peers
    )


def with_locations(peers: Iterable[Peer], own: Position) -> tuple[Peer, ...]:
    """Return the peers with the locations that the stock agent publishes.

    It says nothing of the timeline: as it is during an election, all are on one.
    """

    def text(peer: Peer) -> str:
        location = int(peer.own[managed.LOCATION], 16)
        return managed.position_text(own._replace(lsn=location))

    return with_positions(
        peers,
        {
            peer.name: text(peer)
            for peer in peers
            if managed.POSITION not in peer.own
            and managed.is_location(peer.own.get(managed.LOCATION, ""))
        },
    )


def own_writes(view: View, wanted: Mapping[str, str]) -> list[Write]:
    """Return which of this node's own attributes differ from ``wanted``."""
    have = {**view.cluster.own, "score": view.cluster.score}
    node = view.cluster.node
    return [
        Write(node, name, value)
        for name, value in wanted.items()
        if (have.get(name) or _UNSET.get(name, "")) != value
    ]
