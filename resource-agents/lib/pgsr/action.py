# SPDX-License-Identifier: GPL-2.0-or-later
"""What every action of every mode is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from pgsr.instance import Instance
from pgsr.notification import Notification
from pgsr.ocf import AgentError, Invocation
from pgsr.pacemaker import Pacemaker


class Action(NamedTuple):
    """One action: what Pacemaker asked, the server, the cluster, the transition."""

    call: Invocation
    instance: Instance
    pacemaker: Pacemaker
    transition: Notification = Notification()

    def try_to(self, effect: Callable[[], None]) -> None:
        """Do something whose failure must not fail the action, and log that.

        A cluster daemon that hiccups is no reason to declare a database broken, or
        to fence a node because it does not stop.
        """
        try:
            effect()
        except AgentError as error:
            self.instance.log.warning(str(error))
