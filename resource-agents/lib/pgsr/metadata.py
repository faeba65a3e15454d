# SPDX-License-Identifier: GPL-2.0-or-later
"""The meta-data: XML built from the declarations, and the words for ``methods``.

The form is that of OCF 1.0, which both the field's DTD (ra-api-1.dtd) and
Pacemaker's RELAX NG schema accept.
"""

from __future__ import annotations

from typing import NamedTuple

from pgsr import __version__
from pgsr.declared import Parameters
from pgsr.parameters import Parameter, declarations


class Action(NamedTuple):
    """An action with the times that the meta-data advises, in seconds.

    ``advertised`` is false for reload-agent, which ra-api-1.dtd has no name for, and
    for usage: pcs would make an operation of it in the cluster's configuration.
    """

    name: str
    timeout_s: int
    interval_s: int | None = None
    role: str | None = None
    advertised: bool = True


ACTIONS = (
    Action("start", 120),
    Action("stop", 120),
    Action("status", 60),
    Action("monitor", 30, interval_s=30),
    Action("monitor", 30, interval_s=29, role="Promoted"),
    Action("promote", 120),
    Action("demote", 120),
    Action("notify", 90),
    Action("reload-agent", 30, advertised=False),
    Action("meta-data", 5),
    Action("validate-all", 5),
    Action("methods", 5),
    Action("usage", 5, advertised=False),
)

NAMES = tuple(dict.fromkeys(action.name for action in ACTIONS))

_SHORT = "Manages a PostgreSQL server, alone or with streaming replication"
_LONG = """
Resource agent for PostgreSQL. It runs a stand-alone server (rep_mode=none), a standby
of a primary elsewhere (rep_mode=slave) or, as a promotable clone with notify=true, a
primary and its hot standbys with streaming replication: managed by the agent
(rep_mode=sync, or async with node_list), or by the PGSR method (rep_mode=async). It
takes over from the agent ocf:heartbeat:pgsql of the resource-agents project: that
agent's parameters keep their names, defaults and meaning.
"""


def render(program: str) -> str:
    """Return the meta-data of the agent under the name it was called by."""
    parameters = "\n".join(map(_parameter, declarations(Parameters)))
    actions = "\n".join(_action(action) for action in ACTIONS if action.advertised)
    return f"""<?xml version="1.0"?>
<!DOCTYPE resource-agent SYSTEM "ra-api-1.dtd">
<resource-agent name="{_escape(program)}" version="{__version__}">
<version>1.0</version>
<longdesc lang="en">{_escape(_LONG)}</longdesc>
<shortdesc lang="en">{_escape(_SHORT)}</shortdesc>
<parameters>
{parameters}
</parameters>
<actions>
{actions}
</actions>
</resource-agent>
"""


def usage(program: str) -> str:
    """Return what to type, for somebody who called the agent by hand."""
    return (
        f"usage: {program} {{{'|'.join(NAMES)}}}\n\n"
        f"{_SHORT}.\nParameters are read from the environment (OCF_RESKEY_*);"
        " meta-data describes them.\n"
    )


def _parameter(parameter: Parameter[object]) -> str:
    default = _escape(parameter.default)
    return f"""<parameter name="{parameter.name}" unique="0" required="0">
<longdesc lang="en">{_escape(parameter.long)}</longdesc>
<shortdesc lang="en">{_escape(parameter.short)}</shortdesc>
<content type="{parameter.content}" default="{default}"/>
</parameter>"""


def _action(action: Action) -> str:
    repeats = f' depth="0" interval="{action.interval_s}s"' if action.interval_s else ""
    role = f' role="{action.role}"' if action.role else ""
    return (
        f'<action name="{action.name}" timeout="{action.timeout_s}s"{repeats}{role}/>'
    )


def _escape(text: str) -> str:
    # xml.sax.saxutils costs 31 ms of start-up: it imports urllib, http and email.
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), ('"', "&quot;")):
        text = text.replace(character, entity)
    return text
