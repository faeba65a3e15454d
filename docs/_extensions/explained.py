# SPDX-License-Identifier: GPL-2.0-or-later
"""Tables whose names are the source's, and whose explanations are the page's.

``.. explained:: exit-codes`` has a definition list: each term is a name of the source,
its classifier fills the second column where there is one, and its definition explains
it.  A name that is not explained, or is none of the source's, ends ``make docs``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from agent_texts.agent import Agent
from agent_texts.values import MANAGED, METHOD
from entries import agent_of
from pgsr.ocf import Exit


class Table(NamedTuple):
    """A table: its columns with their widths, and the first cells by their names."""

    columns: Mapping[str, int]
    cells: Mapping[str, tuple[nodes.Node, ...]]


class Row(NamedTuple):
    """What the page says of a name."""

    classifier: str
    body: list[nodes.Node]


class Explained(SphinxDirective):
    """A table of names from the source with what the page says of them."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the table, and warn where names and explanations differ."""
        kind = directives.choice(self.arguments[0], tuple(_TABLES))
        wanted = _TABLES[kind](agent_of(self.env))
        said = rows_of(self.parse_content_to_nodes())
        for name in wanted.cells.keys() - said.keys():
            self.state.document.reporter.warning(
                f"{kind}: {name} is not explained", line=self.lineno
            )
        for name in said.keys() - wanted.cells.keys():
            self.state.document.reporter.warning(
                f"{kind}: the agent has no {name}", line=self.lineno
            )
        return [table_of(wanted, said)]


def exit_codes(_: Agent) -> Table:
    """Return the exit codes, by the names that they have in the source."""
    return Table(
        {"Code": 10, "Name": 24, "When": 66},
        {each.name: (_text(str(each.value)), _text(words(each))) for each in Exit},
    )


def words(code: Exit) -> str:
    """Return the name of an exit code as a text."""
    return code.name.lower().replace("_", " ")


def attributes_of_the_method(agent: Agent) -> Table:
    """Return the node attributes of the PGSR method."""
    return _attributes(agent, METHOD, {"Attribute": 34, "Meaning": 66})


def managed_attributes(agent: Agent) -> Table:
    """Return the node attributes of managed replication, with their lifetimes."""
    columns = {"Attribute": 30, "Lifetime": 14, "Meaning": 56}
    return _attributes(agent, MANAGED, columns)


def _attributes(agent: Agent, mode: str, columns: Mapping[str, int]) -> Table:
    found = [name for name, modes in agent.attributes.items() if mode in modes]
    return Table(columns, {name: (_literal(shown_name(name)),) for name in found})


def shown_name(attribute: str) -> str:
    """Return the whole name of an attribute."""
    return "master-RESOURCE" if attribute == "score" else f"RESOURCE-{attribute}"


def rows_of(content: Iterable[nodes.Node]) -> dict[str, Row]:
    """Return what a definition list says, by its terms."""
    return {
        item[0].astext(): Row(
            " ".join(each.astext() for each in item.findall(nodes.classifier)),
            [*item[-1].children],
        )
        for each in content
        for item in each.findall(nodes.definition_list_item)
    }


def table_of(wanted: Table, said: Mapping[str, Row]) -> nodes.table:
    """Return the table, in the order of the page."""
    first = len(next(iter(wanted.cells.values()), ()))
    has_classifier = len(wanted.columns) > first + 1
    body = []
    for name, row in said.items():
        cells = [[cell] for cell in wanted.cells.get(name, ())]
        if has_classifier:
            cells.append([_text(row.classifier)])
        body.append(table_row([*cells, row.body]))
    return table(wanted.columns, body)


def table(columns: Mapping[str, int], rows: Iterable[nodes.row]) -> nodes.table:
    """Return a table with these columns, each with its width."""
    head = nodes.thead("", table_row([[_text(name)] for name in columns]))
    widths = [nodes.colspec(colwidth=width) for width in columns.values()]
    group = nodes.tgroup("", *widths, head, nodes.tbody("", *rows), cols=len(widths))
    return nodes.table("", group, classes=["colwidths-given"])


def table_row(cells: Iterable[Iterable[nodes.Node]]) -> nodes.row:
    """Return a row of a table."""
    return nodes.row("", *(nodes.entry("", *each) for each in cells))


def _text(words: str) -> nodes.paragraph:
    return nodes.paragraph("", words)


def _literal(words: str) -> nodes.paragraph:
    return nodes.paragraph("", "", nodes.literal("", words))


_TABLES = {
    "exit-codes": exit_codes,
    "attributes-of-the-method": attributes_of_the_method,
    "managed-attributes": managed_attributes,
}


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("explained", Explained)
    return {"parallel_read_safe": True}
