# SPDX-License-Identifier: GPL-2.0-or-later
"""Which texts an expression of the agent can give, its variable parts written ``…``.

A value is followed back to where it comes from: through variables, loops, parameters,
constants, lists that grow, functions and fields of records.  What cannot be followed
is ``…``; so is what comes out of a function or a record without words of its own.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from itertools import product

from agent_texts import bindings
from agent_texts.bindings import Binding, How
from agent_texts.library import Library, functions_around, last_name, resolve

VARIABLE = "…"
_SEVERAL = re.compile(f"{VARIABLE}+")
# More than these are the values of a variable, and not texts that somebody wrote.
_MOST = 40
_SAME_TEXT = ("strip", "rstrip", "lstrip")
_SAME_ELEMENTS = ("list", "tuple", "sorted", "filter", "map", "join", "dict")

Trail = tuple[ast.AST, ...]


def texts(node: ast.AST, library: Library, trail: Trail = ()) -> list[str]:
    """Return the texts that ``node`` can be, never none.

    ``trail`` has what is being followed already: nothing is followed in a circle.
    """
    if node in trail:
        return [VARIABLE]
    found = list(dict.fromkeys(_texts(node, library, (*trail, node))))
    return found if 0 < len(found) <= _MOST else [VARIABLE]


def elements(node: ast.AST, library: Library, trail: Trail = ()) -> list[str]:
    """Return the texts that ``node`` gives when it is iterated over."""
    if node in trail:
        return []
    return list(dict.fromkeys(_elements(node, library, (*trail, node))))


def _texts(node: ast.AST, library: Library, trail: Trail) -> Iterable[str]:
    if isinstance(node, ast.Constant):
        return [str(node.value)]
    if isinstance(node, ast.JoinedStr):
        return _joined(node.values, library, trail)
    if isinstance(node, ast.FormattedValue):
        # A number or a repr is no text that anybody searches for.
        is_shown = node.format_spec is None and node.conversion == -1
        return texts(node.value, library, trail) if is_shown else [VARIABLE]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _joined([node.left, node.right], library, trail)
    if isinstance(node, ast.IfExp):
        both = (node.body, node.orelse)
        return [text for each in both for text in texts(each, library, trail)]
    if isinstance(node, ast.Call):
        return _of_call(node, library, trail)
    if isinstance(node, ast.ExceptHandler):
        return _of_error(node, library, trail)
    return _bound(node, library, trail)


def _bound(node: ast.AST, library: Library, trail: Trail) -> Iterable[str]:
    if isinstance(node, ast.Name):
        return _follow(bindings.of_name(node, library), library, trail)
    if isinstance(node, ast.Attribute):
        value = resolve(node, library)
        if isinstance(value, ast.expr):
            return texts(value, library, trail)
        if _is_error(node.value, library):
            return [VARIABLE]
        found = _follow(bindings.of_field(node.attr, library), library, trail)
        return map(_telling, found)
    return [VARIABLE]


def _joined(parts: Iterable[ast.AST], library: Library, trail: Trail) -> Iterator[str]:
    choices = [_distinct(texts(each, library, trail)) for each in parts]
    return (_SEVERAL.sub(VARIABLE, "".join(each)) for each in product(*choices))


def _distinct(found: list[str]) -> list[str]:
    """Return the alternatives of a part; one that can be anything stands for all."""
    return [VARIABLE] if VARIABLE in found else found


def _follow(found: Iterable[Binding], library: Library, trail: Trail) -> Iterator[str]:
    for value, how in found:
        follow = elements if how is How.ELEMENT else texts
        said = follow(value, library, trail)
        # An argument is a word or a text; with variable parts it is a value.
        is_value = how is How.ARGUMENT and any(VARIABLE in each for each in said)
        yield from [VARIABLE] if is_value else said


def _of_call(call: ast.Call, library: Library, trail: Trail) -> Iterable[str]:
    called = last_name(call.func)
    if called in _SAME_TEXT and isinstance(call.func, ast.Attribute):
        return texts(call.func.value, library, trail)
    if called == "str" and call.args:
        return texts(call.args[0], library, trail)
    if called == "join" and ast.unparse(call.func) == "'; '.join":
        return elements(call.args[0], library, trail)
    function = resolve(call.func, library)
    if not isinstance(function, ast.FunctionDef):
        return [VARIABLE]
    # What another module says of a value is not the text that is read here.
    if library.homes[function] is not library.homes[call]:
        return [VARIABLE]
    returned = (each for each in ast.walk(function) if isinstance(each, ast.Return))
    values = [each.value for each in returned if each.value]
    return [_telling(t) for each in values for t in texts(each, library, trail)]


def _telling(text: str) -> str:
    """Return ``text``, or ``…`` when it has not two words of its own."""
    words = [word for word in text.replace(VARIABLE, " ").split() if word.isalpha()]
    return text if len(words) > 1 else VARIABLE


def _elements(node: ast.AST, library: Library, trail: Trail) -> Iterator[str]:
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        for each in node.elts:
            inner = each.value if isinstance(each, ast.Starred) else each
            follow = elements if isinstance(each, ast.Starred) else texts
            yield from follow(inner, library, trail)
    elif isinstance(node, (ast.ListComp, ast.GeneratorExp)):
        yield from texts(node.elt, library, trail)
    elif isinstance(node, ast.BinOp):
        yield from _of_both((node.left, node.right), library, trail)
    elif isinstance(node, ast.IfExp):
        yield from _of_both((node.body, node.orelse), library, trail)
    elif isinstance(node, ast.BoolOp):
        yield from _of_both(node.values, library, trail)
    elif isinstance(node, ast.Call):
        yield from _elements_of_call(node, library, trail)
    else:
        yield from _elements_of_variable(node, library, trail)


def _of_both(nodes: Iterable[ast.AST], library: Library, trail: Trail) -> Iterator[str]:
    for each in nodes:
        yield from elements(each, library, trail)


def _elements_of_variable(
    node: ast.AST, library: Library, trail: Trail
) -> Iterator[str]:
    if isinstance(node, ast.Name):
        values = bindings.of_name(node, library)
        growth = bindings.growth_of_name(node, library)
    elif isinstance(node, ast.Attribute):
        values = bindings.of_field(node.attr, library)
        growth = bindings.growth_of_attribute(node.attr, library)
    else:
        return
    for value in values:
        yield from elements(value.value, library, trail)
    yield from _follow(growth, library, trail)


def _elements_of_call(call: ast.Call, library: Library, trail: Trail) -> Iterator[str]:
    if last_name(call.func) in _SAME_ELEMENTS and call.args:
        yield from elements(call.args[-1], library, trail)
    function = resolve(call.func, library)
    if not isinstance(function, ast.FunctionDef):
        return
    for each in ast.walk(function):
        if isinstance(each, (ast.Return, ast.YieldFrom)) and each.value:
            yield from elements(each.value, library, trail)
        elif isinstance(each, ast.Yield) and each.value:
            yield from texts(each.value, library, trail)


def _of_error(
    handler: ast.ExceptHandler, library: Library, trail: Trail
) -> Iterator[str]:
    """Yield the words of a ValueError; those of all others are texts by themselves."""
    if handler.type is None or last_name(handler.type) != "ValueError":
        return
    for call in library.calls.get("ValueError", []):
        if _may_reach(call, handler, library):
            yield from map(_telling, texts(call.args[0], library, trail))


def _may_reach(call: ast.Call, handler: ast.ExceptHandler, library: Library) -> bool:
    """Tell whether a ValueError is raised where the handler's block calls it.

    Where it calls what it was given, it is raised in its module, or by a function in
    one that imports from it.
    """
    block = library.parents[handler]
    assert isinstance(block, ast.Try)
    called = [
        resolve(each.func, library)
        for statement in block.body
        for each in ast.walk(statement)
        if isinstance(each, ast.Call)
    ]
    known = [each for each in called if isinstance(each, ast.FunctionDef)]
    if known:
        return bool(set(known) & set(functions_around(call, library)))
    here, there = library.homes[handler], library.homes[call]
    name = next(name for name, module in library.modules.items() if module is here)
    sources = {full.rpartition(".")[0] for full in there.imports.values()}
    return there is here or name in sources


def _is_error(node: ast.expr, library: Library) -> bool:
    """Tell whether a variable is a caught error: what it holds is said elsewhere."""
    found = bindings.of_name(node, library) if isinstance(node, ast.Name) else []
    return any(isinstance(each.value, ast.ExceptHandler) for each in found)
