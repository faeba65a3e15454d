# SPDX-License-Identifier: GPL-2.0-or-later
"""The judge of randomised runs: when two servers were primaries at one time."""

from __future__ import annotations

from tests.cluster.chaos.observer import Observer
from tests.cluster.harness.lan import Place

OLD, NEW = "2026-11-23 02:00:00+00", "2026-11-23 03:00:00+00"


def observer() -> Observer:
    return Observer((), Place("nowhere"))


def test_primaries_one_after_the_other_are_as_it_should_be() -> None:
    seen = observer()
    seen.see(OLD, "node1", asked=1.0, answered=1.1)
    seen.see(OLD, "node1", asked=5.0, answered=5.1)
    seen.see(NEW, "node2", asked=5.2, answered=5.3)
    seen.see(NEW, "node2", asked=6.0, answered=6.1)
    assert seen.violations == []


def test_answer_that_comes_late_proves_nothing() -> None:
    """The old primary may have ended between the question and its answer."""
    seen = observer()
    seen.see(OLD, "node1", asked=1.0, answered=1.1)
    seen.see(NEW, "node2", asked=5.0, answered=5.1)
    seen.see(OLD, "node1", asked=4.9, answered=5.4)
    assert seen.violations == []


def test_server_that_is_a_primary_before_and_after_another_one_is_reported_once() -> (
    None
):
    seen = observer()
    seen.see(OLD, "node1", asked=1.0, answered=1.1)
    for moment in (5.0, 6.0, 7.0):
        seen.see(NEW, "node2", asked=moment, answered=moment + 0.1)
        seen.see(OLD, "node1", asked=moment + 0.5, answered=moment + 0.6)
    assert len(seen.violations) == 1
    assert "node1" in seen.violations[0]
    assert "node2" in seen.violations[0]


def test_server_that_answers_at_two_addresses_is_one_primary() -> None:
    seen = observer()
    seen.see(OLD, "node1", asked=1.0, answered=1.1)
    seen.see(OLD, "the virtual address", asked=1.0, answered=1.2)
    seen.see(OLD, "node1", asked=2.0, answered=2.1)
    assert seen.violations == []
