# SPDX-License-Identifier: GPL-2.0-or-later
"""Sphinx directives of the fault catalogue: what was measured, under what is written.

``fault`` begins the text of a fault, in a section whose label is ``fault-NAME``: it
puts its figures there. ``fault-overview`` is a table of all of them, ``fault-shows``
what ``crm_mon`` showed, ``fault-conditions`` what the figures depend on. A fault that
was not measured has to say why, and what was measured has to have a text: else it is an
error.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from declarations import list_table

MEASURED = Path(__file__).parents[1] / "faults" / "measured.json"
MODES = {
    "sync": "``sync``",
    "strict": "``sync``, ``sync_strict=true``",
    "quorum": "``sync``, ``sync_quorum=1``, three nodes",
    "async": "``async``",
    "async-3": "``async``, three nodes",
    "pgsr": "PGSR method",
    "standalone": "stand-alone",
}
SHORT = {  # where there is little room
    "sync": "``sync``",
    "strict": "strict",
    "quorum": "quorum",
    "async": "``async``",
    "async-3": "``async``, 3 nodes",
    "pgsr": "PGSR",
    "standalone": "stand-alone",
}
MOMENTS = {
    "after": "after the fault",
    "repaired": "when all is well again",
}
NOTICEABLE_S = 0.5
ENTRY = re.compile(r"^\.\. fault:: (\S+)\n((?:   .*\n)+)", re.MULTILINE)
OPTION = re.compile(r"^   :([\w-]+): (.*(?:\n      .*)*)", re.MULTILINE)

Figures = Mapping[str, Any]


class Entry(NamedTuple):
    """A fault as the page has it."""

    name: str
    does: str  # what the cluster does, in a few words
    remedy: str  # what to do, with one link
    not_measured: str  # why, empty if it was measured


class Fault(SphinxDirective):
    """The figures of a fault."""

    required_arguments = 1
    option_spec = {  # noqa: RUF012  as docutils has it
        "does": directives.unchanged_required,
        "remedy": directives.unchanged_required,
        "not-measured": directives.unchanged_required,
        "steps": directives.flag,  # of a failover: where the seconds went
    }

    def run(self) -> list[nodes.Node]:
        """Return a table, and where the seconds went."""
        self.env.note_dependency(str(MEASURED))
        name, reason = self.arguments[0], self.options.get("not-measured", "")
        measured = faults().get(name)
        if bool(measured) == bool(reason):
            raise self.error(
                f"fault {name}: it was measured, but says :not-measured:"
                if measured
                else f"fault {name}: there is no measurement, and no :not-measured:"
            )
        if not measured:
            return self.parse_text_to_nodes(f"Not measured: {reason}")
        steps = steps_text(measured) if "steps" in self.options else ""
        if "steps" in self.options and not steps:
            raise self.error(f"fault {name}: no step of it was recorded")
        return self.parse_text_to_nodes(figures_text(measured) + steps)


class FaultOverview(SphinxDirective):
    """A table of all faults of the page."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        self.env.note_dependency(str(MEASURED))
        page = Path(self.env.doc2path(self.env.docname))
        found = list(entries(page.read_text(encoding="utf-8")))
        measured = faults()
        if missing := sorted(set(measured) - {entry.name for entry in found}):
            raise self.error(f"measured, but not described: {', '.join(missing)}")
        return self.parse_text_to_nodes(overview_text(found, measured))


class FaultShows(SphinxDirective):
    """What crm_mon showed: the arguments are fault, mode and moment."""

    required_arguments = 3

    def run(self) -> list[nodes.Node]:
        """Return it as it was printed."""
        self.env.note_dependency(str(MEASURED))
        name, mode, moment = self.arguments
        lines = faults().get(name, {}).get(mode, {}).get("shown", {}).get(moment)
        if lines is None:
            raise self.error(f"nothing was recorded of {name}, {mode}, {moment}")
        return self.parse_text_to_nodes(shown_text(lines, mode, moment))


class FaultConditions(SphinxDirective):
    """What the figures depend on."""

    def run(self) -> list[nodes.Node]:
        """Return a list."""
        self.env.note_dependency(str(MEASURED))
        return self.parse_text_to_nodes(conditions_text(measurements()["conditions"]))


def measurements() -> Figures:
    """Return all that was measured."""
    content: Figures = json.loads(MEASURED.read_text(encoding="utf-8"))
    return content


def faults() -> Mapping[str, Mapping[str, Figures]]:
    """Return the figures of each fault in each mode."""
    found: Mapping[str, Mapping[str, Figures]] = measurements()["faults"]
    return found


def entries(source: str) -> Iterator[Entry]:
    """Return the faults of a page, in its order."""
    for name, block in ENTRY.findall(source):
        options = {key: " ".join(text.split()) for key, text in OPTION.findall(block)}
        why = options.get("not-measured", "")
        yield Entry(name, options.get("does", ""), options.get("remedy", ""), why)


def modes_of(measured: Mapping[str, Figures]) -> Iterator[tuple[str, Figures]]:
    """Return the modes in which a fault was measured, in the order of MODES."""
    for mode in sorted(measured, key=list(MODES).index):
        yield mode, measured[mode]


def figures_text(measured: Mapping[str, Figures]) -> str:
    """Return a table of a fault's modes."""
    header = ("Mode", "Without commits", "Acknowledged rows lost", "Runs")
    rows = [
        (MODES[mode], duration(each), lost(each), str(each["runs"]))
        for mode, each in modes_of(measured)
    ]
    return list_table(header, rows, "auto") + "\n"


def duration(figures: Figures) -> str:
    """Return how long a client could not commit."""
    if spread := figures.get("by_hand_s"):
        return f"{spread_text(spread)} once you have acted"
    spread = figures["outage_s"]
    began = figures["began_s"]["median"]
    later = f", from {began:.1f} s after it on" if began > NOTICEABLE_S else ""
    return f"{spread_text(spread)}{later}"


def spread_text(spread: Figures) -> str:
    """Return a median with the lowest and the highest."""
    low, middle, high = (spread[name] for name in ("min", "median", "max"))
    return f"{middle:.1f} s" + (f" ({low:.1f} to {high:.1f})" if low != high else "")


def lost(figures: Figures) -> str:
    """Return how many of the acknowledged rows were lost, in all runs."""
    return f"{figures['lost_rows']} of {figures['acknowledged_rows']}"


def steps_text(measured: Mapping[str, Figures]) -> str:
    """Return where the seconds went, in the first mode of which it is known."""
    for mode, figures in modes_of(measured):
        lines = [f"{at_s:7.2f} s  {text}" for at_s, text in figures["steps"]]
        if lines:
            return block(f"Seconds after the fault, median: {MODES[mode]}", lines)
    return ""


def overview_text(
    found: list[Entry], measured: Mapping[str, Mapping[str, Figures]]
) -> str:
    """Return the table of all faults."""
    header = ("Fault", "What the cluster does", "Without commits", "What to do")
    rows = [
        (
            f":ref:`fault-{entry.name}`",
            entry.does,
            in_each_mode(measured.get(entry.name, {})),
            entry.remedy,
        )
        for entry in found
    ]
    return list_table(header, rows, "24 30 22 24")


def in_each_mode(measured: Mapping[str, Figures]) -> str:
    """Return how long it takes in each mode, a line each; + is after the command."""
    lines = []
    for mode, figures in modes_of(measured):
        by_hand = figures.get("by_hand_s")
        shown = (
            f"+{spread_text(by_hand)}" if by_hand else spread_text(figures["outage_s"])
        )
        lines.append(f"| {SHORT[mode]}: {shown}")
    return "\n".join(lines) or "not measured"


def shown_text(lines: list[str], mode: str, moment: str) -> str:
    """Return what crm_mon showed, with its command."""
    return block(f"``crm_mon -1Afr`` {MOMENTS[moment]}: {MODES[mode]}", lines)


def conditions_text(conditions: Figures) -> str:
    """Return what the figures depend on, as a list."""
    load = conditions["load"]
    return (
        f"- Command: ``{conditions['command']}``\n"
        f"- Machine: {conditions['machine']}; its load was {load['median']} (median),"
        f" {load['max']} at most\n"
        f"- Versions: ``{conditions['versions']}``\n"
        f"- corosync's ``token``: {conditions['token_ms']} ms\n"
    )


def block(caption: str, lines: list[str]) -> str:
    """Return lines as they are, under a caption."""
    head = [".. code-block:: text", f"   :caption: {caption}", ""]
    return "\n".join([*head, *(f"   {line}".rstrip() for line in lines), "", ""])


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives."""
    app.add_directive("fault", Fault)
    app.add_directive("fault-overview", FaultOverview)
    app.add_directive("fault-shows", FaultShows)
    app.add_directive("fault-conditions", FaultConditions)
    return {"parallel_read_safe": True}
