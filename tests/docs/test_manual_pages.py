# SPDX-License-Identifier: GPL-2.0-or-later
"""The manual pages are read well in a terminal of 80 columns."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

WIDTH = 80
MAN_TIMEOUT_S = 60
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "MANWIDTH": str(WIDTH)}
# What a reader looks for, and where it is.
HEADINGS = {
    "ocf_pgsr_pgsr": {"NAME", "DESCRIPTION", "PARAMETERS", "ACTIONS"},
    "pgsr-operation": {"NAME", "BRING A FORMER PRIMARY BACK"},
    "pgsr-replication": {"NAME", "MANAGED REPLICATION", "THE PGSR METHOD"},
    "pgsr-setup": {"NAME", "INSTALLATION", "SET UP MANAGED REPLICATION"},
    "pgsr-troubleshooting": {"NAME", "TROUBLESHOOTING"},
}


def shown(page: Path) -> str:
    """A page as `man` shows it; it has to say nothing else."""
    argv = ["man", "--warnings", "--local-file", str(page)]
    done = subprocess.run(
        argv,
        capture_output=True,
        text=True,
        check=True,
        timeout=MAN_TIMEOUT_S,
        env=ENVIRONMENT,
    )
    assert done.stderr == ""
    return done.stdout


def is_set_by_hand(line: str) -> bool:
    """Tell whether a line is of an example, which is not broken: those stand apart."""
    return line.startswith(" " * 10) and "│" not in line


@pytest.mark.parametrize("name", HEADINGS)
def test_a_manual_page_is_shown_without_a_warning(manual: Path, name: str) -> None:
    text = shown(manual / f"{name}.7")
    headings = set(re.findall(r"^(\S.*)$", text, re.M))
    assert HEADINGS[name] | {"SEE ALSO"} <= headings
    too_long = [line for line in text.splitlines() if len(line) > WIDTH]
    assert [line for line in too_long if not is_set_by_hand(line)] == []


@pytest.mark.parametrize("name", HEADINGS)
def test_references_of_a_manual_page_lead_to_manual_pages(
    manual: Path, name: str
) -> None:
    text = shown(manual / f"{name}.7")
    referred = set(re.findall(r"([a-z_-]+)\(7\)", text))
    assert referred == set(HEADINGS) - {name}
    assert re.findall(r"<[^>]*#[^>]*>|\[graph\b", text) == []


def test_there_is_no_other_manual_page(manual: Path) -> None:
    assert {page.stem for page in manual.glob("*.7")} == set(HEADINGS)
