# SPDX-License-Identifier: GPL-2.0-or-later
"""ocf-tester, the field's own check of an agent."""

from __future__ import annotations

from tests.programs import PATH, Ended, run
from tests.stock.agents import Agent
from tests.stock.site import Site, stop_server

PROGRAM = "/usr/sbin/ocf-tester"


def ocf_tester(agent: Agent, site: Site) -> Ended:
    options = [
        word
        for name, value in site.parameters().items()
        for word in ("-o", f"{name}={value}")
    ]
    environment = {
        "PATH": f"{agent.tools}:{PATH}",
        "OCF_ROOT": "/usr/lib/ocf",
        "HA_LOGFACILITY": "none",
    }
    argv = [PROGRAM, "-v", "-n", "db", *options, str(agent.program)]
    ended = run(argv, timeout_s=120, environment=environment)
    stop_server(site)
    return ended


def test_our_agent_passes(ours: Agent, site: Site) -> None:
    ended = ocf_tester(ours, site)
    assert ended.code == 0, ended.out + ended.err
    assert f"{ours.program} passed all tests" in ended.out
    assert "rc=" not in ended.out, ended.out


def test_the_stock_agent_fails_because_of_demote_and_promote(
    stock: Agent, site: Site
) -> None:
    ended = ocf_tester(stock, site)
    assert ended.code == 1
    assert "Demoting a start resource should not fail" in ended.out
