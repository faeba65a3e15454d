# SPDX-License-Identifier: GPL-2.0-or-later
"""An election without a primary: say what this node has, look at all, decide."""

from __future__ import annotations

from functools import partial

from pgsr import files, lsn
from pgsr.action import Action
from pgsr.decide import election, managed
from pgsr.decide.election import Outcome
from pgsr.decide.shutdowns import ended_before
from pgsr.modes.managed.view import (
    View,
    own_writes,
    setting,
    with_locations,
    with_positions,
    write_some,
)
from pgsr.ocf import AgentError
from pgsr.postgres import control, timeline
from pgsr.postgres.observe import observe
from pgsr.state import Position, Server
from pgsr.wait import share, until

_LOOK_S = 0.05
_SETTLE_SHARE = 0.3


def position(action: Action, server: Server) -> Position | None:
    """Return how far the data of this node goes; None when nothing can say it."""
    pgdata = action.instance.pgdata
    found = control.read(pgdata)
    if found is None or server.standby is None:
        return None
    newest = max(found.timeline, timeline.newest(pgdata))
    return Position(found.system_identifier, newest, server.standby.received_lsn)


def publish(action: Action, own: Position) -> None:
    """Say how far the data of this node goes."""
    say(action, managed.POSITION, own)


def say(action: Action, name: str, where: Position) -> None:
    """Set a private attribute that the end of the change of roles takes back."""
    action.try_to(lambda: files.create(_said(action), action.instance.account, ""))
    action.pacemaker.tell(name, managed.position_text(where))


def take_position_back(action: Action) -> None:
    """Take back the position alone; what was said of a shutdown still counts."""
    if files.exists(_said(action)):
        action.try_to(lambda: action.pacemaker.take_back(managed.POSITION))


def withdraw(action: Action) -> None:
    """Take back what was said before a promotion: it grows old from then on.

    A file remembers that something was said: asking each time would be a process.
    """
    if files.exists(_said(action)):
        for name in (managed.POSITION, managed.SHUTDOWN):
            action.try_to(partial(action.pacemaker.take_back, name))
        action.try_to(lambda: action.pacemaker.delete_attribute(managed.LOCATION))
        action.try_to(lambda: files.remove(_said(action), action.instance.account))


def _said(action: Action) -> str:
    return f"{action.instance.parameters.directory}/PGSQL.position"


def run(action: Action, server: Server, view: View) -> None:
    """Take part in the election of a primary, if one is due."""
    action.instance.log.info("Master does not exist.")
    if managed.may_take_over(view.cluster.score) or not election.is_at_rest(view.peers):
        return
    settled = _settled(action, server)
    own = position(action, settled) if settled else None
    if own is None or settled is None or settled.standby is None:
        return
    if settled.standby.is_paused:
        _say(action, view, managed.STATUS, managed.STATUS_PAUSED)
        return
    publish(action, own)
    # Peers with the stock agent compare what is in this attribute.
    _say(action, view, managed.LOCATION, lsn.stock(own.lsn))
    peers = with_positions(view.peers, action.pacemaker.everybodys(managed.POSITION))
    peers = with_locations(peers, own)
    _require_same_database(action, own, view._replace(peers=peers))
    is_forced = view.cluster.own.get(managed.FORCE) == "yes"
    record = view.cluster.own.get(managed.RECORD, "")
    ended = ended_before(settled, own, shutdowns(action, view.cluster.node))
    outcome = election.elect(
        own, peers, setting(action), is_forced=is_forced, record=record, ended=ended
    )
    _conclude(action, view, outcome, own)


def shutdowns(action: Action, but: str = "") -> dict[str, Position]:
    """Return where the servers of demoted primaries ended, by node, ``but`` one."""
    said = action.pacemaker.everybodys(managed.SHUTDOWN).items()
    found = {node: managed.parse_position(text) for node, text in said if node != but}
    return {node: position for node, position in found.items() if position}


def _conclude(
    action: Action, view: View, outcome: election.Election, own: Position
) -> None:
    log, names = action.instance.log, " ".join(outcome.nodes)
    if outcome.outcome is Outcome.WON:
        log.info(f"I have a master right. My data ends at {lsn.text(own.lsn)}.")
        write_some(action, own_writes(view, {"score": managed.SCORE_PRIMARY}))
        return
    if outcome.outcome is Outcome.LOST:
        log.info(f"I don't have correct master data. {names} has newer data.")
        _say(action, view, managed.STATUS, managed.STATUS_ALONE)
        return
    log.warning(
        f"No primary yet: {names} may have newer data, and is waited for."
        f" {election.how_to_force(action.call.resource, view.cluster.node)}"
    )
    _say(action, view, managed.STATUS, f"{managed.STATUS_WAITING} {names}")


def _say(action: Action, view: View, name: str, value: str) -> None:
    write_some(action, own_writes(view, {name: value}))


def _require_same_database(action: Action, own: Position, view: View) -> None:
    others = election.foreign(own, view.peers)
    if others:
        names = ", ".join(peer.name for peer in others)
        raise AgentError(
            f"The data here is of another database than that of {names}. Restore a"
            " backup on the wrong one",
            "The system identifiers differ: "
            + ", ".join(
                f"{peer.name} {peer.own[managed.POSITION].partition(':')[0]}"
                for peer in others
            )
            + f", here {own.system_identifier}",
        )


def _settled(action: Action, server: Server) -> Server | None:
    """Return the server once its position has stayed the same for a while.

    A server that was just started still replays what it has; nobody sends anything.
    """
    seen: list[Server] = [server]
    wanted = max(1, action.instance.parameters.xlog_check_count)

    def look() -> Server | None:
        seen.append(observe(action.instance, action.instance.deadline))
        last = [each.standby for each in seen[-wanted:]]
        same = len(last) == wanted and all(side == last[0] for side in last)
        return seen[-1] if same else None

    deadline = share(action.instance.deadline, _SETTLE_SHARE)
    return until(look, deadline, _LOOK_S)
