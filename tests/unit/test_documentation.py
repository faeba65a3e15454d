# SPDX-License-Identifier: GPL-2.0-or-later
"""The documentation says what the agent has, and nothing that it has not.

It is read as text: building it is another matter (`make docs`).
"""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from pgsr import metadata, validation_managed
from pgsr.decide import configuration, managed, replication
from pgsr.declared import Parameters
from pgsr.ocf import Exit, Invocation
from pgsr.parameters import declarations

TOP = Path(__file__).resolve().parents[2]
LIBRARY = TOP / "resource-agents" / "lib" / "pgsr"
DOCS = TOP / "docs"
PAGES = [TOP / "README.md", *sorted(DOCS.rglob("*.rst"))]
NAMES = {parameter.name for parameter in declarations(Parameters)}
STATUSES = sorted(
    {
        value
        for module in (replication, managed)
        for name, value in vars(module).items()
        if name.startswith("STATUS_")
    }
)
RECORDS = (
    managed.LATEST, managed.SYNC, managed.ASYNC, managed.QUORUM, managed.DISCONNECT,
)  # fmt: skip
ATTRIBUTES = (
    managed.STATUS, managed.RECORD, managed.POSITION, managed.SHUTDOWN,
    managed.LOCATION, managed.BASELINE, managed.RETAINED, managed.FORCE,
    managed.NEEDED,
)  # fmt: skip
CALL = Invocation("pgsr", "start", "db", "node1", 120.0, False, True, 0)
SCORES = sorted(
    value for name, value in vars(replication).items() if name.startswith("SCORE_")
)
ERRORS = {"AgentError", "NotConfigured", "NotInstalled", "PermissionDenied"}
TELLING_LENGTH = 10
UNUSED = {Exit.BAD_ARGUMENTS}


def text_of(page: str) -> str:
    """A page with its line breaks and indentation taken out."""
    return " ".join((DOCS / page).read_text().split())


def configurations(page: Path) -> Iterator[dict[str, str]]:
    """The parameters in each example that makes a resource of our agent."""
    joined = page.read_text().replace("\\\n", " ")
    for line in joined.splitlines():
        before, _, after = line.partition("ocf:pgsr:pgsr ")
        if before.rstrip().endswith(("primitive db", "resource create db")):
            yield dict(parameters_in(after))


def parameters_in(options: str) -> Iterator[tuple[str, str]]:
    for word in shlex.split(options):
        if word == "op":
            return
        if word != "params":
            name, _, value = word.partition("=")
            yield name, value


def refusals(path: Path) -> Iterator[str]:
    """The texts of errors and refusals in a module, the variable parts left out."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            arguments = node.args
            if node.func.id == "Verdict" and not ast.literal_eval(arguments[0]):
                arguments = arguments[1:]
            elif node.func.id not in ERRORS:
                continue
            yield from filter(None, [telling_part(arguments[0])])


def complaints(path: Path) -> Iterator[str]:
    """The texts that a module of decisions lists, the variable parts left out."""
    for node in ast.walk(ast.parse(path.read_text())):
        for text in listed(node):
            if isinstance(text, (ast.JoinedStr, ast.Constant)):
                yield from filter(None, [telling_part(text).partition(":")[0]])


def listed(node: ast.AST) -> list[ast.expr]:
    """What a list, a comprehension, an `append` or a `yield` takes up."""
    if isinstance(node, ast.List):
        return node.elts
    if isinstance(node, ast.ListComp):
        return [node.elt]
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".append"):
        return node.args
    return [node.value] if isinstance(node, ast.Yield) and node.value else []


def telling_part(reason: ast.expr) -> str:
    """The first longer fixed part of a text, up to where its first sentence ends."""
    parts = [
        node.value.strip(" ,.;:)")
        for node in ast.walk(reason)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    telling = next((part for part in parts if len(part) >= TELLING_LENGTH), "")
    return re.split(r"[.;(]", telling)[0].strip()


def test_the_parameters_are_documented_from_their_declarations() -> None:
    assert ".. declared-parameters::" in (DOCS / "reference/parameters.rst").read_text()
    assert all(parameter.short for parameter in declarations(Parameters))
    assert all(parameter.long.endswith(".") for parameter in declarations(Parameters))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(TOP)))
def test_only_declared_parameters_are_named(page: Path) -> None:
    named = set(re.findall(r":parameter:`(\w+)`", page.read_text()))
    assert named - NAMES == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(TOP)))
def test_the_agent_accepts_every_configuration_that_is_shown(page: Path) -> None:
    for given in configurations(page):
        assert set(given) - NAMES == set()
        environ = {f"OCF_RESKEY_{name}": value for name, value in given.items()}
        assert Parameters(environ).problems == []


def test_every_way_to_run_is_shown_for_both_command_languages() -> None:
    shown = [each for page in PAGES for each in configurations(page)]
    alone = [each for each in shown if "rep_mode" not in each]
    managed = [each for each in shown if "node_list" in each]
    method = [each for each in shown if each not in [*alone, *managed]]
    assert len(alone) >= 4, "README and install.rst, crm and pcs"
    assert len(method) >= 2, "set-up-method.rst, crm and pcs"
    assert all({"tmpdir", "trigger_file"} <= set(each) for each in method)
    assert len(managed) >= 4, "set-up-managed.rst for 2 and 3 nodes, crm and pcs"


def test_nothing_is_wrong_with_the_managed_replication_that_is_shown() -> None:
    call = CALL._replace(is_promotable=True, is_notified=True)
    for given in (each for page in PAGES for each in configurations(page)):
        if "node_list" not in given:
            continue
        parameters = Parameters({f"OCF_RESKEY_{n}": v for n, v in given.items()})
        setup = validation_managed.setup_of(parameters, call)
        assert configuration.problems(setup, call, (15,)) == []
        assert configuration.node_problems(setup, {}) == []
        assert configuration.warnings(setup, call, {}, []) == []


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_is_explained(status: str) -> None:
    assert f"``{status}``" in text_of("reference/attributes-and-files.rst")


@pytest.mark.parametrize("record", RECORDS)
def test_every_record_is_explained(record: str) -> None:
    assert f"* - ``{record}``" in text_of("reference/attributes-and-files.rst")


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_every_attribute_is_explained(name: str) -> None:
    assert f"``RESOURCE-{name}``" in text_of("reference/attributes-and-files.rst")


@pytest.mark.parametrize("score", [*SCORES, replication.MINUS_INFINITY])
def test_every_score_is_explained(score: str) -> None:
    assert f"* - {score} - " in text_of("explanation/method.rst")


@pytest.mark.parametrize("action", metadata.NAMES)
def test_every_action_is_explained(action: str) -> None:
    assert f"``{action}``" in text_of("reference/actions.rst")


@pytest.mark.parametrize("code", sorted(set(Exit) - UNUSED))
def test_every_exit_code_is_explained(code: Exit) -> None:
    assert f"* - {code.value} - " in text_of("reference/actions.rst")


@pytest.mark.parametrize(
    "path",
    sorted(LIBRARY.rglob("*.py")),
    ids=lambda path: str(path.relative_to(LIBRARY)),
)
def test_every_refusal_is_in_the_troubleshooting(path: Path) -> None:
    page = text_of("faults/troubleshooting.rst").replace("``", "")
    assert [each for each in refusals(path) if each not in page] == []


@pytest.mark.parametrize("name", ["decide/configuration.py", "validation_managed.py"])
def test_every_complaint_about_a_configuration_is_in_the_troubleshooting(
    name: str,
) -> None:
    page = text_of("faults/troubleshooting.rst").replace("``", "")
    found = list(complaints(LIBRARY / name))
    assert found
    assert [each for each in found if each not in page] == []
