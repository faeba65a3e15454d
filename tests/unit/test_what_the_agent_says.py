# SPDX-License-Identifier: GPL-2.0-or-later
"""How what the agent says is found in its source: no way of saying it is missed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent_texts import library, messages, values
from agent_texts.agent import agent_in

TOP = Path(__file__).resolve().parents[2]
AGENT = TOP / "resource-agents" / "lib" / "pgsr"
SOURCE = library.read(AGENT)

# What else has words, and nobody reads for a reason: prose of parameters and actions,
# descriptions of members of enums, SQL, and what is written into files.
PROSE = ("declared.py", "declared_replication.py", "declared_server.py", "metadata.py")
WORD = re.compile(r"(?<!\S)[A-Za-z']{2,}(?!\S)")
SQL = re.compile(r"\b(?:select|from|case when)\b")
NO_REASONS = (
    "pgsr has no synchronous standby",  # a name for synchronous_standby_names
    "Bring the missing node back.",  # behind "No primary yet", the rest of its line
    "is no list of standbys",  # of a setting that no server has
    "is no LSN",  # caught where it is raised
    "the WAL receiver",  # parts of a warning
    "the standbys",
    "A promotion is awaited.",  # the content of files
    "Started as a standby.",
    "Started as the primary.",
    "Found running.",
    "# Written by the resource agent",
    "PostgreSQL creates the replication slot",  # notes in the log
    "PostgreSQL delete the replication slot",
    "PostgreSQL moves the replication slot",
)
ERRORS = """
class AgentError(Exception):
    code = Exit.ERROR
class Missing(AgentError):
    code = Exit.NOT_INSTALLED
class Verdict(NamedTuple):
    is_allowed: bool
    reason: str = ""
    advice: str = ""
    status: str = ""
"""
REASON, WARNING = messages.REASON, messages.WARNING


def said_by(code: str, directory: Path) -> dict[str, messages.Text]:
    package = directory / "made"
    package.mkdir()
    (package / "up.py").write_text(ERRORS + code)
    return messages.messages(library.read(package))


def sentences() -> Iterator[tuple[str, str]]:
    """Every text in the source with two words or more, and where it is."""
    for node, parent in SOURCE.parents.items():
        if isinstance(parent, ast.Expr) or not isinstance(node, ast.Constant):
            continue
        module = SOURCE.homes[node]
        is_prose = module.path in PROSE or _is_of_enum(node)
        if isinstance(node.value, str) and not is_prose:
            text = " ".join(node.value.split())
            has_words = len(WORD.findall(text)) > 1
            if has_words and not SQL.search(text):
                yield text, f"{module.path}:{node.lineno}"


def _is_of_enum(node: ast.AST) -> bool:
    classes = (e for e in library.around(node, SOURCE) if isinstance(e, ast.ClassDef))
    return any("Enum" in ast.unparse(base) for each in classes for base in each.bases)


def test_no_sentence_of_the_source_is_missed() -> None:
    found = " | ".join([*agent_in(AGENT).messages, *agent_in(AGENT).statuses])
    missed = [
        f"{place}: {text}"
        for text, place in sentences()
        if text not in found and not text.startswith(NO_REASONS)
    ]
    assert missed == []


@pytest.mark.parametrize(
    ("code", "text", "kind", "codes"),
    [
        pytest.param(
            "def f(a): raise Missing(f'Program {a} is gone')",
            "Program … is gone", REASON, {"NOT_INSTALLED"}, id="an error",
        ),
        pytest.param(
            "def f(a):\n    kind = Missing if a else AgentError\n"
            "    return kind('All is lost')",
            "All is lost", REASON, {"NOT_INSTALLED", "ERROR"}, id="one of two errors",
        ),
        pytest.param(
            "def f(): return _g('eat')\n"
            "def _g(verb): raise AgentError(f'Nobody can {verb} it')",
            "Nobody can eat it", REASON, {"ERROR"}, id="a word given as an argument",
        ),
        pytest.param(
            "def f():\n    found = []\n    found.append('Too small')\n"
            "    return found\n"
            "def g(): return [Missing(each) for each in f()]",
            "Too small", REASON, {"NOT_INSTALLED"}, id="a list that grows",
        ),
        pytest.param(
            "def f(): return ['Too big', *h()]\ndef h(): yield 'Too late'\n"
            "def g():\n    x = [*map(Missing, f())]",
            "Too late", REASON, {"NOT_INSTALLED"}, id="a generator within a list",
        ),
        pytest.param(
            "def f(log):\n    log.exit_reason('Out of order')\n"
            "    return Exit.UNIMPLEMENTED",
            "Out of order", REASON, {"UNIMPLEMENTED"}, id="an exit reason",
        ),
        pytest.param(
            "def f(): return Verdict(False, 'Not today', 'Try again', 'STOP:so')",
            "Not today", REASON, {"ERROR"}, id="a refusal",
        ),
        pytest.param(
            "class Step(NamedTuple):\n    name: str\n    warning: str = ''\n"
            "def f(): return Step('a', warning='Mind the gap')\n"
            "def g(self, step): self.log.warning(step.warning)",
            "Mind the gap", WARNING, set(), id="a warning in a record",
        ),
        pytest.param(
            "def f(log, is_sure):\n    for each in ('one', 'two'):\n"
            "        log.warning(f'{each} of them' + (' for sure' if is_sure else ''))",
            "two of them for sure", WARNING, set(), id="alternatives in a loop",
        ),
        pytest.param(
            "def f():\n    try: g()\n    except ValueError as error:\n"
            "        raise AgentError(f'Refused: {error}')\n"
            "def g(): raise ValueError('three words here')",
            "Refused: three words here", REASON, {"ERROR"}, id="words of a ValueError",
        ),
        pytest.param(
            "def f(error): error.advice += ' Look again'",
            "Look again", messages.ADDED, set(), id="advice added on the way",
        ),
    ],
)  # fmt: skip
def test_each_way_of_saying_something_is_found(
    code: str, text: str, kind: str, codes: set[str], tmp_path: Path
) -> None:
    found = said_by(code, tmp_path)
    assert text in found
    assert kind in found[text].kinds
    assert found[text].codes == codes


def test_a_refusal_is_found_with_its_status(tmp_path: Path) -> None:
    code = "def f(): return Verdict(False, 'Not today', 'Try again', 'STOP:so')"
    assert said_by(code, tmp_path)["Not today"].statuses == {"STOP:so"}


def test_what_is_only_a_value_is_no_text(tmp_path: Path) -> None:
    code = "def f(log, a): log.warning(str(a)); log.warning(f'{a}. {a}')"
    assert said_by(code, tmp_path) == {}


def test_the_statuses_of_both_modes_are_found() -> None:
    found = values.statuses(SOURCE)
    assert found["PRI"] == {values.METHOD, values.MANAGED}
    assert found["HS"] == {values.METHOD}
    assert found["HS:waiting for …"] == {values.MANAGED}


def test_every_file_of_the_agent_is_in_the_reference() -> None:
    page = (TOP / "docs/reference/attributes-and-files.rst").read_text()
    assert [name for name in values.files(SOURCE) if f"{name}``" not in page] == []
