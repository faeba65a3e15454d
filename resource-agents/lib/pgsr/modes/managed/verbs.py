# SPDX-License-Identifier: GPL-2.0-or-later
"""The actions of managed replication, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pgsr.action import Action
from pgsr.modes.managed.monitor import monitor
from pgsr.modes.managed.notify import notify
from pgsr.modes.managed.promote import promote
from pgsr.modes.managed.start import start
from pgsr.modes.managed.stop import demote, stop
from pgsr.ocf import Exit

VERBS: Mapping[str, Callable[[Action], Exit]] = {
    "start": start,
    "stop": stop,
    "monitor": monitor,
    "promote": promote,
    "demote": demote,
    "notify": notify,
}
