# SPDX-License-Identifier: GPL-2.0-or-later
"""The reader of a tutorial notices what is not as the page says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cluster.tutorial.page import Command, steps
from tests.cluster.tutorial.reader import Differs, Seen, correct, follow
from tests.cluster.tutorial.terminal import Said

SESSION = ".. code-block:: console\n\n   {}\n"


class Place:
    """Two machines that say what they are told to say, each time the next."""

    def __init__(self, *answers: Said) -> None:
        self.answers = list(answers)
        self.typed: list[str] = []
        self.written: list[tuple[str, str, str]] = []

    def prompts(self, prompt: str) -> tuple[str, ...]:
        return ("node1", "node2") if prompt == "both" else (prompt,)

    def type(self, machine: str, command: str, timeout_s: float) -> Said:
        assert timeout_s > 0
        self.typed.append(f"{machine}: {command}")
        return self.answers.pop(0)

    def write(self, where: str, path: str, text: str) -> None:
        self.written.append((where, path, text))

    def evidence(self) -> str:
        return "the logs"


def page(directory: Path, *session: str) -> Path:
    path = directory / "page.rst"
    path.write_text(SESSION.format("\n   ".join(session)))
    return path


def said(*lines: str, code: int = 0) -> Said:
    return Said(lines, code)


def test_a_command_is_typed_at_every_machine_that_the_prompt_stands_for(
    tmp_path: Path,
) -> None:
    place = Place(said("done"), said("done"))
    follow(page(tmp_path, "both# install", "done"), place)
    assert sorted(place.typed) == ["node1: install", "node2: install"]


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param((said("failed"),), id="another output"),
        pytest.param((said("done", code=1),), id="an exit code"),
    ],
)
def test_what_is_not_as_shown_fails_with_what_was_seen(
    tmp_path: Path, answers: tuple[Said, ...]
) -> None:
    with pytest.raises(Differs, match=r"(?s)install.*the page shows.*the logs"):
        follow(page(tmp_path, "node1# install", "done"), Place(*answers))


def test_one_machine_that_says_something_else_is_enough(tmp_path: Path) -> None:
    with pytest.raises(Differs):
        follow(page(tmp_path, "both# install", "done"), Place(said("done"), said("no")))


def test_a_look_is_taken_again_until_it_shows_what_it_must(tmp_path: Path) -> None:
    place = Place(said(code=102), said("Online: [ ]"), said("Online: [ node1 ]"))
    follow(page(tmp_path, "node1# crm_mon -1", "Online: [ node1 ]"), place)
    assert len(place.typed) == 3


def test_a_page_is_given_what_was_seen_and_goes_on_to_omit_what_it_omits(
    tmp_path: Path,
) -> None:
    session = ("node1# one", "...", "took 3 s", "node1# two", "old", "node1# three")
    path = page(tmp_path, *session)
    answers = (said("begin", "took 5 s"), said("a", "b"), said("c"))
    commands = [step for step in steps(path) if isinstance(step, Command)]
    correct(path, [Seen(*each) for each in zip(commands, zip(answers))])
    shown = ("...", "took 5 s", "node1# two", "a", "b", "node1# three", "c")
    assert path.read_text() == SESSION.format("\n   ".join(("node1# one", *shown)))
