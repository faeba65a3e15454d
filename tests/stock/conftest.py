# SPDX-License-Identifier: GPL-2.0-or-later
"""Both agents, and servers for them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.programs import must
from tests.provision.postgresql import CHECKOUT
from tests.stock.agents import STOCK_PROGRAM, Agent
from tests.stock.site import Site, make_site, make_template
from tests.workspaces import new_workspace

# What a cluster's tools say on a node that has no cluster: its name, and nothing.
TOOLS = {
    "attrd_updater": "exit 0",
    "crm_attribute": "exit 0",
    "crm_mon": "exit 1",
    "crm_node": "echo node1",
    "crm_resource": "exit 0",
    "pacemakerd": "echo 'Pacemaker 2.1.5'",
}


@pytest.fixture(autouse=True)
def _as_root() -> None:
    if os.geteuid() != 0:
        pytest.skip("the agents run as root here, as Pacemaker runs them")


@pytest.fixture(scope="session")
def common() -> Iterator[Path]:
    """What all tests here use and none changes: template, tools, installed agent."""
    with new_workspace() as directory:
        make_template(directory / "template")
        _make_tools(directory / "tools")
        must(["make", "-C", str(CHECKOUT), "install", f"DESTDIR={directory}"])
        yield directory


def _make_tools(directory: Path) -> None:
    directory.mkdir()
    for name, body in TOOLS.items():
        (directory / name).write_text(f"#!/bin/sh\n{body}\n")
        (directory / name).chmod(0o755)


@pytest.fixture
def stock(common: Path) -> Agent:
    """The stock agent of Debian's package resource-agents."""
    return Agent("stock", STOCK_PROGRAM, common / "tools")


@pytest.fixture
def ours(common: Path) -> Agent:
    """Our agent, installed as `make install` does it."""
    program = common / "usr/lib/ocf/resource.d/pgsr/pgsr"
    return Agent("ours", program, common / "tools")


@pytest.fixture(params=["stock", "ours"])
def agent(request: pytest.FixtureRequest) -> Agent:
    """Each of the agents in turn."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Agent)
    return found


@pytest.fixture
def new_site(workspace: Path, common: Path) -> Callable[[str], Site]:
    """Makes a stopped server with a name."""

    def make(name: str) -> Site:
        return make_site(workspace / name, common / "template")

    return make


@pytest.fixture
def site(new_site: Callable[[str], Site]) -> Site:
    """A stopped server."""
    return new_site("site")
