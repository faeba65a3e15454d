# SPDX-License-Identifier: GPL-2.0-or-later
"""Sphinx directives that write what the agent declares: parameters and actions.

Nothing is copied into the documentation: the text of a parameter is that of the
meta-data.  The role ``:parameter:`` links to a parameter's entry.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from pgsr.declared import Parameters
from pgsr.metadata import ACTIONS, Action
from pgsr.parameters import Parameter, declarations

MODES = {"all": "all", "none": "``none``", "async": "``async``"}


class DeclaredParameters(SphinxDirective):
    """An entry for every parameter, in the order of their declaration."""

    def run(self) -> list[nodes.Node]:
        """Return the entries."""
        entries = map(parameter_entry, declarations(Parameters))
        return self.parse_text_to_nodes("\n".join(entries))


class DeclaredActions(SphinxDirective):
    """A table of the actions with the times that the meta-data advises."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        header = ("Action", "Timeout", "Interval", "Role")
        return self.parse_text_to_nodes(list_table(header, map(action_row, ACTIONS)))


def parameter_entry(parameter: Parameter[object]) -> str:
    """Return one parameter as reStructuredText."""
    default = f"``{parameter.default}``" if parameter.default else "empty"
    return (
        f".. parameter:: {parameter.name}\n\n"
        f"   {escape(parameter.short)}. {escape(parameter.long)}\n\n"
        f"   :Default: {default}\n"
        f"   :Type: {parameter.content}\n"
        f"   :Used with rep_mode: {MODES[parameter.modes]}\n"
    )


def action_row(action: Action) -> tuple[str, ...]:
    """Return an action's row of the table."""
    interval = f"{action.interval_s} s" if action.interval_s else ""
    return f"``{action.name}``", f"{action.timeout_s} s", interval, action.role or ""


def list_table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table as reStructuredText."""
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in (header, *rows):
        marks = ("   * - ", *(["     - "] * 9))
        lines += [f"{mark}{cell}".rstrip() for mark, cell in zip(marks, row)]
    return "\n".join([*lines, ""])


def escape(text: str) -> str:
    """Return ``text`` so that reStructuredText takes it literally."""
    return re.sub(r"([\\*`|_])", r"\\\1", text)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives and the role."""
    app.add_object_type("parameter", "parameter", objname="parameter")
    app.add_directive("declared-parameters", DeclaredParameters)
    app.add_directive("declared-actions", DeclaredActions)
    return {"parallel_read_safe": True}
