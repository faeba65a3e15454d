# SPDX-License-Identifier: GPL-2.0-or-later
"""The OCF contract: exit codes, errors that carry one, and what Pacemaker asks.

Everything that Pacemaker says about *this call* is parsed here, once, from argv
and the environment.  What the administrator says (``OCF_RESKEY_*``) is parsed in
``parameters``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import NamedTuple


class Exit(IntEnum):
    """Exit codes of the OCF resource agent API 1.1, section "Exit status codes"."""

    SUCCESS = 0
    ERROR = 1
    BAD_ARGUMENTS = 2
    UNIMPLEMENTED = 3
    NO_PERMISSION = 4
    NOT_INSTALLED = 5
    NOT_CONFIGURED = 6
    NOT_RUNNING = 7
    RUNNING_PROMOTED = 8


# Pacemaker cuts an exit reason there (EXIT_REASON_MAX_LEN in services.h, with the
# terminating zero).
LONGEST_EXIT_REASON = 127


class AgentError(Exception):
    """An expected failure; its text is the OCF exit reason, read at night.

    The text says within LONGEST_EXIT_REASON bytes what happened, to which object, and
    what to do.  ``advice`` goes to the log only and has the room to say more.
    """

    code = Exit.ERROR

    def __init__(self, reason: str, advice: str = "") -> None:
        super().__init__(reason)
        self.advice = advice


class PermissionDenied(AgentError):
    """The node or a file on it does not let the agent do its work."""

    code = Exit.NO_PERMISSION


class NotInstalled(AgentError):
    """A program, a user, a file or a directory is not on this node."""

    code = Exit.NOT_INSTALLED


class NotConfigured(AgentError):
    """A parameter is wrong on every node, so Pacemaker need not try another."""

    code = Exit.NOT_CONFIGURED


class Invocation(NamedTuple):
    """One call of the agent, as Pacemaker makes it.

    ``resource`` is the resource's name without the ``:N`` of a clone instance and
    ``timeout_s`` the time after which Pacemaker kills the action.  ``promoted_max``,
    ``clone_node_max`` and ``is_notified`` are options of the clone, with Pacemaker's
    own defaults.
    """

    program: str
    action: str
    resource: str
    node: str
    timeout_s: float
    is_probe: bool
    is_promotable: bool
    check_level: int
    promoted_max: int = 1
    clone_node_max: int = 1
    is_notified: bool = False


# Pacemaker always says the timeout.  Called by hand, an action gets the longest
# one that the meta-data advertises.
DEFAULT_TIMEOUT_S = 120.0


def parse_invocation(argv: Sequence[str], environ: Mapping[str, str]) -> Invocation:
    """Return what is asked by ``argv`` and by Pacemaker's part of the environment."""
    action = argv[1]
    return Invocation(
        program=program(argv, environ),
        action=action,
        resource=environ.get("OCF_RESOURCE_INSTANCE", "default").partition(":")[0],
        node=environ.get("OCF_RESKEY_CRM_meta_on_node") or os.uname().nodename,
        timeout_s=_number(environ.get("OCF_RESKEY_CRM_meta_timeout"), 0) / 1000
        or DEFAULT_TIMEOUT_S,
        is_probe=action == "monitor"
        and _number(environ.get("OCF_RESKEY_CRM_meta_interval"), 0) == 0,
        is_promotable=_is_promotable(environ),
        check_level=_number(environ.get("OCF_CHECK_LEVEL"), 0),
        promoted_max=_number(_promoted_max(environ), 1),
        clone_node_max=_number(environ.get("OCF_RESKEY_CRM_meta_clone_node_max"), 1),
        is_notified=_is_true(environ.get("OCF_RESKEY_CRM_meta_notify")),
    )


def program(argv: Sequence[str], environ: Mapping[str, str]) -> str:
    """Return the name of the agent: Pacemaker says it, and without it the call does."""
    return environ.get("OCF_RESOURCE_TYPE") or os.path.basename(argv[0])


def _is_promotable(environ: Mapping[str, str]) -> bool:
    """Tell whether the resource is a promotable clone (both spellings)."""
    is_promotable = _is_true(environ.get("OCF_RESKEY_CRM_meta_promotable"))
    return is_promotable or _number(_promoted_max(environ), 0) > 0


def _promoted_max(environ: Mapping[str, str]) -> str | None:
    return environ.get("OCF_RESKEY_CRM_meta_promoted_max") or environ.get(
        "OCF_RESKEY_CRM_meta_master_max"
    )


# ocf_is_true in ocf-shellfuncs
TRUE_WORDS = frozenset(("yes", "true", "1", "ja", "on", "y"))


def _is_true(text: str | None) -> bool:
    return (text or "").lower() in TRUE_WORDS


def _number(text: str | None, otherwise: int) -> int:
    try:
        return max(0, int(text or otherwise))
    except ValueError:
        return otherwise
