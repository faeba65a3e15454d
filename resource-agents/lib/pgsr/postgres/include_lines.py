# SPDX-License-Identifier: GPL-2.0-or-later
"""The lines by which the server's configuration includes the agent's files.

They are those of the stock agent, which can take over and back.  No other line of
the administrator's file is ever changed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from pgsr import files
from pgsr.instance import Instance
from pgsr.ocf import AgentError
from pgsr.postgres.quoting import for_configuration

_MARK = "# added by pgsql RA"
_LINE = re.compile(
    rf"[ \t]*include '((?:[^']|'')*/(?:recovery|rep_mode)\.conf)' {_MARK}.*"
)


def line(path: str) -> str:
    """Return the line that includes ``path``."""
    return f"include {for_configuration(path)} {_MARK}"


def included(text: str) -> list[str]:
    """Return the agent's files that a configuration includes."""
    return [path for each in text.split("\n") if (path := _included(each))]


def with_lines(text: str, wanted: Sequence[str]) -> str:
    """Return a configuration that includes these files of the agent and no others.

    Of a line that is there twice the last one stays: it is the one that counts.
    """
    kept: list[str] = []
    missing = set(wanted)
    for each in reversed(text.split("\n")):
        path = _included(each)
        if not path or path in missing:
            kept.append(each)
            missing.discard(path)
    lines = kept[::-1]
    added = [line(path) for path in wanted if path in missing]
    if added and lines[-1] == "":
        lines.pop()
    return "\n".join([*lines, *added, *([""] if added else [])])


def put(instance: Instance, wanted: Sequence[str]) -> None:
    """Let the server's configuration include ``wanted``, which exist already.

    A configuration that includes a file which is not there keeps the server from
    starting.
    """
    _rewrite(instance, lambda _: wanted)


def keep(instance: Instance, is_kept: Callable[[str], bool]) -> None:
    """Take all these lines out but those of the files that are kept."""
    _rewrite(instance, lambda there: [*filter(is_kept, dict.fromkeys(there))])


def _rewrite(
    instance: Instance, choose: Callable[[Sequence[str]], Sequence[str]]
) -> None:
    path = instance.parameters.configuration_file

    def edit(text: str) -> str:
        there = included(text)
        wanted = choose(there)
        for missing in set(wanted).difference(there):
            instance.log.info(f"adding include directive {line(missing)} into {path}")
        if len(there) > len(set(there).intersection(wanted)):
            instance.log.info(f"deleting include directive from {path}")
        return with_lines(text, wanted)

    try:
        files.change(path, instance.account, edit)
    except AgentError as error:
        error.advice = f"The agent keeps lines with {_MARK} in that file"
        raise


def _included(text: str) -> str:
    found = _LINE.fullmatch(text)
    return found.group(1).replace("''", "'").replace("\\\\", "\\") if found else ""
