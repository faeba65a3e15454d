# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the value of a name comes from, in the function that uses it.

It finds expressions and says how they are bound; what they can be is another matter.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import NamedTuple

from agent_texts.library import (
    Function,
    Library,
    argument,
    arguments_for,
    around,
    functions_around,
    resolve,
)


class How(Enum):
    """How a name gets its value."""

    VALUE = "it is the value"
    ELEMENT = "it is one of those that the value gives when it is iterated over"
    ARGUMENT = "the value is given for a parameter"


class Binding(NamedTuple):
    """One way in which a name gets a value; that of a caught error is its handler."""

    value: ast.AST
    how: How = How.VALUE


def of_name(node: ast.Name, library: Library) -> list[Binding]:
    """Return how a name is bound, in the innermost place that binds it."""
    for place in around(node, library):
        found = _bound_by(place, node, library)
        if found:
            return found
    value = resolve(node, library)
    return [Binding(value)] if isinstance(value, ast.expr) else []


def growth_of_name(node: ast.Name, library: Library) -> Iterator[Binding]:
    """Yield what is added to a list in a variable: appended, or by ``+=``."""
    for function in functions_around(node, library)[:1]:
        for each in ast.walk(function):
            if isinstance(each, ast.AugAssign) and _is(each.target, node.id):
                yield Binding(each.value, How.ELEMENT)
            elif isinstance(each, ast.Call):
                yield from _appended(each, ast.Name, node.id)


def growth_of_attribute(name: str, library: Library) -> Iterator[Binding]:
    """Yield what is appended anywhere to a list in an attribute of this name."""
    for call in library.calls.get("append", []):
        yield from _appended(call, ast.Attribute, name)


def of_field(name: str, library: Library) -> list[Binding]:
    """Return what the constructors of the only record with this field are given."""
    records = [
        (node, fields)
        for module in library.modules.values()
        for node in module.tree.body
        if isinstance(node, ast.ClassDef) and name in (fields := fields_of(node))
    ]
    if len(records) != 1:
        return []
    (record, fields) = records[0]
    calls = library.calls.get(record.name, [])
    found = [value for call in calls for value in argument(call, name, fields)]
    return [Binding(value) for value in found]


def fields_of(record: ast.ClassDef) -> list[str]:
    """Return the fields of a record in their order."""
    return [
        each.target.id
        for each in record.body
        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
    ]


def _bound_by(place: ast.AST, node: ast.Name, library: Library) -> list[Binding]:
    if isinstance(place, (ast.ListComp, ast.GeneratorExp, ast.SetComp)):
        loops = [each for each in place.generators if _is(each.target, node.id)]
        return [Binding(each.iter, How.ELEMENT) for each in loops]
    if isinstance(place, ast.ExceptHandler) and place.name == node.id:
        return [Binding(place)]
    if not isinstance(place, ast.FunctionDef):
        return []
    return [*_assigned(place, node.id)] or _given(place, node.id, library)


def _assigned(function: Function, name: str) -> Iterator[Binding]:
    for each in ast.walk(function):
        if isinstance(each, ast.For) and _is(each.target, name):
            yield Binding(each.iter, How.ELEMENT)
        elif isinstance(each, (ast.AnnAssign, ast.NamedExpr)):
            if each.value and _is(each.target, name):
                yield Binding(each.value)
        elif isinstance(each, ast.Assign):
            for target in each.targets:
                yield from _matched(target, each.value, name)


def _matched(target: ast.expr, value: ast.expr, name: str) -> Iterator[Binding]:
    if _is(target, name):
        yield Binding(value)
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for one, its in zip(target.elts, value.elts):
            yield from _matched(one, its, name)


def _given(function: Function, name: str, library: Library) -> list[Binding]:
    if name not in {each.arg for each in function.args.args}:
        return []
    found = arguments_for(name, function, library)
    return [Binding(each, How.ARGUMENT) for each in found]


def _appended(
    call: ast.Call, kind: type[ast.Name | ast.Attribute], name: str
) -> Iterable[Binding]:
    if not isinstance(call.func, ast.Attribute) or call.func.attr != "append":
        return []
    grown = call.func.value
    its = grown.attr if isinstance(grown, ast.Attribute) else getattr(grown, "id", "")
    is_meant = isinstance(grown, kind) and its == name
    return [Binding(call.args[0])] if is_meant else []


def _is(target: ast.AST, name: str) -> bool:
    return isinstance(target, ast.Name) and target.id == name
