# SPDX-License-Identifier: GPL-2.0-or-later
"""The catalogue of faults: what scenarios measure, what is summed up, what is written.

Each fault that a scenario is marked with has a text and a measurement, and no other.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.cluster.catalogue import crm_mon, figures
from tests.cluster.catalogue.record import MOMENTS

TOP = Path(__file__).resolve().parents[2]
FAULTS = TOP / "docs" / "faults"
PAGE = (FAULTS / "catalogue.rst").read_text(encoding="utf-8")
MEASURED: dict[str, Any] = json.loads((FAULTS / "measured.json").read_text())
SCENARIOS = sorted((TOP / "tests" / "cluster").glob("test_*.py"))


def extension() -> ModuleType:
    """The directives of the page; they are no package's."""
    path = TOP / "docs" / "_extensions" / "catalogue.py"
    spec = importlib.util.spec_from_file_location("fault_catalogue", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def marked() -> Iterator[tuple[str, str]]:
    """Fault and mode of every scenario that is marked as one."""
    for path in SCENARIOS:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        modes = [
            ast.literal_eval(node.value)
            for node in tree.body
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "MODE"
        ]
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and ast.unparse(call.func).endswith(
                "mark.fault"
            ):
                given = {
                    word.arg: ast.literal_eval(word.value) for word in call.keywords
                }
                yield ast.literal_eval(call.args[0]), given.get("mode") or modes[0]


def written() -> dict[str, str]:
    """The faults of the page, with the reason of those that were not measured."""
    return {entry.name: entry.not_measured for entry in extension().entries(PAGE)}


def test_every_fault_of_a_scenario_was_measured_and_nothing_else_was() -> None:
    measured = {
        (fault, mode) for fault, modes in MEASURED["faults"].items() for mode in modes
    }
    assert measured == set(marked())


def test_every_fault_has_a_text_and_those_without_a_measurement_say_why() -> None:
    entries = written()
    assert {name for name, reason in entries.items() if not reason} == {
        name for name, _ in marked()
    }


def test_every_entry_is_whole_and_can_be_linked_to() -> None:
    for entry in extension().entries(PAGE):
        assert entry.does.endswith("."), entry
        assert entry.remedy, entry
        assert f".. _fault-{entry.name}:\n" in PAGE, entry


def test_every_mode_and_moment_has_words() -> None:
    directives = extension()
    assert {mode for _, mode in marked()} <= set(directives.MODES)
    assert set(directives.MOMENTS) == set(MOMENTS)


def test_no_acknowledged_row_is_lost_where_none_may_be() -> None:
    lost = {
        (fault, mode): figures["lost_rows"]
        for fault, modes in MEASURED["faults"].items()
        for mode, figures in modes.items()
        if mode in ("sync", "strict", "quorum", "standalone")
    }
    assert set(lost.values()) == {0}, lost


def test_nothing_that_was_recorded_has_a_date() -> None:
    text = json.dumps(MEASURED["faults"])
    assert re.findall(r"\d\d:\d\d:\d\d", text) == []


@pytest.mark.parametrize(
    ("times", "stopped_at", "expected"),
    [
        pytest.param([9.9, 14.0, 14.1], 14.2, (4.0, 0.0), id="at once"),
        pytest.param([9.9, 10.1, 12.0, 15.5], 15.6, (3.5, 2.0), id="later"),
        pytest.param([5.0, 9.9, 10.2], 10.25, (0.2, 0.0), id="not before"),
        pytest.param([9.9], 13.0, (3.0, 0.0), id="never again"),
    ],
)
def test_outage_is_the_longest_time_without_a_commit_from_the_fault_on(
    times: list[float], stopped_at: float, expected: tuple[float, float]
) -> None:
    assert figures.outage(times, 10.0, stopped_at) == pytest.approx(expected)


def run(outage_s: float, **more: Any) -> figures.Figures:
    """What a scenario recorded."""
    return {
        "fault": "power", "mode": "sync", "outage_s": outage_s, "lost_rows": 0,
        "acknowledged_rows": 10, "steps": {}, "shown": {}, **more,
    }  # fmt: skip


def test_summary_has_the_median_the_lowest_and_the_highest_of_all_runs() -> None:
    first = run(4.0, steps={"fenced": 1.0, "promoted": 3.0})
    second = run(6.0, steps={"fenced": 2.0}, shown={"after": ["newest"]})
    summed = figures.summary([first, second, run(4.5, mode="async")])
    sync = summed["power"]["sync"]
    assert sync["outage_s"] == {"median": 5.0, "min": 4.0, "max": 6.0}
    assert "by_hand_s" not in sync
    assert (sync["runs"], sync["acknowledged_rows"]) == (2, 20)
    assert sync["steps"] == [[1.5, "fenced"]], "only those that each run has"
    assert sync["shown"] == {"after": ["newest"]}
    assert summed["power"]["async"]["runs"] == 1


PRINTED = """\
Cluster Summary:
  * Last updated: Sat Nov 28 09:15:54 2026

Node List:
  * Node node2: UNCLEAN (offline)
  * Online: [ node1 ]

Full List of Resources:
  * Clone Set: pgsql-clone [pgsql] (promotable):
    * Promoted: [ node1 ]
    * Unpromoted: [ node3 node2 ]

Node Attributes:
  * Node: node1:
    * pgsql-slots-needed\t: pgsr_node2=0/3000060
  * Node: node2:
    * pgsql-status\t: HS:sync

Migration Summary:
  * Node: node1:

Failed Resource Actions:
  * pgsql start on node2 returned 'error' (refused) at Sat Nov 28 09:15:50 2026 after 81ms
"""  # noqa: E501  it is as crm_mon prints it
CLEANED = """\
Node List:
  * Node node1: UNCLEAN (offline)
  * Online: [ node2 ]

Full List of Resources:
  * Clone Set: pgsql-clone [pgsql] (promotable):
    * Promoted: [ node2 ]
    * Unpromoted: [ node1 node3 ]

Node Attributes:
  * Node: node1:
    * pgsql-status      : HS:sync
  * Node: node2:
    * pgsql-slots-needed        : pgsr_node1=0/3000060

Failed Resource Actions:
  * pgsql start on node1 returned 'error' (refused)
"""


def test_output_names_the_former_primary_node1_and_has_no_dates() -> None:
    names = {"node2": "node1", "node1": "node2"}
    assert crm_mon.cleaned(PRINTED, names) == CLEANED.splitlines()
