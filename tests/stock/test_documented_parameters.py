# SPDX-License-Identifier: GPL-2.0-or-later
"""The documentation's tables of other agents are made from these agents' meta-data."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.programs import PATH, run
from tests.provision.postgresql import CHECKOUT
from tests.stock.agents import STOCK_PROGRAM

PROGRAMS = {"stock": STOCK_PROGRAM, "paf": STOCK_PROGRAM.with_name("pgsqlms")}


def parameters_of(program: Path) -> dict[str, dict[str, str]]:
    """Type and default of each parameter, as the agent of this machine tells them."""
    environment = {"PATH": PATH, "OCF_ROOT": "/usr/lib/ocf"}
    told = run([str(program), "meta-data"], 25, environment).out
    return {
        parameter.attrib["name"]: dict(parameter.find("content").attrib)  # type: ignore[union-attr]
        for parameter in ElementTree.fromstring(told).iter("parameter")
    }


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_documentation_has_the_parameters_of_the_agent(name: str) -> None:
    data = json.loads((CHECKOUT / f"docs/data/{name}-parameters.json").read_text())
    assert data["parameters"] == parameters_of(PROGRAMS[name])
