# SPDX-License-Identifier: GPL-2.0-or-later
"""The rules of STYLE.md that a program can check."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
LIBRARY = TOP / "resource-agents" / "lib" / "pgsr"
STUB = TOP / "resource-agents" / "resource.d" / "pgsr" / "pgsr"
CORE = tuple(LIBRARY / name for name in ("decide.py", "decide", "lsn.py", "state.py"))
CORE_MAY_IMPORT = ("__future__", "collections.abc", "enum", "re", "typing")
CORE_PACKAGE_PARTS = ("decide", "lsn", "ocf", "state")

LONGEST_FUNCTION = 40
LONGEST_MODULE = 300
POINTLESS_NAMES = {"common", "helper", "helpers", "misc", "util", "utils"}

AGENT_MODULES = sorted(LIBRARY.rglob("*.py"))
OTHER_MODULES = [
    path
    for part in ("docs", "packaging", "tests")
    for path in (TOP / part).rglob("*.py")
]
MODULES = [*AGENT_MODULES, *sorted(OTHER_MODULES)]


def named(paths: list[Path]) -> list[object]:
    return [pytest.param(path, id=str(path.relative_to(TOP))) for path in paths]


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def imports_of(path: Path) -> set[str]:
    """Every module that is imported, relative ones written in full."""
    return {name for node in ast.walk(tree_of(path)) for name in imported(node, path)}


def imported(node: ast.AST, path: Path) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        base = ".".join(filter(None, [package_of(path, node.level), node.module]))
        if base == "pgsr":
            yield from (f"pgsr.{alias.name}" for alias in node.names)
        else:
            yield base


def package_of(path: Path, level: int) -> str:
    if level == 0:
        return ""
    inside = path.relative_to(LIBRARY.parent).parts[:-1]
    return ".".join(inside[: len(inside) - level + 1])


def is_core(path: Path) -> bool:
    return any(path == part or part in path.parents for part in CORE)


def is_allowed_in_core(module: str) -> bool:
    package, _, rest = module.partition(".")
    if package == "pgsr":
        return rest.split(".")[0] in CORE_PACKAGE_PARTS
    return module in CORE_MAY_IMPORT


def catches_broadly(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(
        kind is None
        or (isinstance(kind, ast.Name) and kind.id in {"BaseException", "Exception"})
        for kind in kinds
    )


@pytest.mark.parametrize("path", named(MODULES))
def test_functions_and_modules_are_short(path: Path) -> None:
    too_long = [
        f"{node.name}: {length} lines"
        for node in ast.walk(tree_of(path))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and (length := (node.end_lineno or 0) - node.lineno + 1) > LONGEST_FUNCTION
    ]
    assert not too_long
    assert len(path.read_text().splitlines()) <= LONGEST_MODULE


@pytest.mark.parametrize("path", named([*MODULES, STUB]))
def test_every_file_names_its_licence_and_says_what_it_owns(path: Path) -> None:
    first_lines = path.read_text().splitlines()[:2]
    assert "# SPDX-License-Identifier: GPL-2.0-or-later" in first_lines
    assert ast.get_docstring(tree_of(path)), "no module docstring"


@pytest.mark.parametrize("path", named(MODULES))
def test_no_module_has_a_name_that_says_nothing(path: Path) -> None:
    assert path.stem not in POINTLESS_NAMES


def test_there_is_a_core_to_check() -> None:
    assert any(is_core(path) for path in AGENT_MODULES)


@pytest.mark.parametrize("path", named([*filter(is_core, AGENT_MODULES)]))
def test_the_core_imports_nothing_that_acts(path: Path) -> None:
    assert {name for name in imports_of(path) if not is_allowed_in_core(name)} == set()


def test_only_one_module_of_the_agent_spawns() -> None:
    spawning = {
        str(path.relative_to(LIBRARY))
        for path in AGENT_MODULES
        if "subprocess" in imports_of(path)
    }
    assert spawning == {"process.py"}


def test_only_one_place_of_the_agent_catches_every_exception() -> None:
    places = [
        f"{path.relative_to(LIBRARY)}:{node.lineno}"
        for path in AGENT_MODULES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ExceptHandler) and catches_broadly(node)
    ]
    assert [place.partition(":")[0] for place in places] == ["agent.py"], places


@pytest.mark.parametrize("path", named(AGENT_MODULES))
def test_no_part_of_the_agent_uses_a_shell(path: Path) -> None:
    keywords = [n for n in ast.walk(tree_of(path)) if isinstance(n, ast.keyword)]
    assert not [keyword.value.lineno for keyword in keywords if keyword.arg == "shell"]
    assert "os.system" not in path.read_text()
