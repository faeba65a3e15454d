# SPDX-License-Identifier: GPL-2.0-or-later
"""How the agents are called: arguments, names of actions, sequences of actions."""

from __future__ import annotations

import pytest

from tests.programs import DATABASE_USER
from tests.stock.agents import Agent, Code, call
from tests.stock.site import Site, is_running, stop_server

WRONG_NUMBERS: tuple[tuple[str, ...], ...] = ((), ("start", "stop"), ("monitor", ""))
NO_ACTIONS = ("reload", "recover", "migrate_to", "migrate_from", "no_cmd", "", "START")
# Actions that the stock agent does not have.
OURS_ONLY = {"usage": Code.SUCCESS, "reload-agent": Code.SUCCESS}


@pytest.mark.parametrize("arguments", WRONG_NUMBERS, ids=str)
def test_a_wrong_number_of_arguments_gives_usage_and_1(
    arguments: tuple[str, ...], agent: Agent, site: Site
) -> None:
    ended = call(agent, arguments, site.parameters())
    assert ended.code == Code.GENERIC
    assert "usage: " in ended.out + ended.err
    assert "validate-all" in ended.out + ended.err


@pytest.mark.parametrize("action", NO_ACTIONS)
def test_an_unknown_action_is_not_implemented(
    action: str, agent: Agent, site: Site
) -> None:
    assert call(agent, (action,), site.parameters()).code == Code.UNIMPLEMENTED


@pytest.mark.parametrize("action", OURS_ONLY)
def test_our_agent_has_actions_that_the_stock_one_has_not(
    action: str, stock: Agent, ours: Agent, site: Site
) -> None:
    assert call(stock, action, site.parameters()).code == Code.UNIMPLEMENTED
    assert call(ours, action, site.parameters()).code == OURS_ONLY[action]


def test_our_methods_are_those_of_the_stock_agent_and_more(
    stock: Agent, ours: Agent, site: Site
) -> None:
    theirs = set(call(stock, "methods", site.parameters()).out.split())
    mine = set(call(ours, "methods", site.parameters()).out.split())
    assert theirs
    assert theirs <= mine


@pytest.mark.parametrize("user", ["root", DATABASE_USER])
def test_a_life_of_a_server(user: str, ours: Agent, site: Site) -> None:
    as_user = None if user == "root" else user
    seen = []
    for action in (
        "monitor", "start", "monitor", "start", "status",
        "stop", "monitor", "stop", "start", "monitor", "stop",
    ):  # fmt: skip
        seen.append(call(ours, action, site.parameters(), user=as_user).code)
    assert seen == [7, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0]


def test_each_agent_takes_over_a_server_of_the_other(
    stock: Agent, ours: Agent, site: Site
) -> None:
    """So that the agent can be changed under a running server, and back."""
    for first, second in ((stock, ours), (ours, stock)):
        assert call(first, "start", site.parameters()).code == 0
        pid = site.pid()
        assert pid
        assert call(second, "monitor", site.parameters()).code == 0
        assert call(second, "start", site.parameters()).code == 0
        assert site.pid() == pid
        assert call(second, "stop", site.parameters()).code == 0
        assert not is_running(pid)
    stop_server(site)


def test_everything_has_its_default_when_nothing_is_set(
    stock: Agent, ours: Agent
) -> None:
    """The defaults point to a server that is not on this machine."""
    for action in ("start", "stop", "monitor", "status", "validate-all"):
        extra = {"OCF_CHECK_LEVEL": "10"}
        theirs = call(stock, action, {}, extra=extra).code
        assert call(ours, action, {}, extra=extra).code == theirs, action
