# SPDX-License-Identifier: GPL-2.0-or-later
"""How a parameter is declared: once, with type, default, prose and validation.

``declared.Parameters`` holds the declarations.  From them come the typed values,
the complaints of ``start`` and ``validate-all``, the meta-data and the reference
page.  Only this module reads ``OCF_RESKEY_*``.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar, overload

from pgsr.ocf import TRUE_WORDS

T = TypeVar("T")

FALSE_WORDS = frozenset(("no", "false", "0", "nein", "off", "n", ""))
HIGHEST_PORT = 65535
LONGEST_PATH = 1024  # MAXPGPATH in pg_config_manual.h


class Parameter(Generic[T]):
    """One parameter: reading the attribute gives its parsed, typed value.

    ``accept`` turns the text into the value or raises ``ValueError`` with what is
    accepted.  A value that is not accepted reads as the default, so that ``stop``
    and ``monitor`` can still tell the truth; ``problems`` has the complaint.
    """

    def __init__(
        self,
        accept: Callable[[str], T],
        *,
        default: str = "",
        content: str = "string",
        modes: str = "all",
        is_secret: bool = False,
        short: str,
        long: str,
    ) -> None:
        self.accept = accept
        self.default = default
        self.content = content
        self.modes = modes
        self.is_secret = is_secret
        self.short = short
        self.long = " ".join(long.split())

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Parameter[T]: ...
    @overload
    def __get__(self, instance: ParameterSet, owner: type) -> T: ...
    def __get__(self, instance: ParameterSet | None, owner: type) -> Any:
        if instance is None:
            return self
        return instance.values[self.name]

    def parse(self, given: Mapping[str, str]) -> T:
        """Return the value of the parameter in ``given``; ValueError when refused."""
        return self.accept(given.get(self.name, self.default))


class ParameterSet:
    """The values of one call.  Subclasses declare the parameters."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        given = {
            key[len("OCF_RESKEY_") :]: value
            for key, value in environ.items()
            if key.startswith("OCF_RESKEY_")
        }
        self.values: dict[str, Any] = {}
        self.problems: list[str] = []
        self.refused: set[str] = set()
        for parameter in declarations(type(self)):
            try:
                value = parameter.parse(given)
            except ValueError as error:
                shown = _shorten(given[parameter.name])
                if parameter.is_secret:
                    shown = "(not shown)"
                self.problems.append(f"Parameter {parameter.name}={shown}: {error}")
                self.refused.add(parameter.name)
                value = parameter.parse({})
            self.values[parameter.name] = value


def declarations(owner: type[ParameterSet]) -> list[Parameter[Any]]:
    """Return the parameters of ``owner`` in the order of their declaration."""
    return [
        value
        for base in reversed(owner.__mro__)
        for value in vars(base).values()
        if isinstance(value, Parameter)
    ]


def _shorten(text: str, limit: int = 80) -> str:
    """Return ``text`` on one line, short enough for an exit reason."""
    shown = ascii(text)
    return (
        shown if len(shown) <= limit else f"{shown[:limit]}… ({len(text)} characters)"
    )


def text(value: str) -> str:
    """Accept any text."""
    return value


def one_line(value: str) -> str:
    """Accept text without line breaks (user and database names, SQL excepted)."""
    if any(character in value for character in "\r\n"):
        raise ValueError("a text without line breaks is accepted")
    return value


def absolute_path(value: str) -> str:
    """Accept an absolute path that a program started through a shell cannot misread.

    ``pg_ctl`` pastes its own path, the data directory and the log file between
    double quotes into a line for /bin/sh (``start_postmaster`` in pg_ctl.c), so the
    characters that are special there cannot be taken literally and are refused.
    """
    if not value.startswith("/"):
        raise ValueError("an absolute path is accepted")
    if any(character in value for character in '"$`\\\r\n'):
        raise ValueError('a path without " $ ` \\ and line breaks is accepted')
    if len(os.fsencode(value)) >= LONGEST_PATH:
        raise ValueError(f"a path of less than {LONGEST_PATH} bytes is accepted")
    return value


def optional_path(value: str) -> str:
    """Accept an absolute path or nothing."""
    return value and absolute_path(value)


def port(value: str) -> int | None:
    """Accept a TCP port; nothing means the port that the server itself uses."""
    if not value:
        return None
    if value.isascii() and value.isdigit() and 0 < int(value) <= HIGHEST_PORT:
        return int(value)
    raise ValueError(f"a port number from 1 to {HIGHEST_PORT} is accepted")


def program(value: str) -> tuple[str, ...]:
    """Accept the path of a program, with options behind it if need be.

    What follows the first " -" are options, as ``have_binary`` in ocf-shellfuncs
    has it: the path itself may hold blanks.  A name alone is one in /usr/bin.
    """
    path, dash, options = value.partition(" -")
    if path and "/" not in path:
        path = f"/usr/bin/{path}"
    return (absolute_path(path), *words(dash.strip() + options))


def words(value: str) -> list[str]:
    """Accept options split into words as a shell would, with nothing expanded."""
    try:
        return shlex.split(value)
    except ValueError as error:
        raise ValueError(f"balanced quotes are accepted ({error})") from None


def seconds(value: str) -> int:
    """Accept a number of seconds; a suffix ``s`` is allowed as elsewhere in OCF."""
    number = value[:-1] if value.endswith("s") else value
    if number.isascii() and number.isdigit() and len(number) < len("1000000000"):
        return int(number)
    raise ValueError("a whole number of seconds is accepted")


def whole_number(value: str) -> int:
    """Accept a whole number that is not negative."""
    if value.isascii() and value.isdigit() and len(value) < len(str(2**63)):
        return int(value)
    raise ValueError("a whole number is accepted")


def boolean(value: str) -> bool:
    """Accept the words that ``ocf_is_true`` knows, and their opposites."""
    if value.lower() in TRUE_WORDS:
        return True
    if value.lower() in FALSE_WORDS:
        return False
    raise ValueError("true or false is accepted")


def one_of(*words: str) -> Callable[[str], str]:
    """Accept one of ``words``."""

    def accept(value: str) -> str:
        if value in words:
            return value
        raise ValueError(f"one of {', '.join(words)} is accepted")

    return accept
