# SPDX-License-Identifier: GPL-2.0-or-later
"""Who was primary last: said before the first write, and used when all stop."""

from __future__ import annotations

from pgsr import files, flags
from pgsr.action import Action
from pgsr.decide import replication as decide
from pgsr.postgres import control
from pgsr.state import Cluster
from pgsr.wait import share, until

_SHARE = 0.5
_LOOK_S = 0.05


def claim(action: Action, cluster: Cluster) -> None:
    """Say that this node is primary last, before it takes a single write."""
    for peer in cluster.peers:
        if decide.LAST_PRIMARY in peer.own:
            action.pacemaker.delete_attribute(decide.LAST_PRIMARY, peer.name)
    action.pacemaker.set_attribute(decide.LAST_PRIMARY, "yes")


def release(action: Action) -> None:
    """Allow the next start of a primary that stopped cleanly and last.

    Its data is then provably the newest, and a planned stop of the whole cluster
    needs no hand work.
    """
    state = control.state_of(action.instance.pgdata)
    found = flags.observe(action)
    if not found.is_start_repressed or not decide.is_clean_primary(found, state):
        return
    deadline = share(action.instance.deadline, _SHARE)
    last = until(lambda: _decided(action), deadline, _LOOK_S)
    flag = flags.start_flag(action)
    if last is None:
        # Pacemaker on a busy node begins one stop at a time, and this one was first.
        action.instance.log.warning(
            "Other instances did not stop meanwhile, so this primary may not be the"
            f" last: {flag} stays, and the next start is refused"
        )
    if last is decide.LastInstance.YES:
        files.remove(flag, action.instance.account)
        action.instance.log.info(
            f"Removing {flag}: this primary stopped cleanly and last."
        )


def _decided(action: Action) -> decide.LastInstance | None:
    last = decide.last_instance(action.pacemaker.look())
    return None if last is decide.LastInstance.WAIT else last
