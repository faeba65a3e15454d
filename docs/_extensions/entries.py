# SPDX-License-Identifier: GPL-2.0-or-later
"""The entries of all pages, and whether they are those that the source wants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

from agent_texts.agent import STATUS, Agent, Explained, agent_in, complaints

_logger = logging.getLogger(__name__)


class Entry(NamedTuple):
    """An entry: its texts, where it is, and what it says in each of its fields.

    ``level`` is how the texts are said where that cannot be told from the source: a
    reason that never fails an action is a warning.  ``score`` goes with a status.
    """

    kind: str
    texts: tuple[str, ...]
    page: str
    line: int
    fields: Mapping[str, list[nodes.Node]]
    level: str = ""
    score: str = ""


def agent_of(env: BuildEnvironment) -> Agent:
    """Return what the agent says, and have the page read again when that changes."""
    agent = agent_in(Path(env.config.agent_library))
    for path in agent.files:
        env.note_dependency(str(path))
    return agent


def store(env: BuildEnvironment) -> dict[str, list[Entry]]:
    """Return the entries of each page."""
    found: dict[str, list[Entry]] = env.__dict__.setdefault("agent_entries", {})
    return found


def all_entries(env: BuildEnvironment, kind: str) -> list[Entry]:
    """Return all entries of a kind, in the order of pages and lines."""
    pages = sorted(store(env).items())
    return [each for _, found in pages for each in found if each.kind == kind]


def check(_: Sphinx, env: BuildEnvironment) -> None:
    """Warn of every text without an entry, and of every entry without a text."""
    found = [
        Explained(*each[:2], each.fields, status_of(each), each.page, each.line)
        for page in store(env).values()
        for each in page
    ]
    for each in complaints(found, agent_in(Path(env.config.agent_library))):
        place = (each.page, each.line) if each.page else None
        _logger.warning(each.text, location=place)


def status_of(entry: Entry) -> str:
    """Return the value of the status that goes with an entry, empty if none does."""
    return " ".join(each.astext() for each in entry.fields.get(STATUS, ()))


def purge(_: Sphinx, env: BuildEnvironment, page: str) -> None:
    """Forget the entries of a page that is read again."""
    store(env).pop(page, None)


def merge(
    _: Sphinx, env: BuildEnvironment, pages: Iterable[str], other: BuildEnvironment
) -> None:
    """Take over the entries that another process has read."""
    found = store(other)
    store(env).update({page: found[page] for page in pages if page in found})
