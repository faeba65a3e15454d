# SPDX-License-Identifier: GPL-2.0-or-later
"""Sets the check of spelling up: British words, and those of `docs/spelling.txt`.

It is loaded for that check alone: it needs the library Enchant, which building the
pages does not.
"""

from __future__ import annotations

import re
from pathlib import Path

from enchant.tokenize import Filter
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinxcontrib.spelling.builder import SpellingBuilder

WORDS = Path(__file__).parents[1] / "spelling.txt"
# What is read as well: the builder leaves out what is emphasised.
ALSO_READ = {"emphasis", "reference", "strong"}


class TechnicalNames(Filter):
    """Leaves out what is a name and no word, where no markup says so.

    The texts of parameters have none: they are the agent's meta-data too.
    """

    def _skip(self, word: str) -> bool:
        return re.search(r"^/|_|=|:\w|\w\.\w", word) is not None


def configure(_app: Sphinx, config: Config) -> None:
    """Have the verdict depend on nothing but the text and our list of words."""
    config.spelling_lang = "en_GB"
    config.spelling_word_list_filename = str(WORDS)
    config.spelling_filters = [f"{__name__}.{TechnicalNames.__name__}"]
    config.spelling_warning = True
    config.spelling_show_suggestions = True
    config.spelling_suggestion_limit = 3
    config.spelling_ignore_contributor_names = False
    config.spelling_ignore_importable_modules = False
    config.spelling_ignore_python_builtins = False


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the builder `spelling`."""
    app.setup_extension("sphinxcontrib.spelling")
    SpellingBuilder.TEXT_NODES = SpellingBuilder.TEXT_NODES | ALSO_READ
    app.connect("config-inited", configure)
    return {"parallel_read_safe": True}
