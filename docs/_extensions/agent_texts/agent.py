# SPDX-License-Identifier: GPL-2.0-or-later
"""All that the agent says, and whether entries explain it: no more and no less."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from agent_texts import library, messages, values
from agent_texts.messages import Text

REASON, STATUS = "reason", "status"
FIELDS = ("meaning", "cause", "remedy")
# These must be explained; the others may be.
_WANTED = frozenset((messages.REASON, messages.WARNING, messages.ADDED))


class Agent(NamedTuple):
    """What the agent's source says: texts, and statuses and attributes by modes."""

    files: tuple[Path, ...]
    messages: dict[str, Text]
    statuses: dict[str, set[str]]
    attributes: dict[str, set[str]]


class Explained(NamedTuple):
    """An entry of the documentation: its texts, and the names of its fields.

    ``status`` is the value of the status that it says to go with them.
    """

    kind: str
    texts: tuple[str, ...]
    fields: Collection[str]
    status: str = ""
    page: str = ""
    line: int = 0


class Complaint(NamedTuple):
    """What is wrong, and the entry's place if it is one of an entry."""

    text: str
    page: str = ""
    line: int = 0


@functools.cache
def agent_in(directory: Path) -> Agent:
    """Return what the library in ``directory`` says."""
    found = library.read(directory)
    return Agent(
        tuple(sorted(directory.rglob("*.py"))),
        messages.messages(found),
        values.statuses(found),
        values.attributes(found),
    )


def complaints(found: Collection[Explained], agent: Agent) -> Iterator[Complaint]:
    """Yield every text without an entry, and all that is wrong with entries."""
    yield from _missing(found, REASON, _wanted(agent))
    yield from _missing(found, STATUS, dict.fromkeys(agent.statuses, "a constant"))
    for each in found:
        for wrong in _wrong_with(each, agent):
            yield Complaint(wrong, each.page, each.line)


def _wrong_with(entry: Explained, agent: Agent) -> Iterator[str]:
    said = agent.messages if entry.kind == REASON else agent.statuses
    for text in entry.texts:
        if text not in said:
            yield f"the agent has no {entry.kind}: {text}"
    for name in FIELDS:
        if name not in entry.fields:
            yield f"no {name} of the {entry.kind}: {entry.texts[0]}"
    texts = [agent.messages[text] for text in entry.texts if text in agent.messages]
    for status in sorted({each for text in texts for each in text.statuses}):
        if status not in ("", entry.status):
            yield f"the status {status} goes with: {entry.texts[0]}"


def _missing(
    found: Iterable[Explained], kind: str, wanted: Mapping[str, str]
) -> Iterator[Complaint]:
    known = {text for each in found if each.kind == kind for text in each.texts}
    for text in sorted(wanted.keys() - known):
        yield Complaint(f"no entry explains the {kind} of {wanted[text]}: {text}")


def _wanted(agent: Agent) -> dict[str, str]:
    return {
        text.words: ", ".join(text.places)
        for text in agent.messages.values()
        if text.kinds & _WANTED
    }
