# SPDX-License-Identifier: GPL-2.0-or-later
"""Every text of the agent that an administrator reads: reasons, warnings, notes.

There are these ways to say something: an error that carries an exit code, a refusal
(``Verdict``), the exit reason given at once, a line of the log, and advice that is
added to an error on its way.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from agent_texts import bindings
from agent_texts.alternatives import elements, texts
from agent_texts.library import (
    Library,
    argument,
    around,
    classes_of,
    last_name,
    resolve,
)

REASON, WARNING, NOTE = "exit reason", "warning", "note"
# Advice is logged behind its reason; added is what an error gets on its way.
ADVICE, ADDED = "advice", "added advice"
_ERROR = "ERROR"
_LEVELS = {"warning": WARNING, "error": WARNING, "info": NOTE}


class Text(NamedTuple):
    """A text with its variable parts as ``…``.

    ``codes`` are the names of the exit codes that it comes with, ``status`` is the
    value of the status attribute, and ``places`` are where it is said.
    """

    words: str
    kinds: frozenset[str]
    codes: frozenset[str]
    statuses: frozenset[str]
    places: tuple[str, ...]


def messages(library: Library) -> dict[str, Text]:
    """Return all texts by their words."""
    found: dict[str, Text] = {}
    for text in _said(library):
        words = " ".join(text.words.split())
        if any(character.isalpha() for character in words):
            found[words] = _merged(found.get(words), text._replace(words=words))
    return found


def _merged(one: Text | None, other: Text) -> Text:
    if one is None:
        return other
    return Text(
        one.words,
        one.kinds | other.kinds,
        one.codes | other.codes,
        one.statuses | other.statuses,
        tuple(dict.fromkeys((*one.places, *other.places))),
    )


def _said(library: Library) -> Iterator[Text]:
    codes = _codes(library)
    for calls in library.calls.values():
        for call in calls:
            yield from _by_call(call, codes, library)
    for node in library.parents:
        if isinstance(node, (ast.Assign, ast.AugAssign)) and _is_advice(node):
            said = texts(node.value, library)
            yield from _texts(said, ADDED, node, library)


def _by_call(
    call: ast.Call, codes: dict[ast.AST, str], library: Library
) -> Iterator[Text]:
    called = last_name(call.func)
    its_codes = _codes_of(call.func, codes, library)
    if its_codes and call.args:
        yield from _reason(call, library, its_codes)
    elif called == "map" and (its_codes := _codes_of(call.args[0], codes, library)):
        said = elements(call.args[1], library)
        yield from _texts(said, REASON, call, library, its_codes)
    elif called == "Verdict" and len(call.args) > 1:
        yield from _refusal(call, library)
    elif called == "exit_reason":
        yield from _reason(call, library, _answer_after(call, library))
    elif called in _LEVELS and _is_log(call.func):
        said = texts(call.args[0], library)
        yield from _texts(said, _LEVELS[called], call, library)


def _reason(call: ast.Call, library: Library, codes: Iterable[str]) -> Iterator[Text]:
    said = texts(call.args[0], library)
    yield from _texts(said, REASON, call, library, codes)
    for each in call.args[1:2]:
        yield from _texts(texts(each, library), ADVICE, call, library)


def _is_log(function: ast.expr) -> bool:
    """Tell whether a method is that of a log, and not of the log itself."""
    on = last_name(function.value) if isinstance(function, ast.Attribute) else ""
    return on in ("log", "journal")


def _refusal(call: ast.Call, library: Library) -> Iterator[Text]:
    record = resolve(call.func, library)
    assert isinstance(record, ast.ClassDef)
    fields = bindings.fields_of(record)
    given = {name: argument(call, name, fields) for name in fields}
    statuses = [text for each in given["status"] for text in texts(each, library)]
    for each in given["reason"]:
        said = texts(each, library)
        for text in _texts(said, REASON, call, library, [_ERROR]):
            yield text._replace(statuses=frozenset(statuses))
    for each in given["advice"]:
        yield from _texts(texts(each, library), ADVICE, call, library)


def _texts(
    words: Iterable[str],
    kind: str,
    node: ast.AST,
    library: Library,
    codes: Iterable[str] = (),
) -> Iterator[Text]:
    place = f"{library.homes[node].path}:{getattr(node, 'lineno', 0)}"
    for each in words:
        yield Text(each, frozenset([kind]), frozenset(codes), frozenset(), (place,))


def _codes(library: Library) -> dict[ast.AST, str]:
    """Return the classes of errors, each with the name of its exit code."""
    found: dict[ast.AST, str] = {}
    for node in classes_of("AgentError", library):
        assert isinstance(node, ast.ClassDef)
        own = [
            last_name(each.value)
            for each in node.body
            if isinstance(each, ast.Assign) and ast.unparse(each.targets[0]) == "code"
        ]
        found[node] = own[0] if own else _ERROR
    return found


def _codes_of(node: ast.expr, codes: dict[ast.AST, str], library: Library) -> list[str]:
    """Return the exit codes of the errors that calling ``node`` may make."""
    definition = resolve(node, library)
    if isinstance(definition, ast.ClassDef) and definition in codes:
        return [codes[definition]]
    if isinstance(node, ast.IfExp):
        both = (node.body, node.orelse)
        return [code for each in both for code in _codes_of(each, codes, library)]
    if not isinstance(node, ast.Name) or definition:
        return []
    found = bindings.of_name(node, library)
    return [
        code
        for each in found
        if isinstance(each.value, (ast.Name, ast.IfExp))
        for code in _codes_of(each.value, codes, library)
    ]


def _answer_after(call: ast.Call, library: Library) -> list[str]:
    """Return the exit code that is returned after a reason, ERROR if none is."""
    for place in around(call, library):
        block: list[ast.stmt] = getattr(place, "body", [])
        after = [each for each in block if each.lineno > call.lineno]
        if after and isinstance(after[0], ast.Return) and after[0].value:
            return [last_name(after[0].value)]
        if isinstance(place, ast.FunctionDef):
            break
    return [_ERROR]


def _is_advice(node: ast.Assign | ast.AugAssign) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    name = targets[0]
    is_own = isinstance(name, ast.Attribute) and ast.unparse(name.value) == "self"
    return isinstance(name, ast.Attribute) and name.attr == "advice" and not is_own
