# SPDX-License-Identifier: GPL-2.0-or-later
"""The agent's library as syntax trees, and what a name in it stands for.

It answers where something is defined and who calls it; it does not know what any of
that means.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Union

Function = ast.FunctionDef
Definition = Union[ast.AST, "Module"]


class Module(NamedTuple):
    """A module: its path within the library, and what its names stand for.

    ``imports`` has the full name behind each name that is imported anywhere in it.
    """

    path: str
    tree: ast.Module
    definitions: dict[str, ast.AST]
    imports: dict[str, str]


class Library(NamedTuple):
    """All modules by their full names, and for each node its parent and its module."""

    modules: dict[str, Module]
    parents: dict[ast.AST, ast.AST]
    homes: dict[ast.AST, Module]
    calls: dict[str, list[ast.Call]]


def read(directory: Path) -> Library:
    """Return the library below ``directory``, whose name is that of the package."""
    library = Library({}, {}, {}, {})
    for path in sorted(directory.rglob("*.py")):
        inside = path.relative_to(directory)
        parts = (directory.name, *inside.with_suffix("").parts)
        name = ".".join(part for part in parts if part != "__init__")
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        module = Module(str(inside), tree, dict(_definitions(tree)), _imports(tree))
        library.modules[name] = module
        _note(library, module)
    return library


def _note(library: Library, module: Module) -> None:
    for node in ast.walk(module.tree):
        library.homes[node] = module
        for child in ast.iter_child_nodes(node):
            library.parents[child] = node
        if isinstance(node, ast.Call):
            called = last_name(node.func)
            library.calls.setdefault(called, []).append(node)


def _definitions(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name, node
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                yield ast.unparse(target), node.value
        elif isinstance(node, ast.AnnAssign) and node.value:
            yield ast.unparse(node.target), node.value


def _imports(tree: ast.Module) -> dict[str, str]:
    return {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def last_name(node: ast.expr) -> str:
    """Return the last part of a dotted name, empty for anything else."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def resolve(node: ast.expr, library: Library) -> Definition | None:
    """Return what a name, or an attribute of a module, stands for on module level."""
    if isinstance(node, ast.Attribute):
        base = resolve(node.value, library)
        return base.definitions.get(node.attr) if isinstance(base, Module) else None
    if not isinstance(node, ast.Name):
        return None
    home = library.homes[node]
    if node.id in home.definitions:
        return home.definitions[node.id]
    full = home.imports.get(node.id, "")
    module, _, name = full.rpartition(".")
    if full in library.modules:
        return library.modules[full]
    return (
        library.modules[module].definitions.get(name)
        if module in library.modules
        else None
    )


def around(node: ast.AST, library: Library) -> Iterator[ast.AST]:
    """Yield what ``node`` is part of, the nearest first."""
    while node in library.parents:
        node = library.parents[node]
        yield node


def functions_around(node: ast.AST, library: Library) -> list[Function]:
    """Return the functions that ``node`` is in, the innermost first."""
    return [each for each in around(node, library) if isinstance(each, ast.FunctionDef)]


def arguments_for(name: str, function: Function, library: Library) -> list[ast.expr]:
    """Return what the library's calls of ``function`` give for its parameter."""
    found = []
    for call in library.calls.get(function.name, []):
        if _is_call_of(function, call, library):
            found += argument(call, name, _parameters(function, call))
    return found


def argument(call: ast.Call, name: str, order: list[str]) -> list[ast.expr]:
    """Return the argument called ``name``, of parameters in this order, if given."""
    found = [each.value for each in call.keywords if each.arg == name]
    place = order.index(name) if name in order else len(call.args)
    return found or call.args[place : place + 1]


def _parameters(function: Function, call: ast.Call) -> list[str]:
    names = [each.arg for each in function.args.args]
    is_method = names[:1] == ["self"] and isinstance(call.func, ast.Attribute)
    return names[1:] if is_method else names


def _is_call_of(function: Function, call: ast.Call, library: Library) -> bool:
    found = resolve(call.func, library)
    if found is None:
        # A method, or a function in a function: the name has to do.
        return not isinstance(library.parents[function], ast.Module)
    return found is function


def classes_of(base: str, library: Library) -> dict[ast.AST, str]:
    """Return the classes that derive from the one called ``base``, it included."""
    classes = [
        node
        for module in library.modules.values()
        for node in module.tree.body
        if isinstance(node, ast.ClassDef)
    ]
    found: dict[ast.AST, str] = {}
    size = -1
    while size != len(found):
        size = len(found)
        for node in classes:
            bases = {last_name(each) for each in node.bases}
            if node.name == base or bases & set(found.values()):
                found[node] = node.name
    return found
