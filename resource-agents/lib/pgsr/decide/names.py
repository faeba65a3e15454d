# SPDX-License-Identifier: GPL-2.0-or-later
"""Core: ``synchronous_standby_names``, read and written.

The grammar is syncrep_gram.y and syncrep_scanner.l of PostgreSQL; the server compares
the names without regard to case.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_FIRST_WITH_METHODS = (10,)  # FIRST n (...) and ANY n (...)
_FIRST_WITH_SEVERAL = (9, 6)  # n (...)

# Before 9.6 an unquoted name could hold more than letters.
_TOKEN = re.compile(r"""\s*("(?:[^"]|"")+"|[^\s",()]+|,)\s*""")
_WITH_COUNT = re.compile(r"\s*(?:(FIRST|ANY)\s+)?([0-9]+)\s*\((.*)\)\s*", re.I | re.S)


class SyncNames(NamedTuple):
    """For whom commits wait: for ``number`` of ``names``, which are in lower case.

    ``kind`` is FIRST (the first ones of the list that are connected), ANY, or empty
    for a plain list, which means the first one.
    """

    kind: str
    number: int
    names: tuple[str, ...]


EMPTY = SyncNames("", 0, ())


def parse(value: str) -> SyncNames:
    """Return what a value of the setting means; ValueError if the server takes none."""
    if not value.strip():
        return EMPTY
    counted = _WITH_COUNT.fullmatch(value)
    if not counted:
        return SyncNames("", 1, _list(value))
    kind, count, names = counted.groups()
    return SyncNames((kind or "FIRST").upper(), int(count), _list(names))


def render(wanted: SyncNames, version: tuple[int, ...]) -> str:
    """Return the value of the setting for a server of ``version``.

    One name alone is written as ocf:heartbeat:pgsql does.  ValueError when the
    server has no way to say it.
    """
    names = ", ".join(f'"{_doubled(name)}"' for name in wanted.names)
    if wanted.kind != "ANY" and wanted.number <= 1:
        return names
    if version >= _FIRST_WITH_METHODS:
        return f"{wanted.kind or 'FIRST'} {wanted.number} ({names})"
    if wanted.kind == "ANY" or version < _FIRST_WITH_SEVERAL:
        raise ValueError(f"PostgreSQL {version} has no {wanted.kind} {wanted.number}")
    return f"{wanted.number} ({names})"


def _doubled(name: str) -> str:
    return name.replace('"', '""')


def _list(text: str) -> tuple[str, ...]:
    """Return the names of a list separated by commas."""
    tokens = [*_tokens(text)]
    names, commas = tokens[::2], tokens[1::2]
    if len(names) == len(commas) or {*commas} - {","} or "," in names:
        raise ValueError(f"{text!r} is no list of standbys")
    return tuple(map(_name, names))


def _name(token: str) -> str:
    if token.startswith('"'):
        token = token[1:-1].replace('""', '"')
    return token.lower()


def _tokens(text: str) -> Iterator[str]:
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if not found:
            raise ValueError(f"{text!r} is no list of standbys")
        yield found.group(1)
        at = found.end()
