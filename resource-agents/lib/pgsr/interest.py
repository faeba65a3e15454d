# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether a notification is of any interest, told with as few imports as can be.

Pacemaker notifies before and after each action on each node, and waits for all the
answers: a failover has a dozen, and nearly all have to cost nothing.  ``typing`` alone
would double what they do.
"""

from __future__ import annotations

PREFIX = "OCF_RESKEY_CRM_meta_notify_"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def is_idle(argv: Sequence[str], environ: Mapping[str, str]) -> bool:
    """Tell whether a call is a notification that nothing has to be done for."""
    if argv[1:] != ["notify"]:
        return False
    node = environ.get("OCF_RESKEY_CRM_meta_on_node", "")
    return bool(node) and not is_of_interest(environ, node)


def is_of_interest(environ: Mapping[str, str], node: str) -> bool:
    """Tell whether ``notify`` has anything to do on ``node``."""
    moment = environ.get(f"{PREFIX}type", "")
    about = f"{moment}-{environ.get(f'{PREFIX}operation', '')}"
    promoted = nodes(environ, "promote")
    if about == "pre-promote":
        # A single candidate has nobody to compare with.
        unpromoted = nodes(environ, "unpromoted", "slave", "start")
        return len(unpromoted) > 1 and node not in promoted
    if about == "post-promote":
        return node not in promoted
    if promoted:
        # Who becomes the primary is settled, and there is none to control.
        return False
    if about == "post-start":
        return bool(nodes(environ, "start") - {node})
    return about == "post-stop" and bool(nodes(environ, "stop") - {node})


def nodes(environ: Mapping[str, str], *names: str) -> frozenset[str]:
    """Return the nodes in the lists ``names``; roles have two spellings until 3.0."""
    found = (environ.get(f"{PREFIX}{name}_uname", "") for name in names)
    return frozenset(" ".join(found).split())
