# SPDX-License-Identifier: GPL-2.0-or-later
"""Sphinx directives for moving from other agents: their parameters, one by one.

What the other agents have is data, taken from their meta-data (`data/*.json`); what we
have is declared in ours; what differs is said in `parameter_fates`.  One that nobody
has said a word about ends the build.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

import completeness
import parameter_fates
from completeness import PAF, STOCK, Contents, ours, parameters_of
from declarations import list_table
from parameter_fates import OF_PAF, OF_STOCK, ONLY_OURS
from pgsr import declared

Row = tuple[str, str, str]


class StockParameters(SphinxDirective):
    """A table of the stock agent's parameters with what becomes of each here."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        depend(self, STOCK)
        theirs = parameters_of(STOCK)
        require_none(completeness.stock_gaps(theirs, OF_STOCK))
        header = ("Parameter", "Default", "Here")
        return self.parse_text_to_nodes(list_table(header, stock_rows(theirs)))


class OurParameters(SphinxDirective):
    """A table of the parameters that the stock agent lacks."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        depend(self, STOCK)
        require_none(completeness.only_ours_gaps(parameters_of(STOCK), ONLY_OURS))
        header = ("Parameter", "Default", "On the way back")
        rows = (
            (f":parameter:`{name}`", literal(ours()[name].default), said)
            for name, said in ONLY_OURS.items()
        )
        return self.parse_text_to_nodes(list_table(header, rows))


class PafParameters(SphinxDirective):
    """A table of PAF's parameters with what takes the place of each here."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        depend(self, PAF)
        theirs = parameters_of(PAF)
        require_none(completeness.word_gaps("PAF", theirs, OF_PAF))
        header = ("PAF", "Default", "Here")
        rows = (
            (f"``{name}``", literal(content["default"]), OF_PAF[name])
            for name, content in theirs.items()
        )
        return self.parse_text_to_nodes(list_table(header, rows))


def stock_rows(theirs: Contents) -> Iterator[Row]:
    """Yield name, default and fate of the stock agent's parameters."""
    for name, content in theirs.items():
        said = OF_STOCK.get(name, "the same")
        yield f":parameter:`{name}`", literal(content["default"]), said


def require_none(gaps: list[str]) -> None:
    """End the build with what is missing, if anything is."""
    if gaps:
        raise ExtensionError(f"parameter_fates.py: {'; '.join(gaps)}")


def literal(default: str) -> str:
    """Return a default as a cell of a table."""
    return f"``{default}``" if default else "empty"


def depend(directive: SphinxDirective, data: Path) -> None:
    """Have the page built anew when one of its sources changes."""
    for path in (data, declared.__file__, parameter_fates.__file__):
        directive.env.note_dependency(str(path))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives."""
    app.add_directive("stock-parameters", StockParameters)
    app.add_directive("our-parameters", OurParameters)
    app.add_directive("paf-parameters", PafParameters)
    return {"parallel_read_safe": True}
