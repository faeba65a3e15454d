# SPDX-License-Identifier: GPL-2.0-or-later
"""What a node that is off has to show, where its disk is out of reach then."""

from __future__ import annotations

from typing import cast

import pytest

from tests.cluster.harness.lan import Lan
from tests.cluster.harness.machine import Machine, NoPower
from tests.cluster.harness.node import LOGS, Node
from tests.cluster.harness.process import CommandFailed


class Unreachable:
    """A machine that can be asked nothing."""

    name = "node1"
    address = "192.0.2.1"
    is_hanging = False

    def __init__(self, reason: Exception) -> None:
        self._reason = reason

    def run(self, *_argv: str, **_options: object) -> None:
        raise self._reason

    def read(self, path: str) -> str:
        raise self._reason


def node(reason: Exception) -> Node:
    lan = Lan("192.0.2.100", 24, "192.0.2.0/24")
    return Node(cast(Machine, Unreachable(reason)), lan)


@pytest.mark.parametrize("name", LOGS)
def test_log_of_a_node_without_power_is_empty(name: str) -> None:
    assert node(NoPower()).log(name) == ""


def test_node_without_power_says_so_where_evidence_is_wanted() -> None:
    off = node(NoPower())
    assert off.show() == "no power\n"
    assert off.evidence().count("no power") == len(LOGS)


def test_evidence_of_a_node_that_does_not_answer_is_the_reason() -> None:
    hanging = node(CommandFailed("cat did not end"))
    assert "cat did not end" in hanging.evidence()


def test_log_that_is_not_there_yet_is_empty() -> None:
    new = node(FileNotFoundError())
    assert new.log("postgresql") == ""
    assert new.evidence().splitlines()[-1].endswith(LOGS["postgresql"])
