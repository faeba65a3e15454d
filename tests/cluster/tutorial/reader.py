# SPDX-License-Identifier: GPL-2.0-or-later
"""A reader that does what a page says, in its order, and sees what the page shows.

A command has to succeed and to show what is beneath it. Where a command only looks, the
reader looks again until it sees that, for a while, as a person would.

With PGSR_WRITE_OUTPUT=1 the page is given what was seen instead. Lines that it omits
stay omitted, as long as it still shows what was seen apart from them.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, Protocol

from tests.cluster.harness.wait import patient
from tests.cluster.tutorial import page as pages
from tests.cluster.tutorial.page import Command, File, NotRun
from tests.cluster.tutorial.shown import brought_up_to_date, is_same
from tests.cluster.tutorial.terminal import Said

IS_WRITING = os.environ.get("PGSR_WRITE_OUTPUT") == "1"
LOOKS = re.compile(
    r"crm_mon|pcs status|pcs stonith status|ipmitool .* power status|tail |awk "
    r"|\S*python3 -m tests.cluster status"
)
LOOK_LIMIT_S = 120.0
LOOK_INTERVAL_S = 0.5
COMMAND_LIMIT_S = 300.0
DISTURBED_WRITING_S = 40.0  # until what is seen is taken for what there is to see


class Differs(AssertionError):
    """A page shows something else than was seen."""


class Surroundings(Protocol):
    """Where a reader types and writes."""

    def prompts(self, prompt: str) -> tuple[str, ...]:
        """Return the machines that a prompt stands for."""

    def type(self, machine: str, command: str, timeout_s: float) -> Said:
        """Type a command at a machine."""

    def write(self, where: str, path: str, text: str) -> None:
        """Write a file."""

    def evidence(self) -> str:
        """Return what helps to understand a command that failed."""


class Seen(NamedTuple):
    """A command, and what it showed at each machine."""

    command: Command
    said: tuple[Said, ...]

    @property
    def is_as_shown(self) -> bool:
        """Tell whether all of them showed what the page does."""
        shown = self.command.shown
        return all(
            said.returncode == 0 and is_same(shown, said.lines) for said in self.said
        )


def follow(page: Path, surroundings: Surroundings) -> list[NotRun]:
    """Do what a page says; return what it says is not run."""
    seen: list[Seen] = []
    not_run: list[NotRun] = []
    for step in pages.steps(page):
        if isinstance(step, File):
            surroundings.write(step.where, step.path, step.text)
        elif isinstance(step, NotRun):
            not_run.append(step)
        else:
            seen.append(_do(step, surroundings))
            _judge(page, seen[-1], surroundings)
    if IS_WRITING:
        correct(page, seen)
    return not_run


def _do(command: Command, surroundings: Surroundings) -> Seen:
    """Type a command, again and again if it only looks, until it shows what it must."""
    is_look = LOOKS.match(command.text) is not None
    limit_s = DISTURBED_WRITING_S if IS_WRITING else LOOK_LIMIT_S
    deadline = time.monotonic() + patient(limit_s)
    machines = surroundings.prompts(command.prompt)
    while True:
        seen = Seen(command, _type(command.text, machines, surroundings))
        if seen.is_as_shown or not is_look or time.monotonic() > deadline:
            return seen
        time.sleep(LOOK_INTERVAL_S)


def _type(
    command: str, machines: Sequence[str], surroundings: Surroundings
) -> tuple[Said, ...]:
    """Type a command at machines, at the same time."""
    hands = ThreadPoolExecutor(len(machines))
    try:
        said = (
            hands.submit(surroundings.type, machine, command, COMMAND_LIMIT_S)
            for machine in machines
        )
        return tuple(each.result() for each in list(said))
    finally:
        hands.shutdown(wait=False)  # who interrupts this does not wait for an answer


def _judge(page: Path, seen: Seen, surroundings: Surroundings) -> None:
    has_failed = any(said.returncode != 0 for said in seen.said)
    if seen.is_as_shown or (IS_WRITING and not has_failed):
        return
    told = "\n".join(
        "\n".join((f"--- exit code {said.returncode}", *said.lines))
        for said in seen.said
    )
    raise Differs(
        f"{page.name}:{seen.command.first_line}: {seen.command.text}\n{told}\n"
        "--- the page shows\n" + "\n".join(seen.command.shown) + "\n"
        f"{surroundings.evidence()}"
    )


def correct(page: Path, all_seen: Iterable[Seen]) -> None:
    """Give a page what was seen."""
    lines = page.read_text(encoding="utf-8").splitlines()
    for seen in sorted(all_seen, key=lambda each: -each.command.first_line):
        command = seen.command
        lines_seen = seen.said[0].lines
        shown = brought_up_to_date(command.shown, lines_seen)
        new = [
            f"{command.indent}{line.expandtabs()}".rstrip()
            for line in shown or lines_seen
        ]
        end = command.first_line + len(command.shown)
        lines[command.first_line : end] = new
    page.write_text("\n".join(lines) + "\n", encoding="utf-8")
