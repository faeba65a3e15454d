# SPDX-License-Identifier: GPL-2.0-or-later
"""What Pacemaker says of the transition that an action belongs to.

With notify=true the names of the nodes come with *every* action of a clone, and not
only with ``notify``; they describe what the transition is going to do
(pcmk_sched_notif.c).  Without it all are empty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Notification(NamedTuple):
    """The transition: which nodes start, stop, are promoted and demoted in it.

    ``active`` are the nodes with an instance that runs now.  ``moment`` is pre or
    post, and ``operation`` what it is about, for ``notify`` alone.
    """

    moment: str = ""
    operation: str = ""
    start: frozenset[str] = frozenset()
    stop: frozenset[str] = frozenset()
    promote: frozenset[str] = frozenset()
    demote: frozenset[str] = frozenset()
    unpromoted: frozenset[str] = frozenset()
    promoted: frozenset[str] = frozenset()

    def is_recovering(self, node: str) -> bool:
        """Tell whether a failed primary is started and promoted again on ``node``."""
        return node in self.start and node in self.promote

    def is_of_interest(self, node: str) -> bool:
        """Tell whether ``notify`` has anything to do on ``node``.

        Pacemaker notifies before and after each action on each node, and waits for the
        answers: most have to cost nothing.
        """
        about = f"{self.moment}-{self.operation}"
        if about == "pre-promote":
            # A single candidate has nobody to compare with.
            return len(self.unpromoted | self.start) > 1 and node not in self.promote
        if about == "post-promote":
            return node not in self.promote
        if self.promote:
            # Who becomes the primary is settled, and there is none to control.
            return False
        if about == "post-start":
            return bool(self.start - {node})
        return about == "post-stop" and bool(self.stop - {node})

    def is_handing_over(self, node: str) -> bool:
        """Tell whether another node is promoted, which sees to the attributes here."""
        return bool(self.promote - {node})

    def is_stopping(self, node: str) -> bool:
        """Tell whether nothing is going to run on ``node``."""
        return node in self.stop and node not in self.start


def is_idle(argv: Sequence[str], environ: Mapping[str, str]) -> bool:
    """Tell whether a call is a notification that nothing has to be done for."""
    if argv[1:] != ["notify"]:
        return False
    node = environ.get("OCF_RESKEY_CRM_meta_on_node", "")
    return bool(node) and not parse(environ).is_of_interest(node)


def parse(environ: Mapping[str, str]) -> Notification:
    """Return what the environment says; roles have two spellings (until 3.0)."""
    prefix = "OCF_RESKEY_CRM_meta_notify_"

    def nodes(*names: str) -> frozenset[str]:
        found = (environ.get(f"{prefix}{name}_uname", "") for name in names)
        return frozenset(" ".join(found).split())

    return Notification(
        moment=environ.get(f"{prefix}type", ""),
        operation=environ.get(f"{prefix}operation", ""),
        start=nodes("start"),
        stop=nodes("stop"),
        promote=nodes("promote"),
        demote=nodes("demote"),
        unpromoted=nodes("unpromoted", "slave"),
        promoted=nodes("promoted", "master"),
    )
