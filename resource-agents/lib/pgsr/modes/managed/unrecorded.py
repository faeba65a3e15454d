# SPDX-License-Identifier: GPL-2.0-or-later
"""Since when a standby that commits wait for has been without its record.

Monitors come and go; a file in the agent's directory remembers it, in seconds of a
clock that nobody can set.
"""

from __future__ import annotations

import functools
import json
import re
import time
from collections.abc import Iterable, Mapping

from pgsr import files, process
from pgsr.account import acting_as
from pgsr.action import Action
from pgsr.ocf import AgentError
from pgsr.pacemaker import Pacemaker

_FILE = "PGSQL.unrecorded"
_KEYS = ("runtime.config.totem.token", "runtime.config.totem.consensus")
# Corosync's defaults are 3 s and 3.6 s; an unknown cluster may be slower.
_UNKNOWN_MS = 20_000
_MARGIN, _MARGIN_S = 1.5, 1.0


def seconds(action: Action) -> Mapping[str, float]:
    """Return for how long each node has been without its record."""
    at = _now()
    return {node: at - began for node, began in _read(action).items()}


def remember(action: Action, nodes: Iterable[str]) -> None:
    """Begin to count for those of ``nodes`` that are new; forget all others."""
    wanted, known, at = frozenset(nodes), _read(action), _now()
    if wanted != known.keys():
        _write(action, {node: known.get(node, at) for node in sorted(wanted)})


def begin_anew(action: Action, nodes: Iterable[str]) -> None:
    """Count for ``nodes`` from the next time on; AgentError when that fails.

    What was counted before a node got its right says nothing of whether it knows that
    it has lost it again.
    """
    known, nodes = _read(action), frozenset(nodes)
    if nodes & known.keys():
        _write(action, {n: began for n, began in known.items() if n not in nodes})


def forget(action: Action) -> None:
    """Count for nobody: after a start or a promotion everything begins anew."""
    if files.exists(_path(action)):
        files.remove(_path(action), action.instance.account)


def notice_s(action: Action) -> float:
    """Return how long the cluster surely takes to notice that a node is lost.

    Token and consensus timeout of corosync (corosync.conf(5)), with a margin.
    """
    return totem_ms(_ask(action.pacemaker)) / 1000 * _MARGIN + _MARGIN_S


@functools.cache
def _ask(pacemaker: Pacemaker) -> str:
    """Ask corosync once in an action."""
    argv = [f"{pacemaker.directory}/corosync-cmapctl", "-g", *_KEYS]
    try:
        return process.run(argv, pacemaker.deadline).stdout
    except AgentError:
        return ""


def totem_ms(said: str) -> int:
    """Return the sum of both timeouts in what corosync-cmapctl said."""
    found = (re.search(rf"^{re.escape(key)} .*= (\d+)$", said, re.M) for key in _KEYS)
    times = [int(each.group(1)) for each in found if each]
    return sum(times) if len(times) == len(_KEYS) else _UNKNOWN_MS


def _read(action: Action) -> dict[str, float]:
    try:
        with acting_as(action.instance.account), open(_path(action), "rb") as file:
            content = json.loads(file.read())
        return {str(node): float(began) for node, began in content.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def _write(action: Action, began: Mapping[str, float]) -> None:
    if began:
        files.replace(_path(action), action.instance.account, json.dumps(began))
    else:
        forget(action)


def _path(action: Action) -> str:
    return f"{action.instance.parameters.directory}/{_FILE}"


def _now() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)
