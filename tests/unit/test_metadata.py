# SPDX-License-Identifier: GPL-2.0-or-later
"""The meta-data is made of the declarations, and every action has a handler."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from pgsr import agent, metadata
from pgsr.declared import Parameters
from pgsr.parameters import declarations


def test_the_meta_data_names_the_agent_as_it_was_called() -> None:
    assert ElementTree.fromstring(metadata.render("pgsql")).get("name") == "pgsql"


def test_every_parameter_is_in_the_meta_data_with_its_default() -> None:
    root = ElementTree.fromstring(metadata.render("pgsr"))
    shown = {
        element.get("name"): element.find("content").get("default")  # type: ignore[union-attr]
        for element in root.iter("parameter")
    }
    assert shown == {each.name: each.default for each in declarations(Parameters)}


@pytest.mark.parametrize("name", metadata.NAMES)
def test_every_action_has_a_handler_in_every_mode(name: str) -> None:
    texts, promotion = agent._TEXTS, ("promote", "demote")
    assert name in {*texts, *agent._COMMON, *agent._STANDALONE, *promotion}
    assert name in {*texts, *agent._COMMON, *agent._REPLICATION}


def test_times_have_a_unit() -> None:
    root = ElementTree.fromstring(metadata.render("pgsr"))
    for action in root.iter("action"):
        assert action.get("timeout", "").endswith("s")
