# SPDX-License-Identifier: GPL-2.0-or-later
"""Entries that explain what the agent says: ``.. reason::`` and ``.. status::``.

An entry has one or several texts as the agent's source has them, variable parts being
``…``, and says meaning, cause and remedy.  A text of the source without an entry, and
an entry whose text is not in the source, is a warning, which ends ``make docs``.

The roles ``:reason:`` and ``:status:`` link to an entry; the beginning of a text is
enough for the former.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.directives import ObjectDescription
from sphinx.environment import BuildEnvironment
from sphinx.util.docfields import Field
from sphinx.util.nodes import make_refnode

import entries
import reason_index
from agent_texts import messages
from agent_texts.agent import FIELDS, REASON, STATUS
from agent_texts.messages import Text
from entries import Entry

AGENT = Path(__file__).parents[2] / "resource-agents" / "lib" / "pgsr"
_WORDS_OF_ANCHOR = 4


class Explanation(ObjectDescription[str]):
    """An entry; each line of its argument is one text, unless a backslash ends it."""

    option_spec: ClassVar[Any] = {
        "level": lambda given: directives.choice(given, (messages.WARNING,)),
        "score": directives.unchanged,
    }
    doc_field_types: ClassVar[list[Field]] = [
        *(Field(name, (name,), name.title(), has_arg=False) for name in FIELDS),
        Field(STATUS, (STATUS,), "Status", has_arg=False, bodyrolename=STATUS),
        Field("shown", ("shown",), "Shown as", has_arg=False),
    ]

    def handle_signature(self, sig: str, signode: addnodes.desc_signature) -> str:
        """Show a text as it is."""
        text = " ".join(sig.split())
        signode.clear()
        signode += addnodes.desc_name(text, text)
        return text

    def add_target_and_index(
        self, name: str, sig: str, signode: addnodes.desc_signature
    ) -> None:
        """Give a text its anchor: its first words, as many as tell it from others."""
        document = self.state.document
        anchor = next(
            each for each in _anchors(self.objtype, name) if each not in document.ids
        )
        signode["ids"].append(anchor)
        document.note_explicit_target(signode)
        std = self.env.domains.standard_domain
        std.note_object(self.objtype, name, anchor, location=signode)

    def transform_content(self, content_node: addnodes.desc_content) -> None:
        """Remember what the entry says, and add how its texts are shown."""
        agent = entries.agent_of(self.env)
        fields = {
            field[0].astext(): [each.deepcopy() for each in field[1].children]
            for field in content_node.findall(nodes.field)
        }
        texts, page = tuple(self.names), self.env.docname
        more = (self.options.get(name, "") for name in ("level", "score"))
        entry = Entry(self.objtype, texts, page, self.lineno, fields, *more)
        entries.store(self.env).setdefault(page, []).append(entry)
        if self.objtype == REASON:
            listed = next(content_node.findall(nodes.field_list), nodes.field_list())
            listed += _shown_as(entry, agent.messages)


def _anchors(kind: str, text: str) -> Iterator[str]:
    """Yield anchors for a text: four words of it, more of them, and then numbers."""
    words = re.findall(r"[a-z0-9_]+", text.lower().replace("'", ""))
    if kind == STATUS:
        words.insert(0, STATUS)
    for count in range(_WORDS_OF_ANCHOR, max(_WORDS_OF_ANCHOR, len(words)) + 1):
        yield "-".join(words[:count])
    for number in itertools.count(2):
        yield "-".join([*words, str(number)])


def _shown_as(entry: Entry, said: dict[str, Text]) -> nodes.field:
    """Return the field that tells where an administrator sees the texts."""
    found = [said[text] for text in entry.texts if text in said]
    if entry.level:
        found = [text._replace(kinds=frozenset([entry.level])) for text in found]
    ways = dict.fromkeys(way for text in found for way in _ways_of(text))
    body = nodes.field_body("", nodes.paragraph("", "; ".join(ways)))
    return nodes.field("", nodes.field_name("", "shown"), body)


def _ways_of(text: Text) -> Iterator[str]:
    if messages.REASON in text.kinds:
        yield f"exit reason, {reason_index.codes_of(text)}"
    if messages.WARNING in text.kinds:
        yield "warning in the log"
    if messages.ADDED in text.kinds:
        yield "in the log, behind the reason"
    if text.kinds == {messages.NOTE}:
        yield "information in the log"


def link_by_beginning(
    app: Sphinx,
    env: BuildEnvironment,
    node: addnodes.pending_xref,
    content: nodes.TextElement,
) -> nodes.Element | None:
    """Resolve ``:reason:`` with the beginning of a text, if only one begins so."""
    if node.get("reftype") != REASON:
        return None
    wanted, objects = node["reftarget"], env.domains.standard_domain.objects
    found = {
        place
        for (kind, text), place in objects.items()
        if kind == REASON and text.startswith(wanted)
    }
    if len(found) != 1:
        return None
    ((page, anchor),) = found
    return make_refnode(app.builder, node["refdoc"], page, anchor, content)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register entries, roles, the index and the check."""
    app.add_config_value("agent_library", str(AGENT), "env", str)
    for kind in (REASON, STATUS):
        app.add_object_type(kind, kind, ref_nodeclass=nodes.literal)
        app.add_directive_to_domain("std", kind, Explanation, override=True)
    reason_index.register(app)
    app.connect("missing-reference", link_by_beginning)
    app.connect("env-purge-doc", entries.purge)
    app.connect("env-merge-info", entries.merge)
    app.connect("env-check-consistency", entries.check)
    return {"parallel_read_safe": True, "env_version": 1}
