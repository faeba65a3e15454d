# SPDX-License-Identifier: GPL-2.0-or-later
"""How Sphinx reads the Markdown of the tree, which is to be checked and not built."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "_extensions"))

project = "PGSR"
extensions = ["myst_parser", "spelling"]
root_doc = "README"
include_patterns = ["*.md", "packaging/**.md"]
exclude_patterns = [".*", "dist", "docs", "tests"]
# Links are tried by another program.
suppress_warnings = ["myst.xref_missing", "toc.not_included"]
