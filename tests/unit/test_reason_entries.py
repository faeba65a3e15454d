# SPDX-License-Identifier: GPL-2.0-or-later
"""`make docs` fails where the agent and its documentation do not say the same.

Each test builds a small documentation of a made-up agent; the last one reads the real
page.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

TOP = Path(__file__).resolve().parents[2]
DOCS = TOP / "docs"
AGENT = """
class AgentError(Exception):
    code = Exit.ERROR
class Gone(AgentError):
    code = Exit.NOT_INSTALLED
STATUS_LOST = "LOST:for good"
def f(name):
    raise Gone(f"The moon over {name} isn't there: look up")
"""
CONF = f"""
import sys
sys.path[:0] = [{str(DOCS / "_extensions")!r}, {str(TOP / "resource-agents/lib")!r}]
extensions = ["explained", "reasons"]
nitpicky = True
"""
REASON = """
.. reason:: The moon over … isn't there: look up

   :meaning: It is dark.
   :cause: Clouds.
   :remedy: Wait.
"""
STATUS = """
.. status:: LOST:for good

   :meaning: nobody knows
   :cause: :reason:`The moon`.
   :remedy: None.
"""
INDEX = """
.. reason-index:: reasons
.. reason-index:: statuses
.. status-table:: method
"""


class Built(NamedTuple):
    """How a build ended, what it said, and the page it made."""

    code: int
    said: str
    page: str


def build(directory: Path, content: str, agent: str = AGENT) -> Built:
    package = directory / "agent"
    package.mkdir()
    (package / "code.py").write_text(agent)
    return build_with(directory, content, package)


def build_with(directory: Path, content: str, library: Path) -> Built:
    (directory / "conf.py").write_text(f"{CONF}agent_library = {str(library)!r}\n")
    (directory / "index.rst").write_text(f"Page\n====\n\n{content}")
    options = ["--quiet", "--fail-on-warning", "--keep-going", "-b", "html"]
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *options, directory, directory / "out"],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    page = directory / "out" / "index.html"
    said = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)
    return Built(done.returncode, said, page.read_text() if page.exists() else "")


def test_the_index_shows_each_text_with_its_code_its_meaning_and_a_link(
    tmp_path: Path,
) -> None:
    built = build(tmp_path, f"{REASON}{STATUS}{INDEX}")
    assert (built.code, built.said) == (0, "")
    words = " ".join(re.sub(r"<[^>]+>", " ", built.page).split())
    assert re.search("isn't there: look up — exit code 5 It is dark", words)
    assert "LOST:for good nobody knows" in words
    assert built.page.count('href="#the-moon-over-isnt"') >= 2
    assert 'href="#status-lost-for-good"' in built.page


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        pytest.param(
            STATUS.replace(":reason:`The moon`", "?"),
            "no entry explains the reason of code.py:8: The moon over … isn't there",
            id="a reason that nobody explains",
        ),
        pytest.param(
            REASON,
            "no entry explains the status of a constant: LOST:for good",
            id="a status that nobody explains",
        ),
        pytest.param(
            REASON + STATUS + REASON.replace("moon", "sun"),
            "index.rst:17: WARNING: the agent has no reason: The sun over …",
            id="an entry that the agent does not say",
        ),
        pytest.param(
            REASON + STATUS + STATUS.replace("LOST", "FOUND"),
            "the agent has no status: FOUND:for good",
            id="an entry of a status that the agent does not have",
        ),
        pytest.param(
            REASON.replace(":remedy:", ":hint:") + STATUS,
            "no remedy of the reason: The moon over …",
            id="an entry without a remedy",
        ),
        pytest.param(
            REASON + STATUS.replace("The moon", "The sun"),
            "'reason' reference target not found: The sun",
            id="a link to what is not there",
        ),
        pytest.param(
            f"{REASON}{STATUS}\n.. explained:: exit-codes\n\n   SUCCESS\n      well\n",
            "exit-codes: NOT_RUNNING is not explained",
            id="an exit code that nobody explains",
        ),
        pytest.param(
            f"{REASON}{STATUS}\n.. explained:: exit-codes\n\n   TIRED\n      zzz\n",
            "exit-codes: the agent has no TIRED",
            id="an exit code that the agent does not have",
        ),
    ],
)
def test_the_build_fails_and_says_why(
    content: str, complaint: str, tmp_path: Path
) -> None:
    built = build(tmp_path, content)
    assert built.code != 0
    assert complaint in built.said


def test_a_status_that_goes_with_a_refusal_has_to_be_named(tmp_path: Path) -> None:
    refusal = """
class Verdict(NamedTuple):
    is_allowed: bool
    reason: str
    advice: str
    status: str
def g(): return Verdict(False, "The moon is lost", "", STATUS_LOST)
"""
    entry = REASON.replace("over … isn't there: look up", "is lost")
    content = REASON + STATUS.replace("The moon", "The moon over") + entry
    built = build(tmp_path, content, AGENT + refusal)
    assert "the status LOST:for good goes with: The moon is lost" in built.said


def test_the_page_explains_all_that_the_agent_says_and_nothing_else(
    tmp_path: Path,
) -> None:
    page = (DOCS / "faults" / "troubleshooting.rst").read_text()
    library = TOP / "resource-agents" / "lib" / "pgsr"
    said = build_with(tmp_path, page, library).said
    wrong = re.compile("no entry explains|the agent has no|no .* of the|goes with")
    assert [line for line in said.splitlines() if wrong.search(line)] == []
