# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the diagrams of Graphviz into the page, where the page's own colours apply.

As an image of its own, which is what Sphinx makes of it, a diagram does not notice that
the reader switched between light and dark.  Its colours are in ``_static/pgsr.css``.
"""

from __future__ import annotations

import html
import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.ext.graphviz import GraphvizError, graphviz, render_dot
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

# What Graphviz adds that is no drawing: names of nodes, which a browser shows as tips,
# and identifiers, which are the same in each diagram of a page.
BESIDE_THE_DRAWING = re.compile(r'<!--.*?-->\n?|<title>.*?</title>\n?| id="\w+"', re.S)


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
    element = BESIDE_THE_DRAWING.sub("", svg[svg.index("<svg") :])
    words = html.escape(alternative)
    return element.replace("<svg", f'<svg role="img" aria-label="{words}"', 1)


def setup(app: Sphinx) -> dict[str, bool]:
    """Write diagrams this way in HTML, and as ever elsewhere."""
    app.setup_extension("sphinx.ext.graphviz")
    app.add_node(graphviz, override=True, html=(write_diagram, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
