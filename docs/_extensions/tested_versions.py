# SPDX-License-Identifier: GPL-2.0-or-later
"""Sphinx directives that say which versions of PostgreSQL the tests run.

The releases are those that the tests fetch; which test runs on which is read from the
tests themselves. They are read as text: to import them needs more than the
documentation has.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from declarations import escape, list_table

TESTS = Path(__file__).parents[2] / "tests"
RELEASES = TESTS / "provision" / "postgresql.py"
ALL = "sorted(installations())"
MARK = "pytest.mark.parametrize"


class TestedServers(SphinxDirective):
    """A table of the major versions with the release that is run."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        self.env.note_dependency(str(RELEASES))
        rows = (
            (str(major), said) for major, said in sorted(releases(RELEASES).items())
        )
        header = ("PostgreSQL", "What the tests run")
        return self.parse_text_to_nodes(list_table(header, rows))


class TestedBehaviour(SphinxDirective):
    """A table of what is tested on which of them."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        modules = sorted((TESTS / "postgres").glob("test_*.py"))
        for path in modules:
            self.env.note_dependency(str(path))
        header = ("What", "Versions", "Where")
        return self.parse_text_to_nodes(list_table(header, behaviour(modules)))


def releases(source: Path) -> dict[int, str]:
    """Return the release of each major version, by the tests' own words."""
    values = assigned(ast.parse(source.read_text()))
    fetched = values["RELEASES"]
    assert isinstance(fetched, ast.Dict)
    found = {
        int(
            ast.literal_eval(key)
        ): f"{ast.literal_eval(value.args[0]).partition('-')[0]}"
        for key, value in zip(fetched.keys, fetched.values)
        if key and isinstance(value, ast.Call)
    }
    return {**found, ast.literal_eval(values["DEBIAN_MAJOR"]): "Debian's own"}


def behaviour(modules: list[Path]) -> Iterator[tuple[str, str, str]]:
    """Yield what a module tests, on which versions, and its name."""
    everything = sorted(releases(RELEASES))
    for path in modules:
        tree = ast.parse(path.read_text())
        what = (ast.get_docstring(tree) or "").partition("\n\n")[0].replace("\n", " ")
        majors = sorted(set(versions(tree, everything)))
        yield escape(what), in_words(majors, everything), f"``{path.name}``"


def versions(tree: ast.Module, everything: list[int]) -> Iterator[int]:
    """Yield the versions that a module's tests name; 15 where one names none."""
    values = assigned(tree)
    for call in ast.walk(tree):
        if not (isinstance(call, ast.Call) and ast.unparse(call.func) == MARK):
            continue
        named, chosen = call.args[:2]
        first = named.elts[0] if isinstance(named, ast.Tuple) else named
        if ast.unparse(first) != "'major'":
            continue
        for each in chosen_values(chosen, values, everything):
            yield each[0] if isinstance(each, tuple) else each
    yield 15


def chosen_values(
    chosen: ast.expr, values: dict[str, ast.expr], everything: list[int]
) -> list[Any]:
    """Return what a parameter of a test is given, whole rows of several."""
    if ast.unparse(chosen) == ALL:
        return everything
    if isinstance(chosen, ast.Name):
        shared = assigned(ast.parse((TESTS / "postgres" / "conftest.py").read_text()))
        chosen = {**shared, **values}[chosen.id]
    return list(ast.literal_eval(chosen))


def assigned(tree: ast.Module) -> dict[str, ast.expr]:
    """Return what a module's names are set to, unevaluated."""
    return {
        target.id: statement.value
        for statement in tree.body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }


def in_words(majors: list[int], everything: list[int]) -> str:
    """Return versions as a person says them."""
    if majors == everything:
        return f"{majors[0]} to {majors[-1]}"
    return ", ".join(map(str, majors))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives."""
    app.add_directive("tested-servers", TestedServers)
    app.add_directive("tested-behaviour", TestedBehaviour)
    return {"parallel_read_safe": True}
