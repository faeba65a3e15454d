# SPDX-License-Identifier: GPL-2.0-or-later
"""Both agents in the same situations: the same answers, but for named differences."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.processes import belonging_to, describe, end_all
from tests.programs import DATABASE_USER
from tests.stock.agents import MONITOR_INTERVAL_MS, Agent, call
from tests.stock.differences import DIFFERENCES, everywhere, ours_where_stock_says
from tests.stock.site import Site
from tests.stock.situations import (
    ACTIONS,
    LOOKING,
    NEVER,
    SITUATIONS,
    Answer,
    Situation,
)

Sites = Callable[[str], Site]
CHANGES = ("start", "stop")
# So long an action is looked at that is known never to end.
GLANCE_S = 3
# As the database's user, an agent cannot become the user of somebody else's server.
OF_ITS_OWN_SERVER = [name for name in SITUATIONS if " user" not in f" {name}"]
PATIENCE_S = 25
# Later stock agents validate everything only at this level, 4.12.0 always.
ALL_CHECKS = {"OCF_CHECK_LEVEL": "10"}


@pytest.mark.parametrize("name", SITUATIONS)
def test_the_stock_agent_answers_as_written_down(
    name: str, stock: Agent, new_site: Sites
) -> None:
    situation = SITUATIONS[name]
    assert answers(stock, situation, new_site) == situation.stock()


@pytest.mark.parametrize("name", SITUATIONS)
def test_our_agent_answers_the_same_but_for_named_differences(
    name: str, ours: Agent, new_site: Sites
) -> None:
    situation = SITUATIONS[name]
    expected = ours_where_stock_says(situation.stock(), name)
    assert answers(ours, situation, new_site) == expected


@pytest.mark.parametrize("name", OF_ITS_OWN_SERVER)
def test_our_agent_answers_the_same_as_the_user_of_the_database(
    name: str, ours: Agent, new_site: Sites
) -> None:
    """The stock agent never worked so: it needs runuser, which only root may use."""
    situation = SITUATIONS[name]
    expected = ours_where_stock_says(situation.stock(), name)
    assert answers(ours, situation, new_site, DATABASE_USER) == expected


def test_the_stock_agent_does_not_work_as_the_user_of_the_database(
    stock: Agent, site: Site
) -> None:
    situation = SITUATIONS["stopped"]
    assert answer(stock, situation, site, "start", DATABASE_USER) == 4


def answers(
    agent: Agent, situation: Situation, new_site: Sites, user: str = "root"
) -> dict[str, Answer]:
    """The exit codes of all actions; start gets a server of its own."""
    found: dict[str, Answer] = {}
    for actions in ((*LOOKING, "stop"), ("start",)):
        site = new_site(actions[-1])
        with situation.at(site):
            for action in actions:
                found[action] = answer(agent, situation, site, action, user)
    return found


def answer(
    agent: Agent, situation: Situation, site: Site, action: str, user: str
) -> Answer:
    is_endless = agent.name == "stock" and situation.stock()[action] is NEVER
    ended = call(
        agent,
        "monitor" if action == "probe" else action,
        situation.parameters_at(site),
        interval_ms=0 if action == "probe" else MONITOR_INTERVAL_MS,
        timeout_s=GLANCE_S if is_endless else PATIENCE_S,
        user=None if user == "root" else user,
        extra=ALL_CHECKS,
    )
    if agent.name == "ours" and ended.code == 0 and action in CHANGES:
        see_that_it_is_true(site, action)
    if ended.code is NEVER:
        end_all(site.top)
    return ended.code


def see_that_it_is_true(site: Site, action: str) -> None:
    """Success of start and stop means that the server runs, and that nothing does."""
    processes = [describe(pid) for pid in belonging_to(site.top)]
    assert bool(processes) == (action == "start"), f"{action}: {processes}"


def test_every_difference_is_one() -> None:
    seen: set[tuple[str, str]] = set()
    for difference in DIFFERENCES:
        for name, codes in difference.codes.items():
            for action, code in codes.items():
                assert everywhere(SITUATIONS[name].stock())[action] != code, (
                    name,
                    action,
                )
                assert (name, action) not in seen, (name, action)
                seen.add((name, action))
    assert all(action in ACTIONS for _, action in seen)


def test_no_action_of_ours_runs_for_ever() -> None:
    for name, situation in SITUATIONS.items():
        expected = ours_where_stock_says(situation.stock(), name)
        assert NEVER not in expected.values(), name
