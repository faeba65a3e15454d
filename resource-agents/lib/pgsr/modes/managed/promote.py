# SPDX-License-Identifier: GPL-2.0-or-later
"""Promote: prove that the data is good enough, fetch what is missing, take over."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from pgsr import lsn
from pgsr.action import Action
from pgsr.decide import election, managed, takeover
from pgsr.decide.election import Candidate
from pgsr.decide.managed import Write
from pgsr.decide.shutdowns import has_followed
from pgsr.modes.managed import fetch, lock, unrecorded
from pgsr.modes.managed.control import apply_names
from pgsr.modes.managed.election import position, publish, shutdowns, withdraw
from pgsr.modes.managed.view import (
    View,
    look,
    own_writes,
    setting,
    with_locations,
    with_positions,
    write_some,
)
from pgsr.modes.standalone import MONITOR_SHARE
from pgsr.ocf import AgentError, Exit
from pgsr.postgres import postmaster, recovery, timeline
from pgsr.postgres.observe import observe
from pgsr.postgres.promote import promote as promote_server
from pgsr.postgres.start import start as start_server
from pgsr.postgres.stop import stop as stop_server
from pgsr.postgres.sync_names import require_in_force
from pgsr.state import Position, Role, Server, Service
from pgsr.wait import now, share, until

_ALIVE = (Service.ANSWERS, Service.BUSY)
_POSITIONS_S = 1.0
_ARRIVAL_S = 2.0
_REPLAY_SHARE = 0.6
_IN_FORCE_SHARE = 0.5
_LOOK_S = 0.05


def promote(action: Action) -> Exit:
    """Make this standby the primary; refused if another node has better data."""
    server = observe(action.instance, share(action.instance.deadline, MONITOR_SHARE))
    if server.role is Role.PRIMARY and server.service in _ALIVE:
        action.instance.log.info("PostgreSQL is already Master. Don't execute promote.")
        return _confirm(action, look(action))
    view = _with_positions(action, look(action))
    ended = shutdowns(action)
    server, own = _require_right(action, server, view, ended)
    better = election.ahead(own, view.peers)
    if better:
        own = fetch.from_peer(action, view, own, better)
    _take_over(action, view, own, ended)
    return _confirm(action, view)


def _require_right(
    action: Action, server: Server, view: View, ended: Mapping[str, Position]
) -> tuple[Server, Position]:
    """Return the server and its position, or refuse and let the others know."""
    own = position(action, server)
    if own is None:
        own = Position(0, 0, 0)
    others = {name: at for name, at in ended.items() if name != view.cluster.node}
    mine = ended.get(view.cluster.node)
    server = _replayed(action, server, others)
    candidate = Candidate(
        record=view.cluster.own.get(managed.RECORD, ""),
        score=view.cluster.score,
        position=own,
        server=server,
        is_forced=view.cluster.own.get(managed.FORCE) == "yes",
        shutdowns=others,
        is_demoted=mine is not None and not has_followed(own, mine),
        free_bytes=timeline.free_bytes(action.instance.pgdata),
    )
    peers = with_locations(view.peers, own)
    advice = election.how_to_force(action.call.resource, view.cluster.node)
    verdict = election.may_promote(candidate, peers, advice, setting(action))
    if not verdict.is_allowed:
        if server.standby:
            action.try_to(lambda: publish(action, own))
        wanted = {"score": managed.MINUS_INFINITY}
        write_some(action, own_writes(view, wanted))
        raise AgentError(verdict.reason, verdict.advice)
    if candidate.is_forced:
        _log_forced(action, own, view)
    return server, own


def _replayed(
    action: Action, server: Server, shutdowns: Mapping[str, Position]
) -> Server:
    """Wait for a demoted primary's shutdown checkpoint: its arrival, then its replay.

    It has arrived by now, or in a moment, or never: its sender is gone.  A startup
    process that finds the receiver gone may sleep for wal_retrieve_retry_interval
    before it reads what has arrived (WaitForWALToBecomeAvailable in xlog.c); SIGHUP
    wakes it.
    """
    wanted = max((each.lsn for each in shutdowns.values()), default=-1)

    def arrived() -> Server | None:
        seen = observe(action.instance, action.instance.deadline)
        return seen if seen.standby and seen.standby.received_lsn > wanted else None

    def replayed() -> Server | None:
        seen = observe(action.instance, action.instance.deadline)
        return seen if seen.standby and seen.standby.replayed_lsn > wanted else None

    if server.standby is None or server.standby.replayed_lsn > wanted:
        return server
    deadline = min(now() + _ARRIVAL_S, action.instance.deadline)
    if until(arrived, deadline) is None:
        return server
    postmaster.reload(action.instance.pgdata)
    return until(replayed, share(action.instance.deadline, _REPLAY_SHARE)) or server


def _with_positions(action: Action, view: View) -> View:
    """Wait a moment for the positions that the others publish before a promotion.

    They do so when they are notified.  Whoever says nothing is not waited for longer:
    what the primary said of this node, or an election, stands.
    """
    transition = action.transition
    others = {
        peer.name
        for peer in view.peers
        if peer.is_online and peer.name in transition.unpromoted
    }
    if not others:
        return view

    def all_positions() -> dict[str, str] | None:
        found = action.pacemaker.everybodys(managed.POSITION)
        return found if others <= found.keys() else None

    deadline = min(now() + _POSITIONS_S, action.instance.deadline)
    found = until(all_positions, deadline, _LOOK_S)
    found = found or action.pacemaker.everybodys(managed.POSITION)
    return view._replace(peers=with_positions(view.peers, found))


def _log_forced(action: Action, own: Position, view: View) -> None:
    others = ", ".join(
        f"{peer.name} {peer.own.get(managed.POSITION, 'unknown')}"
        for peer in view.peers
    )
    action.instance.log.warning(
        "Promoting by the administrator's explicit word: commits that only other nodes"
        f" have are lost. The data here ends at {lsn.text(own.lsn)}; others: {others}"
    )
    action.try_to(lambda: action.pacemaker.delete_attribute(managed.FORCE))


def _take_over(
    action: Action, view: View, own: Position, demoted: Collection[str]
) -> None:
    """Take the rights of the others away, keep those who count waiting, promote.

    Without rep_mode=sync no right depends on the order: the server goes first.
    """
    instance, wanted = action.instance, setting(action)
    record = view.cluster.own.get(managed.RECORD, "")
    writes = takeover.first_writes(view.cluster.node, record, view.peers, wanted)
    withdraw(action)
    if wanted.is_sync:
        _require_all(action, writes)
    lock.create(action)
    action.try_to(lambda: unrecorded.forget(action))
    if wanted.is_sync:
        names = takeover.first_names(record, view.peers, demoted, wanted)
        apply_names(action, names, share(instance.deadline, 0.3))
        if names.names:
            require_in_force(instance, share(instance.deadline, _IN_FORCE_SHARE))
    if instance.parameters.restart_on_promote:
        _restart_as_primary(action)
    else:
        promote_server(instance)
    instance.log.info("PostgreSQL is promoted.")
    if not wanted.is_sync:
        write_some(action, writes)
    if len(view.peers) > 1:
        baseline = {managed.BASELINE: lsn.stock(own.lsn)}
        write_some(action, own_writes(view, baseline))


def _require_all(action: Action, changes: Sequence[Write]) -> None:
    done = write_some(action, changes)
    if len(done) < len(changes):
        missing = changes[len(done)]
        raise AgentError(
            f"Promotion refused: the {missing.name} of {missing.node} cannot be"
            " written; see Pacemaker's log",
            "Another node could be promoted later without the commits of this one",
        )


def _restart_as_primary(action: Action) -> None:
    instance = action.instance
    instance.log.info("Restarting PostgreSQL instead of promote.")
    stop_server(instance, instance.parameters.stop_escalate_in_slave)
    recovery.remove_standby(instance)
    server = start_server(instance)
    if server.role is not Role.PRIMARY:
        raise AgentError("Can't start PostgreSQL as primary on promote.")


def _confirm(action: Action, view: View) -> Exit:
    """Write the attributes of a primary."""
    wanted = {
        "score": managed.SCORE_PRIMARY,
        managed.STATUS: managed.STATUS_PRIMARY,
        managed.RECORD: managed.LATEST,
    }
    write_some(action, own_writes(view, wanted))
    withdraw(action)
    return Exit.SUCCESS
