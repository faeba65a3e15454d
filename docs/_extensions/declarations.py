# SPDX-License-Identifier: GPL-2.0-or-later
"""Sphinx directives that write what is declared elsewhere, so that it is not copied.

Parameters and actions are those of the agent; the differences from the stock agent are
those of the test that compares the two.  The role ``:parameter:`` links to a parameter.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from pgsr import declared, metadata
from pgsr.declared import Parameters
from pgsr.metadata import ACTIONS, Action
from pgsr.parameters import Parameter, declarations

DIFFERENCES = Path(__file__).parents[2] / "tests" / "stock" / "differences.py"


class DeclaredParameters(SphinxDirective):
    """An entry for every parameter, in the order of their declaration."""

    def run(self) -> list[nodes.Node]:
        """Return the entries."""
        self.env.note_dependency(declared.__file__)
        entries = map(parameter_entry, declarations(Parameters))
        return self.parse_text_to_nodes("\n".join(entries))


class DeclaredActions(SphinxDirective):
    """A table of the actions with the times that the meta-data advises."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        self.env.note_dependency(metadata.__file__)
        header = ("Action", "Timeout", "Interval", "Role")
        return self.parse_text_to_nodes(list_table(header, map(action_row, ACTIONS)))


class DeclaredDifferences(SphinxDirective):
    """A list of the differences that the comparison with the stock agent names."""

    def run(self) -> list[nodes.Node]:
        """Return the list."""
        self.env.note_dependency(str(DIFFERENCES))
        source = DIFFERENCES.read_text(encoding="utf-8")
        entries = (
            f"- {escape(why)}\n\n  In: {escape('; '.join(situations))}.\n"
            for why, situations in differences(source)
        )
        return self.parse_text_to_nodes("\n".join(entries))


def differences(source: str) -> Iterator[tuple[str, list[str]]]:
    """Yield reason and situations of each ``Difference(why, {situation: ...})``.

    The source is read, not imported: the tests need more than the documentation.
    """
    for call in ast.walk(ast.parse(source)):
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "Difference":
            why, codes = call.args
            assert isinstance(codes, ast.Dict)
            keys = (ast.literal_eval(key) for key in codes.keys if key)
            yield ast.literal_eval(why), list(keys)


def parameter_entry(parameter: Parameter[object]) -> str:
    """Return one parameter as reStructuredText."""
    default = f"``{parameter.default}``" if parameter.default else "empty"
    modes = "" if parameter.modes == "all" else f", with ``rep_mode={parameter.modes}``"
    return (
        f".. parameter:: {parameter.name}\n\n"
        f"   {escape(parameter.long)}\n\n"
        f"   *{parameter.content}, default* {default}{modes}\n"
    )


def action_row(action: Action) -> tuple[str, ...]:
    """Return an action's row of the table."""
    interval = f"{action.interval_s} s" if action.interval_s else ""
    return f"``{action.name}``", f"{action.timeout_s} s", interval, action.role or ""


def list_table(
    header: Iterable[str], rows: Iterable[Iterable[str]], widths: str = ""
) -> str:
    """Return a table as reStructuredText; a cell may have several lines."""
    given = [f"   :widths: {widths}"] if widths else []
    lines = [".. list-table::", "   :header-rows: 1", *given, ""]
    for row in (header, *rows):
        marks = ("   * - ", *(["     - "] * 9))
        for mark, cell in zip(marks, row):
            first, *rest = cell.splitlines() or [""]
            lines += [f"{mark}{first}".rstrip(), *(f"       {line}" for line in rest)]
    return "\n".join([*lines, ""])


def escape(text: str) -> str:
    """Return ``text`` so that reStructuredText takes it literally."""
    return re.sub(r"([\\*`|_])", r"\\\1", text)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives and the role."""
    app.add_object_type("parameter", "parameter", objname="parameter")
    app.add_directive("declared-parameters", DeclaredParameters)
    app.add_directive("declared-actions", DeclaredActions)
    app.add_directive("declared-differences", DeclaredDifferences)
    return {"parallel_read_safe": True}
