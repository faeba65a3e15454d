# SPDX-License-Identifier: GPL-2.0-or-later
"""Colours sessions in a page: what is typed at a prompt stands out from what appears.

The prompts are those of tests/cluster/tutorial/page.py, which follows the sessions.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pygments.lexers.shell import BashLexer, ShellSessionBaseLexer

if TYPE_CHECKING:
    from sphinx.application import Sphinx


class SessionLexer(ShellSessionBaseLexer):
    """Knows a command by its prompt; all else is output."""

    name = "Session"
    _innerLexerCls = BashLexer  # noqa: N815  the names are those of Pygments
    _ps1rgx = re.compile(r"^((?:both|node\d|)# )(.*\n?)")
    _ps2 = "> "


def setup(app: Sphinx) -> dict[str, bool]:
    """Have the language `console` coloured so."""
    app.add_lexer("console", SessionLexer)
    return {"parallel_read_safe": True}
