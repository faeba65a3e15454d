# SPDX-License-Identifier: GPL-2.0-or-later
"""Counts the programs and processes of a command by strace.

The numbers do not depend on the machine's speed. What a server does by itself once it
was started is not counted: the processes that a postmaster forks are its own.
"""

from __future__ import annotations

import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

TIMEOUT_S = 120.0
DETACHING_TIMEOUT_S = 20.0
LOOK_INTERVAL_S = 0.02
CALLS = "trace=execve,clone,clone3,fork,vfork"
LAUNCHED = re.compile(r'^execve\("([^"]+)".*\)\s+= 0$', re.MULTILINE)
FORKED = re.compile(r"^(?:clone3?|v?fork)\((.*)\)\s+= (\d+)$", re.MULTILINE)
EXITED = re.compile(r"^\+\+\+ exited with (\d+) \+\+\+$", re.MULTILINE)


class Launches(NamedTuple):
    """What a command launched, itself included.

    `programs` are the names of programs in the order of their processes' start;
    `processes` counts those that execute nothing new too.
    """

    code: int
    programs: tuple[str, ...]
    processes: int


class _Process(NamedTuple):
    pid: int
    programs: tuple[str, ...]
    children: tuple[int, ...]
    code: int | None

    @property
    def is_server(self) -> bool:
        return self.programs[-1:] == ("postgres",)


def launches_of(argv: Sequence[str], environment: Mapping[str, str]) -> Launches:
    """Run a command under strace and return what it launched.

    A server that it starts goes on running, and is not traced any more.
    """
    with tempfile.TemporaryDirectory(prefix="pgsr-strace-") as directory:
        prefix = f"{directory}/trace"
        tracing = (
            "strace",
            "-I",
            "waiting",
            "-ff",
            "-q",
            "-e",
            CALLS,
            "-e",
            "signal=none",
        )
        strace = subprocess.Popen(
            [*tracing, "-o", prefix, *argv],
            env=environment,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            return _wait_for_end(strace, Path(directory))
        finally:
            _detach(strace)


def _wait_for_end(strace: subprocess.Popen[bytes], directory: Path) -> Launches:
    deadline = time.monotonic() + TIMEOUT_S
    while True:
        is_over = strace.poll() is not None
        seen = _read(directory)
        first = _first(seen)
        if first and first.code is not None:
            return _count(first, seen)
        if is_over or time.monotonic() > deadline:
            raise AssertionError(f"the end of the command was not seen: {seen}")
        time.sleep(LOOK_INTERVAL_S)


def _detach(strace: subprocess.Popen[bytes]) -> None:
    """Let go what is still traced, a server perhaps, without ending it."""
    if strace.poll() is not None:
        return
    strace.send_signal(signal.SIGTERM)
    try:
        strace.wait(DETACHING_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        strace.kill()
        strace.wait()
        raise


def _read(directory: Path) -> dict[int, _Process]:
    """Return every process that has been traced; strace writes a file for each."""
    files = {int(path.suffix[1:]): path for path in directory.glob("trace.*")}
    return {pid: _parse(pid, path.read_text()) for pid, path in files.items()}


def _parse(pid: int, text: str) -> _Process:
    forked = [
        int(child)
        for options, child in FORKED.findall(text)
        if "CLONE_THREAD" not in options
    ]
    exited = EXITED.search(text)
    programs = tuple(Path(name).name for name in LAUNCHED.findall(text))
    return _Process(pid, programs, tuple(forked), int(exited[1]) if exited else None)


def _first(seen: Mapping[int, _Process]) -> _Process | None:
    forked = {child for process in seen.values() for child in process.children}
    first = [process for pid, process in seen.items() if pid not in forked]
    return first[0] if len(first) == 1 else None


def _count(first: _Process, seen: Mapping[int, _Process]) -> Launches:
    counted = _walk(first, seen)
    programs = (name for process in counted for name in process.programs)
    assert first.code is not None
    return Launches(first.code, tuple(programs), len(counted))


def _walk(process: _Process, seen: Mapping[int, _Process]) -> list[_Process]:
    children = () if process.is_server else process.children
    below = (_walk(seen[pid], seen) for pid in children if pid in seen)
    return [process, *(each for walked in below for each in walked)]
