# SPDX-License-Identifier: GPL-2.0-or-later
"""What crm_mon prints, without what differs each time; it only computes.

The head, with its dates, is left out, and so are sections that say nothing, and
failures that are there already. Nodes are named by their part: whoever was the primary
at the time of the fault is node1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

FIRST_SECTION = "Node List:"
NODE = re.compile(r"(?<![a-z])node\d+\b")  # also in the name of a slot
NAMES_IN_BRACKETS = re.compile(r"\[ (node[\w ]+) \]")
DATE = (
    r"(\w{3} \w{3} +\d+ \d\d:\d\d:\d\d \d{4}|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)"
    r"(Z| [+-]\d\d:\d\d)?"
)
DIFFERENT_EACH_TIME = (
    (rf" at '?{DATE}'?", ""),
    (rf", (last-rc-change|last-failed|completed)='{DATE}[^']*'", ""),
    (rf" last-(failure|rc-change)='{DATE}[^']*'", ""),
    (r" after [\d.]+(ms|s)\b", ""),
    (r", (queued|exec)=\d+(ms|s)", ""),
    (r"\bcall=\d+, ", ""),
    (r"(pacemaker-controld)\.\d+", r"\1"),
    (r"(stonith_admin)\.\d+", r"\1"),
)


def cleaned(printed: str, names: Mapping[str, str]) -> list[str]:
    """Return the telling lines; `names` are the nodes' names by their own."""
    _, head, rest = printed.expandtabs().partition(FIRST_SECTION)
    text = NODE.sub(lambda found: names.get(found[0], found[0]), head + rest)
    for pattern, replacement in DIFFERENT_EACH_TIME:
        text = re.sub(pattern, replacement, text)
    text = NAMES_IN_BRACKETS.sub(_sorted_names, text)
    return "\n\n".join(filter(None, map(_section, text.split("\n\n")))).splitlines()


def _sorted_names(found: re.Match[str]) -> str:
    return f"[ {' '.join(sorted(found[1].split()))} ]"


def _section(text: str) -> str:
    """Return a section with its blocks of nodes in order, empty if it says nothing."""
    title, *lines = [line.rstrip() for line in text.strip("\n").splitlines()]
    blocks = sorted(_blocks(lines), key=lambda block: _rank(block[0]))
    if "Failed" in title:  # one of many attempts is as good as all
        blocks = [block for at, block in enumerate(blocks) if block not in blocks[:at]]
    says_something = any(not _names_a_node(line) for line in lines)
    if title == FIRST_SECTION or says_something:
        return "\n".join([title, *(line for block in blocks for line in block)])
    return ""


def _blocks(lines: list[str]) -> Iterator[list[str]]:
    """Return the lines in groups that begin with the least indented ones."""
    block: list[str] = []
    for line in lines:
        if line.startswith("  *") and block:
            yield block
            block = []
        block.append(line)
    if block:
        yield block


def _rank(line: str) -> str:
    """Return by what blocks are ordered: only those of nodes change places."""
    return line if _names_a_node(line) else ""


def _names_a_node(line: str) -> bool:
    return line.startswith("  * Node") and line.endswith(":")
