# SPDX-License-Identifier: GPL-2.0-or-later
"""How Sphinx builds the documentation.  What the agent declares is read from it."""

from __future__ import annotations

import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
sys.path[:0] = [str(DOCS / "_extensions"), str(DOCS.parent / "resource-agents" / "lib")]

from pgsr import __version__  # noqa: E402  the path comes first

project = "PGSR"
author = "the PGSR developers"
project_copyright = "the PGSR developers, GPL-2.0-or-later"
version = release = __version__

extensions = [
    "catalogue",
    "declarations",
    "diagrams",
    "explained",
    "manual",
    "other_agents",
    "reasons",
    "sessions",
    "tested_versions",
]
if tags.has("spelling"):  # noqa: F821  defined by Sphinx
    extensions.append("spelling")
exclude_patterns = ["_extensions", "_markdown"]
# A role that names a parameter which is not declared is an error.
nitpicky = True

# What a cluster prints is no program.
highlight_language = "none"

# How diagrams look, but for colours, which are those of the page: _static/pgsr.css.
graphviz_dot_args = [
    *("-Gbgcolor=transparent", "-Gnodesep=0.4"),
    *("-Nshape=box", "-Nstyle=rounded", "-Nmargin=0.15,0.08", "-Npenwidth=1.5"),
    *("-Nfontname=sans-serif", "-Nfontsize=13"),
    *("-Efontname=sans-serif", "-Efontsize=12", "-Epenwidth=1.5"),
]

html_theme = "furo"
html_title = f"PGSR {version}"
html_static_path = ["_static"]
html_css_files = ["pgsr.css"]
html_copy_source = False
html_show_sphinx = False

# Of the packages; the first has a name as those of Pacemaker's other agents.
man_pages = [
    (page, name, title, "", 7)
    for page, name, title in (
        ("reference/index", "ocf_pgsr_pgsr", "PostgreSQL under Pacemaker"),
        ("howto/index", "pgsr-setup", "set a cluster with PostgreSQL up"),
        ("howto/index", "pgsr-operation", "switch over, bring back, start, maintain"),
        (
            "explanation/index",
            "pgsr-replication",
            "how PostgreSQL is replicated and why",
        ),
        ("faults/index", "pgsr-troubleshooting", "what to do about a reason"),
    )
]
# Of these the page has but what stands under a caption of the contents.
manual_parts = {"pgsr-setup": "Set up", "pgsr-operation": "Operate"}
