# SPDX-License-Identifier: GPL-2.0-or-later
"""The index of all that the agent says, and the tables of its statuses.

Both are made once every page has been read: what they show is in the entries.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

from agent_texts import messages
from agent_texts.agent import REASON, STATUS, Agent
from agent_texts.messages import Text
from agent_texts.values import MANAGED, METHOD
from entries import Entry, agent_of, all_entries
from explained import table, table_row
from pgsr.ocf import Exit

_KINDS = {
    "reasons": messages.REASON,
    "warnings": messages.WARNING,
}


class placeholder(nodes.General, nodes.Element):  # noqa: N801  a node, as docutils'
    """Stands for an index or a table until all pages have been read."""


class Index(SphinxDirective):
    """``.. reason-index:: reasons``, ``warnings`` or ``statuses``."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return what stands for the index."""
        agent_of(self.env)
        kind = directives.choice(self.arguments[0], (*_KINDS, "statuses"))
        return [placeholder(kind=kind)]


class StatusTable(SphinxDirective):
    """``.. status-table:: method`` or ``managed``: values with their meanings."""

    required_arguments = 1
    option_spec: ClassVar[Any] = {"with-score": directives.flag}

    def run(self) -> list[nodes.Node]:
        """Return what stands for the table."""
        agent_of(self.env)
        mode = directives.choice(self.arguments[0], (METHOD, MANAGED))
        has_score = "with-score" in self.options
        return [placeholder(kind="table", mode=mode, has_score=has_score)]


class Fill(SphinxPostTransform):
    """Puts the index and the tables in place, before references are resolved."""

    default_priority = 5

    def run(self, **_: Any) -> None:
        """Replace all that stand for something."""
        for node in [*self.document.findall(placeholder)]:
            node.replace_self(self._made_for(node))

    def _made_for(self, node: nodes.Element) -> list[nodes.Node]:
        agent = agent_of(self.env)
        if node["kind"] in _KINDS:
            found = all_entries(self.env, REASON)
            made = reasons(found, agent, _KINDS[node["kind"]])
        elif node["kind"] == "statuses":
            made = statuses(all_entries(self.env, STATUS))
        else:
            found = all_entries(self.env, STATUS)
            wanted = [
                e for e in found if node["mode"] in agent.statuses.get(e.texts[0], ())
            ]
            made = [status_table(wanted, node["has_score"])]
        for each in made:
            for link in each.findall(addnodes.pending_xref):
                link["refdoc"] = self.env.docname
        return made


def reasons(found: Iterable[Entry], agent: Agent, kind: str) -> list[nodes.Node]:
    """Return the texts of a kind by their first letters, each with its meaning."""
    said = agent.messages
    pairs = [
        (text, entry)
        for entry in found
        for text in entry.texts
        if text in said and kind in (entry.level or said[text].kinds)
    ]
    pairs.sort(key=lambda pair: key_of(pair[0]))
    made: list[nodes.Node] = []
    for letter, group in groupby(pairs, lambda pair: key_of(pair[0])[:1].upper()):
        made.append(nodes.rubric("", letter))
        items = [item(text, entry, said[text]) for text, entry in group]
        made.append(nodes.definition_list("", *items))
    return made


def statuses(found: Iterable[Entry]) -> list[nodes.Node]:
    """Return the values of the status, each with its meaning."""
    items = [item(text, each) for each in found for text in each.texts]
    return [nodes.definition_list("", *sorted(items, key=lambda each: each.astext()))]


def key_of(text: str) -> str:
    """Return what a text is sorted by: its first fixed words, without marks."""
    return re.sub(r"^[^a-z]+", "", text.lower())


def item(text: str, entry: Entry, said: Text | None = None) -> nodes.Node:
    """Return a text that links to its entry, its exit code, and its meaning."""
    term = nodes.term("", "", link_to(entry.kind, text))
    if said and said.codes and not entry.level:
        term += nodes.inline("", f" — {codes_of(said)}", classes=["exit-code"])
    return nodes.definition_list_item("", term, nodes.definition("", *meaning(entry)))


def codes_of(text: Text) -> str:
    """Return the exit codes of a reason in words."""
    codes = sorted(Exit[name].value for name in text.codes)
    return f"exit code {' or '.join(map(str, codes))}"


def meaning(entry: Entry) -> list[nodes.Node]:
    """Return a copy of what an entry says of its meaning."""
    return [each.deepcopy() for each in entry.fields.get("meaning", [])]


def link_to(kind: str, text: str) -> nodes.Node:
    """Return a reference to the entry of a text."""
    shown = nodes.literal("", text)
    return addnodes.pending_xref(
        "", shown, refdomain="std", reftype=kind, reftarget=text, refexplicit=True
    )


def status_table(found: Iterable[Entry], has_score: bool) -> nodes.Node:
    """Return a table of values, their scores and their meanings."""
    columns = {"RESOURCE-status": 34, "Meaning": 66}
    if has_score:
        columns = {"RESOURCE-status": 34, "Score": 18, "Meaning": 48}
    rows = []
    for each in found:
        value = nodes.paragraph("", "", link_to(STATUS, each.texts[0]))
        score = [[nodes.paragraph("", each.score)]] if has_score else []
        rows.append(table_row([[value], *score, meaning(each)]))
    return table(columns, rows)


def register(app: Sphinx) -> None:
    """Register the directives and what fills them."""
    app.add_node(placeholder)
    app.add_directive("reason-index", Index)
    app.add_directive("status-table", StatusTable)
    app.add_post_transform(Fill)
