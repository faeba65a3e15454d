# SPDX-License-Identifier: GPL-2.0-or-later
"""The documentation says what the agent has, and nothing that it has not.

It is read as text: building it is another matter (`make docs`), which fails too where
a reason, a status, an attribute or an exit code is not explained (test_reason_entries).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from pgsr import metadata, validation_managed
from pgsr.decide import configuration, managed, replication
from pgsr.declared import Parameters
from pgsr.ocf import Invocation
from pgsr.parameters import declarations

TOP = Path(__file__).resolve().parents[2]
LIBRARY = TOP / "resource-agents" / "lib" / "pgsr"
DOCS = TOP / "docs"
PAGES = [TOP / "README.md", *sorted(DOCS.rglob("*.rst"))]
NAMES = {parameter.name for parameter in declarations(Parameters)}
RECORDS = (
    managed.LATEST, managed.SYNC, managed.ASYNC, managed.QUORUM, managed.DISCONNECT,
)  # fmt: skip
CALL = Invocation("pgsr", "start", "db", "node1", 120.0, False, True, 0)
SCORES = sorted(
    value for name, value in vars(replication).items() if name.startswith("SCORE_")
)


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
    assert len(alone) >= 8, "README and stand-alone.rst, crm and pcs"
    assert len(method) >= 2, "set-up-method.rst, crm and pcs"
    assert all({"tmpdir", "trigger_file"} <= set(each) for each in method)
    assert len(managed) >= 8, (
        "set-up-managed.rst for 2 and 3 nodes and two-sites.rst, crm and pcs"
    )


def test_nothing_is_wrong_with_the_managed_replication_that_is_shown() -> None:
    for given in (each for page in PAGES for each in configurations(page)):
        if "node_list" not in given:
            continue
        node = given["node_list"].split()[0]
        call = CALL._replace(node=node, is_promotable=True, is_notified=True)
        parameters = Parameters({f"OCF_RESKEY_{n}": v for n, v in given.items()})
        setup = validation_managed.setup_of(parameters, call)
        assert configuration.problems(setup, call, (15,)) == []
        assert configuration.node_problems(setup, {}) == []
        assert configuration.warnings(setup, call, {}, []) == []


@pytest.mark.parametrize("record", RECORDS)
def test_every_record_is_explained(record: str) -> None:
    assert f"* - ``{record}``" in text_of("reference/attributes-and-files.rst")


@pytest.mark.parametrize("score", [*SCORES, replication.MINUS_INFINITY])
def test_every_score_is_explained(score: str) -> None:
    page = text_of("explanation/method.rst").replace("``", "")
    assert f"* - {score} - " in page


@pytest.mark.parametrize("action", metadata.NAMES)
def test_every_action_is_explained(action: str) -> None:
    assert f"``{action}``" in text_of("reference/actions.rst")


@pytest.mark.parametrize(
    "path", sorted(DOCS.rglob("*.dot")), ids=lambda path: path.stem
)
def test_a_diagram_leaves_its_colours_to_the_page(path: Path) -> None:
    assert "color" not in path.read_text()
