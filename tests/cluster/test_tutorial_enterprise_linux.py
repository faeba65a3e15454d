# SPDX-License-Identifier: GPL-2.0-or-later
"""The tutorial for Enterprise Linux, followed on Debian with pcs, laid out as EL is.

Of the commands that only EL has `dnf install` runs in an install root, with stand-ins
for EL's packages. The page says so.
"""

from __future__ import annotations

import os
import shlex
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from tests.cluster.harness.construction import CHECKOUT
from tests.cluster.tutorial.at_machines import TwoMachines
from tests.cluster.tutorial.like_el import make_like_el
from tests.cluster.tutorial.machines import two_machines
from tests.cluster.tutorial.page import NotRun, steps
from tests.cluster.tutorial.reader import follow
from tests.packages import building, rpm
from tests.packages.building import Packages
from tests.packages.rpm import Dnf
from tests.packages.system import installed
from tests.provision import root

PAGE = CHECKOUT / "docs/tutorial/enterprise-linux.rst"
ONLY_EL = ("dnf config-manager", "firewall-cmd", "firewall-cmd", "dnf install")

pytestmark = [pytest.mark.namespaces_only, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Packages:
    """The packages of the source as it is."""
    directory = tmp_path_factory.mktemp("built")
    source = building.source_tree(directory / "source")
    return building.build(source, directory / "packages")


def only_el() -> list[str]:
    """Return the commands that only EL has, without their prompt."""
    not_run = (step.text for step in steps(PAGE) if isinstance(step, NotRun))
    lines = "".join(not_run).replace("\\\n>", "").splitlines()
    return [line.removeprefix("both# ") for line in lines]


def test_a_reader_gets_from_two_machines_to_a_failover(built: Packages) -> None:
    prepare = partial(make_like_el, agent=built.agent_deb)
    with (
        two_machines(
            f"test-{os.getpid()}-el",
            root.with_pcs(),
            prepare,
        ) as machines,
        closing(TwoMachines(machines)) as place,
    ):
        follow(PAGE, place)


def test_no_other_commands_are_left_out_than_those_that_only_el_has() -> None:
    commands = only_el()
    assert len(commands) == len(ONLY_EL)
    assert all(map(str.startswith, commands, ONLY_EL))


def test_dnf_installs_what_the_page_names(built: Packages, tmp_path: Path) -> None:
    words = shlex.split(only_el()[-1])
    *packages, ours = words[words.index("install") + 1 :]
    assert ours == f"./{built.agent_rpm.name}"
    stand_ins = rpm.make_stand_ins(tmp_path)
    for name in packages:
        rpm.build_stand_in(tmp_path, name, "2.1.7")
    system_name = f"test-{os.getpid()}-dnf"
    with installed(system_name, root.with_dependencies("bookworm")) as system:
        dnf = Dnf(system, stand_ins)
        dnf.run("install", *packages, str(built.agent_rpm))
        dnf.rpm("--query", *packages, "resource-agents-pgsr")
