# SPDX-License-Identifier: GPL-2.0-or-later
"""The tutorial on one machine, which is this one."""

from __future__ import annotations

from contextlib import closing

import pytest

from tests.cluster.harness.construction import CHECKOUT
from tests.cluster.tutorial.one_machine import OneMachine
from tests.cluster.tutorial.reader import follow

PAGE = CHECKOUT / "docs/tutorial/one-machine.rst"

pytestmark = [pytest.mark.namespaces_only, pytest.mark.timeout(900)]


def test_a_reader_watches_a_failover_and_causes_one() -> None:
    with closing(OneMachine(CHECKOUT)) as place:
        assert follow(PAGE, place) == []
