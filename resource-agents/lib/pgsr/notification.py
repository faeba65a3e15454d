# SPDX-License-Identifier: GPL-2.0-or-later
"""What Pacemaker says of the transition that an action belongs to.

With notify=true the names of the nodes come with *every* action of a clone, and not
only with ``notify``; they describe what the transition is going to do
(pcmk_sched_notif.c).  Without it all are empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from pgsr.interest import PREFIX, is_of_interest, nodes


class Notification(NamedTuple):
    """The transition: which nodes start, stop, are promoted and demoted in it.

    ``unpromoted`` are those with a standby before it.  ``moment`` is pre or post, and
    ``operation`` what it is about, for ``notify`` alone.
    """

    moment: str = ""
    operation: str = ""
    is_of_interest: bool = False
    start: frozenset[str] = frozenset()
    stop: frozenset[str] = frozenset()
    promote: frozenset[str] = frozenset()
    demote: frozenset[str] = frozenset()
    unpromoted: frozenset[str] = frozenset()

    def is_recovering(self, node: str) -> bool:
        """Tell whether a failed primary is started and promoted again on ``node``."""
        return node in self.start and node in self.promote

    def is_handing_over(self, node: str) -> bool:
        """Tell whether another node is promoted, which sees to the attributes here."""
        return bool(self.promote - {node})

    def is_stopping(self, node: str) -> bool:
        """Tell whether nothing is going to run on ``node``."""
        return node in self.stop and node not in self.start


def parse(environ: Mapping[str, str]) -> Notification:
    """Return what the environment says."""
    node = environ.get("OCF_RESKEY_CRM_meta_on_node", "")
    return Notification(
        moment=environ.get(f"{PREFIX}type", ""),
        operation=environ.get(f"{PREFIX}operation", ""),
        is_of_interest=is_of_interest(environ, node),
        start=nodes(environ, "start"),
        stop=nodes(environ, "stop"),
        promote=nodes(environ, "promote"),
        demote=nodes(environ, "demote"),
        unpromoted=nodes(environ, "unpromoted", "slave"),
    )
