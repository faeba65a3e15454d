# SPDX-License-Identifier: GPL-2.0-or-later
"""What a page of the tutorial has its reader do, in the order of the page.

Nothing in a page can be overlooked: an example is a session, a file to be written, or
says that it is not run; any other is an error.

A session is a block in the language `console`. A line with a prompt is a command, lines
that begin with "> " go on with it, and what is beneath is its output. A file is a block
whose caption has its path, and on which nodes it is.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Union

from tests.cluster.documentation import end_of_block, indentation

DIRECTIVE = re.compile(
    r"^ *\.\. (code-block|sourcecode|code|literalinclude|parsed-literal)"
)
LITERAL = re.compile(r"^(?! *\.\. ).*::$")
SESSION = ".. code-block:: console"
PROMPT = re.compile(r"^(both|node\d|)# (.*)$")
MORE = "> "
FILE_CAPTION = re.compile(r"``(/\S+)`` on (both nodes|node\d)$")
NOT_RUN = "not run"
FILE_LANGUAGES = ("ini", "text", "sh")


class BadPage(Exception):
    """A page has an example that no reader could follow as it is."""


class Command(NamedTuple):
    """A command that is typed at a prompt, and what the page shows of its output."""

    prompt: str  # node1, both; empty is the machine that the reader sits at
    text: str
    shown: tuple[str, ...]
    first_line: int  # of the output in the page, counted from 0
    indent: str


class File(NamedTuple):
    """A file to be written."""

    path: str
    where: str
    text: str


class NotRun(NamedTuple):
    """An example that the page says is not run."""

    text: str


Step = Union[Command, File, NotRun]


def steps(page: Path) -> list[Step]:
    """Return all that a page has its reader do; BadPage when that is not clear."""
    lines = page.read_text(encoding="utf-8").splitlines()
    found: list[Step] = []
    number = 0
    while number < len(lines):
        if DIRECTIVE.match(lines[number]):
            end = end_of_block(lines, number)
            found += _block(page, lines[number:end], number)
            number = end
            continue
        if LITERAL.match(lines[number]):
            raise BadPage(f"{page}:{number + 1}: an example without a language")
        number += 1
    return found


def _block(page: Path, block: list[str], number: int) -> Iterator[Step]:
    head = block[0].strip()
    options = 1
    while options < len(block) and block[options].strip().startswith(":"):
        options += 1
    caption = _caption(block[1:options])
    text = textwrap.dedent("\n".join(block[options:])).strip("\n") + "\n"
    if caption.endswith(NOT_RUN):
        yield NotRun(text)
    elif head == SESSION:
        yield from _commands(page, block[options:], number + options)
    else:
        yield _file(f"{page}:{number + 1}", head, caption, text)


def _caption(options: list[str]) -> str:
    return "".join(options).partition(":caption:")[2].strip()


def _file(place: str, head: str, caption: str, text: str) -> File:
    match = FILE_CAPTION.match(caption)
    if head.rpartition(" ")[2] not in FILE_LANGUAGES or match is None:
        raise BadPage(f"{place}: neither a session nor a file: {head} {caption}")
    return File(match[1], match[2], text)


def _commands(page: Path, block: list[str], number: int) -> Iterator[Command]:
    """Yield the commands of a session whose lines begin at a number of the page."""
    while block and not block[-1].strip():
        block.pop()
    indent = " " * min(indentation(line) for line in block if line.strip())
    lines = [line[len(indent) :] for line in block]
    starts = [at for at, line in enumerate(lines) if PROMPT.match(line)]
    if not starts or any(line for line in lines[: starts[0]]):
        raise BadPage(f"{page}:{number + 1}: a session begins with a prompt")
    for start, end in zip(starts, [*starts[1:], len(lines)]):
        match = PROMPT.match(lines[start])
        assert match is not None
        typed, output = [match[2]], start + 1
        while output < end and lines[output].startswith(MORE):
            typed.append(lines[output][len(MORE) :])
            output += 1
        shown = tuple("\n".join(lines[output:end]).rstrip().splitlines())
        yield Command(match[1], "\n".join(typed), shown, number + output, indent)
