# SPDX-License-Identifier: GPL-2.0-or-later
"""The tutorial for Debian, followed from two empty machines to its last line."""

from __future__ import annotations

import os
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from tests.cluster.harness.construction import CHECKOUT
from tests.cluster.tutorial.at_machines import TwoMachines
from tests.cluster.tutorial.machines import bring, two_machines
from tests.cluster.tutorial.reader import follow
from tests.packages import building
from tests.provision import root

PAGE = CHECKOUT / "docs/tutorial/debian.rst"

pytestmark = [pytest.mark.namespaces_only, pytest.mark.timeout(1200)]


def test_a_reader_gets_from_two_empty_machines_to_a_failover(tmp_path: Path) -> None:
    source = building.source_tree(tmp_path / "source")
    package = building.build(source, tmp_path / "packages").agent_deb
    name = f"test-{os.getpid()}-debian"
    with (
        two_machines(name, root.empty(), partial(bring, file=package)) as machines,
        closing(TwoMachines(machines)) as place,
    ):
        assert follow(PAGE, place) == []
