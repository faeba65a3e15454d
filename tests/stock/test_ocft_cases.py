# SPDX-License-Identifier: GPL-2.0-or-later
"""The eleven cases of the stock agent's own suite (tools/ocft/pgsql), for both agents.

As there, the operation has a timeout of 15 s, and a monitor is always a probe, since
its interval is not set.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pytest

from tests.stock.agents import Agent, Code, call
from tests.stock.site import Site, stop_server

SETTING = {"OCF_RESKEY_CRM_meta_timeout": "15000"}


class Case(NamedTuple):
    """Actions to prepare a server, changed parameters, an action and its exit code."""

    before: tuple[str, ...]
    parameters: Mapping[str, str]
    action: str
    expected: Code


CASES = {
    "base environment": Case((), {}, "start", Code.SUCCESS),
    "invalid pgctl": Case((), {"pgctl": "no_such"}, "start", Code.INSTALLED),
    "normal start": Case((), {}, "start", Code.SUCCESS),
    "normal stop": Case(("start",), {}, "stop", Code.SUCCESS),
    "double start": Case(("start",), {}, "start", Code.SUCCESS),
    "double stop": Case((), {}, "stop", Code.SUCCESS),
    "running monitor": Case(("start",), {}, "monitor", Code.SUCCESS),
    "not running monitor": Case((), {}, "monitor", Code.NOT_RUNNING),
    "unimplemented command": Case((), {}, "no_cmd", Code.UNIMPLEMENTED),
    "non-existent user": Case((), {"pgdba": "no_user"}, "start", Code.INSTALLED),
    "invalid user": Case((), {"pgdba": "nobody"}, "start", Code.PERM),
}


@pytest.mark.parametrize("name", CASES)
def test_case_of_the_stock_agents_suite(name: str, agent: Agent, site: Site) -> None:
    case = CASES[name]
    parameters = site.parameters()
    for action in ("stop", *case.before):
        assert call(agent, action, parameters, extra=SETTING).code == Code.SUCCESS
    ended = call(
        agent,
        case.action,
        {**parameters, **case.parameters},
        interval_ms=None,
        extra=SETTING,
    )
    stop_server(site)
    assert ended.code == case.expected, ended
