# SPDX-License-Identifier: GPL-2.0-or-later
"""The primary's work: records, scores and status of the standbys, and for whom commits
wait.

One connection, one query, one look at the cluster; it writes only what changed.
"""

from __future__ import annotations

from pgsr.action import Action
from pgsr.decide import managed, quorum, synchronous
from pgsr.decide.names import SyncNames, parse
from pgsr.decide.standbys import changes, sender_of, standings
from pgsr.decide.synchronous import Plan, Round
from pgsr.modes.managed import unrecorded
from pgsr.modes.managed.view import (
    View,
    own_writes,
    setting,
    with_written,
    write_some,
)
from pgsr.postgres import datadir, replication, sync_names, timeline
from pgsr.postgres.observe import session
from pgsr.state import PrimarySide
from pgsr.wait import now, share, until

# Of a recurring monitor, beside the agent itself: five processes in all.
MOST_PROGRAMS = 4
_ROUNDS = 3
_LEARN_S, _PROOF_S = 2.0, 2.0


def control(
    action: Action, side: PrimarySide, view: View, most: int | None = None
) -> None:
    """Do what is due; ``most`` is how many programs the action may run for it.

    The order within a round is that of ``synchronous.Plan``: no change of the server
    that takes a wait away comes before the writes that take a right away.
    """
    mine = {
        managed.RECORD: managed.LATEST,
        "score": managed.SCORE_PRIMARY,
        managed.STATUS: managed.STATUS_PRIMARY,
    }
    write_some(action, own_writes(view, mine), most)
    side = _with_begin(action, side)
    if setting(action).is_sync:
        _control_synchronous(action, side, view, most)
    else:
        wanted = standings(view.peers, side, setting(action), frozenset())
        due = changes(wanted, view.peers, setting(action))
        write_some(action, [*due.rights, *due.words], most)


def _control_synchronous(
    action: Action, side: PrimarySide, view: View, most: int | None
) -> None:
    for _ in range(_ROUNDS):
        plan = _plan(action, side, view)
        view, is_whole = _entitle(action, plan, side, view, most)
        _remember(action, side, view)
        if not is_whole:
            return
        if plan.names is None:
            break
        _apply(action, plan)
        side = _look_again(action, plan.names) or side
    for who in plan.awaited:
        action.instance.log.warning(f"Commits wait for {who}")
    if plan.to_prove and _is_proven(action, plan):
        plan = Plan(plan.proven)
        view, _ = _entitle(action, plan, side, view, most)
    wanted = standings(view.peers, side, setting(action), plan.entitled, plan.staying)
    words = changes(wanted, view.peers, setting(action)).words
    write_some(action, words, most)


def _plan(action: Action, side: PrimarySide, view: View) -> Plan:
    wanted, waited_s = setting(action), unrecorded.seconds(action)
    seen = Round(
        peers=view.peers,
        side=side,
        in_force=parse(side.synchronous_standby_names),
        setting=wanted,
        is_fencing_enabled=view.cluster.is_fencing_enabled,
        unrecorded_s=waited_s,
        notice_s=unrecorded.notice_s(action) if waited_s else 0.0,
    )
    return quorum.plan(seen) if wanted.quorum else synchronous.plan(seen)


def _entitle(
    action: Action,
    plan: Plan,
    side: PrimarySide,
    view: View,
    most: int | None,
) -> tuple[View, bool]:
    """Write who may take over; tell whether all of that was written.

    About those who are still to be proven more is going to be said: without a score
    they have no right that would have to be taken away first.
    """
    wanted = standings(view.peers, side, setting(action), plan.entitled, plan.staying)
    waiting = {p.name for p in view.peers if not managed.may_take_over(p.score)}
    rights = [
        change
        for change in changes(wanted, view.peers, setting(action)).rights
        if change.node not in plan.to_prove & waiting
    ]
    unrecorded.begin_anew(action, synchronous.to_begin_anew(view.peers, plan))
    done = write_some(action, rights, most)
    view = view._replace(peers=with_written(view.peers, done))
    return view, len(done) == len(rights)


def _remember(action: Action, side: PrimarySide, view: View) -> None:
    """Count the time since a right was taken away or given."""
    in_force = parse(side.synchronous_standby_names)
    counted = synchronous.to_count(view.peers, in_force, setting(action))
    action.try_to(lambda: unrecorded.remember(action, counted))


def _apply(action: Action, plan: Plan) -> None:
    assert plan.names is not None
    names = ", ".join(plan.names.names)
    log = action.instance.log
    log.info(
        f"Setup {names} into sync mode." if names else "Set all nodes into async mode."
    )
    apply_names(action, plan.names, share(action.instance.deadline, 0.5))


def apply_names(action: Action, names: SyncNames, deadline: float) -> None:
    """Have commits wait for ``names``, and see that the server has that setting."""
    action.instance.log.info("Reload configuration file.")
    sync_names.apply(action.instance, names, deadline)


def _look_again(action: Action, names: SyncNames) -> PrimarySide | None:
    """Look at replication once the server's processes have learnt of ``names``.

    Who has not been served by one that has gets no right; if it takes too long, the
    next monitor goes on.
    """
    instance = action.instance
    version = datadir.version_of(instance.pgdata)
    deadline = min(now() + _LEARN_S, share(instance.deadline, 0.5))
    with session(instance, instance.deadline, as_owner=True) as query:

        def learnt() -> PrimarySide | None:
            side = replication.ask(query, version)[0]
            is_learnt = side and synchronous.is_learnt(names, side.senders)
            return side if is_learnt else None

        side = until(learnt, deadline) or replication.ask(query, version)[0]
    return side and _with_begin(action, side)


def _with_begin(action: Action, side: PrimarySide) -> PrimarySide:
    """Add where the timeline begins: files say that, and no function."""
    begins_lsn = timeline.begin(action.instance.pgdata, side.timeline)
    return side._replace(begins_lsn=begins_lsn)


def _is_proven(action: Action, plan: Plan) -> bool:
    """Tell whether enough of those to be proven have all that was committed so far.

    So far is a moment after commits were seen to wait for them.  If it takes too
    long, the next monitor tries again.
    """
    version = datadir.version_of(action.instance.pgdata)
    deadline = min(now() + _PROOF_S, share(action.instance.deadline, 0.5))
    if not sync_names.is_in_force(action.instance, deadline):
        return False
    with session(action.instance, action.instance.deadline, as_owner=True) as query:
        before = replication.ask(query, version)[0]
        if before is None:
            return False

        def look() -> bool | None:
            side = replication.ask(query, version)[0]
            return (side and _have_flushed(plan, side, before.flush_lsn)) or None

        return until(look, deadline) is not None


def _have_flushed(plan: Plan, side: PrimarySide, flushed: int) -> bool:
    rows = [sender_of(name, side.senders) for name in plan.to_prove]
    having = [row for row in rows if row and (row.flush_lsn or 0) >= flushed]
    return len(having) >= plan.needed
