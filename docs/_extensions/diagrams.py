# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the diagrams of Graphviz into the page, where the page's own colours apply.

As an image of its own, which is what Sphinx makes of it, a diagram does not notice that
the reader switched between light and dark.  Its colours are in ``_static/pgsr.css``.
"""

from __future__ import annotations

from itertools import groupby
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.ext.graphviz import GraphvizError, graphviz, render_dot
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

SVG = "{http://www.w3.org/2000/svg}"
ElementTree.register_namespace("", SVG.strip("{}"))


def write_diagram(self: HTML5Translator, node: graphviz) -> None:
    """Write a diagram as a part of the page."""
    source, options = node["code"], node["options"]
    try:
        _, path = render_dot(self, source, options, "svg", "graphviz")
    except GraphvizError as error:
        logging.getLogger(__name__).warning("%s", error, location=node)
        raise nodes.SkipNode from error
    if path is not None:
        drawing = inlined(path.read_text(encoding="utf-8"), node.get("alt", ""))
        self.body.append(f'<div class="graphviz">{drawing}</div>\n')
    raise nodes.SkipNode


def inlined(svg: str, alternative: str) -> str:
    """Return a drawing as an element, with words for those who do not see it."""
    drawing = ElementTree.fromstring(svg)
    for element in drawing.iter():
        # It would be there once more in the next diagram of the page.
        element.attrib.pop("id", None)
        # A browser would show the names of nodes and edges as tips.
        for title in element.findall(f"{SVG}title"):
            element.remove(title)
        join_words(element)
    drawing.attrib |= {"role": "img", "aria-label": alternative}
    # For the stylesheet, which cannot ask for it.
    drawing.set("style", f"--drawn-width: {drawing.get('width')}")
    return ElementTree.tostring(drawing, encoding="unicode")


def join_words(group: Element) -> None:
    """Make one text of the parts of each line, bold or not.

    Graphviz gives each its place by the font that it has; by that of the reader they
    would overlap.
    """
    texts = group.findall(f"{SVG}text")
    for _, line in groupby(texts, key=lambda text: text.get("y")):
        first, *others = parts = list(line)
        if not others:
            continue
        spans = [Element(f"{SVG}tspan", weight_of(part)) for part in parts]
        for span, part in zip(spans, parts):
            span.text = part.text
        first.text = None
        first.attrib.pop("font-weight", None)
        first.extend(spans)
        for other in others:
            group.remove(other)


def weight_of(text: Element) -> dict[str, str]:
    """Return what makes a part of a line bold."""
    return {name: text.attrib[name] for name in ("font-weight",) if name in text.attrib}


def setup(app: Sphinx) -> dict[str, bool]:
    """Write diagrams this way in HTML, and as ever elsewhere."""
    app.setup_extension("sphinx.ext.graphviz")
    app.add_node(graphviz, override=True, html=(write_diagram, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
