# SPDX-License-Identifier: GPL-2.0-or-later
"""The values and names that others see of the agent: statuses, attributes, files."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from agent_texts.alternatives import VARIABLE, texts
from agent_texts.bindings import of_name
from agent_texts.library import Library, Module, argument, resolve

METHOD, MANAGED = "method", "managed"
# The methods of ``pacemaker.Pacemaker`` whose first argument is an attribute's name.
_OF_ATTRIBUTES = (
    *("set_attribute", "set_permanent", "tell", "take_back"),
    *("delete_attribute", "everybodys", "attribute"),
)
_WRITE = ["node", "name", "value"]
_FILE = re.compile(r"[/.]?(PGSQL\.[a-z]+|repress_[a-z]+|[a-z_]+\.(?:conf|signal))")
# What the server or others write, and the agent reads only.
_NOT_OURS = {"postgresql.conf"}


def statuses(library: Library) -> dict[str, set[str]]:
    """Return the values of the status attribute, each with the modes that have it."""
    found: dict[str, set[str]] = {}
    for module in library.modules.values():
        for name, value in module.definitions.items():
            if not name.startswith("STATUS_"):
                continue
            mode = MANAGED if "managed" in module.path else METHOD
            for text in texts(value, library):
                shown = text + _continued(value, library)
                found.setdefault(shown, set()).add(mode)
    return found


def _continued(value: ast.AST, library: Library) -> str:
    """Return `` …`` for a value that is written with more words behind it."""
    for node in library.parents:
        if not isinstance(node, ast.JoinedStr):
            continue
        for part, after in zip(node.values, node.values[1:]):
            is_it = isinstance(part, ast.FormattedValue) and (
                resolve(part.value, library) is value
            )
            if is_it and _begins_word(after):
                return f" {VARIABLE}"
    return ""


def _begins_word(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and str(node.value).startswith(" ")


def attributes(library: Library) -> dict[str, set[str]]:
    """Return the node attributes without the resource's name, each with its modes.

    The promotion score is called ``score``.
    """
    found: dict[str, set[str]] = {}
    for node, module in _names_of_attributes(library):
        for name in {*texts(node, library)} - {VARIABLE}:
            found.setdefault(name, set()).update(_modes_of(module))
    for call in library.calls.get("set_score", []):
        found.setdefault("score", set()).update(_modes_of(library.homes[call]))
    return {name: modes for name, modes in found.items() if modes}


def _names_of_attributes(library: Library) -> Iterator[tuple[ast.AST, Module]]:
    for method in _OF_ATTRIBUTES:
        for call in library.calls.get(method, []):
            yield call.args[0], library.homes[call]
    for call in library.calls.get("Write", []):
        for name in argument(call, "name", _WRITE):
            yield name, library.homes[call]
    for call in library.calls.get("own_writes", []):
        for key in _keys(call.args[1], library):
            yield key, library.homes[call]


def _keys(node: ast.expr, library: Library) -> Iterator[ast.expr]:
    values: list[ast.AST] = [node]
    if isinstance(node, ast.Name):
        values = [each.value for each in of_name(node, library)]
    for value in values:
        if isinstance(value, ast.Dict):
            yield from filter(None, value.keys)


def _modes_of(module: Module) -> set[str]:
    if module.path.startswith(("modes/managed/", "decide/")):
        return {MANAGED}
    if module.path in ("modes/replication.py", "modes/last_primary.py"):
        return {METHOD}
    return {METHOD, MANAGED} if module.path == "receiver.py" else set()


def files(library: Library) -> set[str]:
    """Return the names of the agent's own files, as far as they are fixed."""
    found = {
        match.group(1)
        for node in library.parents
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if (match := _FILE.fullmatch(node.value))
    }
    return found - _NOT_OURS
