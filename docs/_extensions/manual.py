# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the manual pages so that they are read well in a terminal of 80 columns.

Sphinx's own writer breaks names at syllables, squeezes tables, and points to other
pages with nothing that a terminal could follow.  Which part of the documentation a page
has is said in ``manual_parts``: by the caption of a table of contents, else it has all.
"""

from __future__ import annotations

from collections.abc import Iterator

from docutils import nodes
from docutils.writers import manpage
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.builders.manpage import ManualPageBuilder
from sphinx.environment import BuildEnvironment
from sphinx.ext.graphviz import graphviz
from sphinx.writers.manpage import ManualPageTranslator

from manual_tables import text_of, widths

# Ragged, since words are long; no name is broken at a syllable.
RAGGED = ".na\n.nr HY 0\n.nh\n"
END = (
    ".SH SEE ALSO\n.P\n{pages}\n.P\n"
    "All of the documentation as text: /usr/share/doc/resource\\-agents\\-pgsr\n"
    ".SH COPYRIGHT\n{copyright}\n"
)
WITHOUT_TEXT = (nodes.title, nodes.section, nodes.target, nodes.compound)


class Builder(ManualPageBuilder):
    """Sphinx's builder, with references that tell which page is meant."""

    def get_relative_uri(self, from_: str, to: str, typ: str | None = None) -> str:
        """Return the name of the page, wherever it is referred to."""
        return to


class Table(manpage.Table):
    """A table of docutils that says how wide each of its columns is."""

    def as_list(self) -> list[str]:
        """Return the lines of the table, and let a distance come after it."""
        rows = [[text_of(cell) for cell in row] for row in self._rows]
        self._coldefs = [f"lw({width}n)" for width in widths(rows)]
        return [*super().as_list(), ".sp\n"]


class Translator(ManualPageTranslator):
    """Sphinx's translator, with what is said above."""

    def __init__(self, document: nodes.document, builder: Builder) -> None:
        super().__init__(document, builder)
        # Docutils puts its own here by the version of groff that it writes for.
        self.visit_reference = self.begin_reference
        self.depart_reference = self.end_reference

    def header(self) -> str:
        """Return the head of the page, and of its first paragraphs."""
        section = self.document.next_node(nodes.section)
        parts = [] if section is None else section.children
        has_text = any(not isinstance(part, WITHOUT_TEXT) for part in parts)
        start = ".SH DESCRIPTION\n" if has_text else ""
        return super().header() + RAGGED + start

    def visit_title(self, node: nodes.title) -> None:
        """Write a heading in capitals, but for what is literal."""
        if isinstance(node.parent, nodes.section) and self.section_level == 1:
            words = (self.capital(part) for part in node.children)
            self.body.append(f".SH {self.deunicode(''.join(words))}\n")
            raise nodes.SkipNode
        super().visit_title(node)

    @staticmethod
    def capital(part: nodes.Node) -> str:
        """Return a part of a heading as it is to be written."""
        text = part.astext()
        return text if isinstance(part, nodes.literal) else text.upper()

    def visit_table(self, node: nodes.table) -> None:
        """Begin a table with columns that have the width which they need."""
        super().visit_table(node)
        self._active_table = Table()

    def begin_reference(self, _node: nodes.reference) -> None:
        """Write the words of a reference as if it were none."""

    def end_reference(self, node: nodes.reference) -> None:
        """Name the manual page that has what is referred to, if it is another.

        It is not said of a name, such as that of a parameter, which is easily found.
        """
        target = node.get("refuri", "")
        page = pages_of(self.builder.env).get(target.partition("#")[0])
        is_name = all(isinstance(child, nodes.literal) for child in node.children)
        if page not in {None, self.settings.title} and not is_name:
            self.body.append(f" in {named(page)}")
        if target.startswith("http"):
            self.body.append(f" <{self.deunicode(target)}>")

    def visit_line_block(self, _node: nodes.line_block) -> None:
        """Begin lines that end where the text says so, and where the page ends too."""
        self.ensure_eol()
        self.body.append(".sp\n")

    def depart_line_block(self, _node: nodes.line_block) -> None:
        """End them; nothing has to be written for it."""

    def depart_line(self, _node: nodes.line) -> None:
        """End a line."""
        self.body.append("\n.br\n")

    def depart_document(self, node: nodes.document) -> None:
        """End with the other manual pages."""
        names = {name for _, name, *_ in self.config.man_pages}
        others = sorted(names - {self.settings.title})
        self.ensure_eol()
        pages = ", ".join(map(named, others))
        self.body.append(END.format(pages=pages, copyright=self.config.copyright))


def named(page: str) -> str:
    """Return the name of a manual page as it is written, in one piece."""
    return f"\\fB{page}\\fP(7)".replace("-", "\\-")


def write_words_of_diagram(self: Translator, node: graphviz) -> None:
    """Write what a diagram shows, as a paragraph."""
    self.ensure_eol()
    self.body.append(f".sp\n{self.deunicode(node.get('alt', ''))}\n")
    raise nodes.SkipNode


def pages_of(env: BuildEnvironment) -> dict[str, str]:
    """Return the name of the manual page that each document is in."""
    return {
        document: name
        for root, name, *_ in env.config.man_pages
        for document in documents_of(env, root, name)
    }


def documents_of(env: BuildEnvironment, root: str, name: str) -> Iterator[str]:
    """Yield the documents that a manual page has."""
    caption = env.config.manual_parts.get(name)
    if caption is None:
        yield root
    for contents in env.get_doctree(root).findall(addnodes.toctree):
        if caption in {None, contents["caption"]}:
            yield from contents["includefiles"]


def keep_parts(app: Sphinx, doctree: nodes.document, root: str) -> None:
    """Take out of a manual page what other pages have."""
    name = getattr(doctree.settings, "title", None)
    if app.builder.name != "man" or name not in app.config.manual_parts:
        return
    wanted = set(documents_of(app.env, root, name))
    for part in list(doctree.findall(addnodes.start_of_file)):
        if part["docname"] not in wanted:
            part.parent.remove(part)


def setup(app: Sphinx) -> dict[str, bool]:
    """Have manual pages built this way."""
    app.add_config_value("manual_parts", {}, "env", dict)
    app.add_builder(Builder, override=True)
    app.setup_extension("sphinx.ext.graphviz")
    app.add_node(graphviz, override=True, man=(write_words_of_diagram, None))
    app.set_translator("man", Translator, override=True)
    app.connect("doctree-resolved", keep_parts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
