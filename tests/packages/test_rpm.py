# SPDX-License-Identifier: GPL-2.0-or-later
"""dnf and rpm in an install root, with stand-ins for a distribution's packages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.packages import rpm
from tests.packages.building import Packages
from tests.packages.conftest import new_name
from tests.packages.deb import AGENT_PACKAGE, DROPIN_PACKAGE
from tests.packages.rpm import NEW, OLD, Dnf
from tests.packages.system import installed
from tests.packages.watching import (
    AGENT,
    DROP_IN,
    OURS,
    agent_running,
    answer,
    sampled,
)
from tests.provision import root

UPGRADES = 3


@pytest.fixture(scope="module")
def stand_ins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Packages in the place of a distribution's."""
    return rpm.make_stand_ins(tmp_path_factory.mktemp("stand-ins"))


@pytest.fixture
def dnf(stand_ins: Path) -> Iterator[Dnf]:
    """A system with a Python, on which rpm has nothing installed yet."""
    with installed(new_name(), root.with_dependencies("bookworm")) as system:
        yield Dnf(system, stand_ins)


@pytest.fixture
def taken_over(dnf: Dnf, older: Packages) -> Dnf:
    """A system in which our agent is in the place of the older stock one."""
    dnf.run("install", f"{rpm.NAME}-{OLD}")
    dnf.offer(*older.rpms)
    dnf.run("install", DROPIN_PACKAGE)
    assert is_ours(dnf)
    return dnf


def is_ours(dnf: Dnf) -> bool:
    """Tell whether ocf:heartbeat:pgsql is our agent, and answers."""
    path = dnf.system.path(DROP_IN)
    is_link = path.is_symlink() and f"link {path.readlink()}" == OURS
    return is_link and '<resource-agent name="pgsql"' in answer(dnf.system, DROP_IN)


def is_stock(dnf: Dnf, version: str) -> bool:
    """Tell whether the stock agent of a version is there, as rpm knows it."""
    is_file = not dnf.system.path(DROP_IN).is_symlink()
    said = dnf.system.run(DROP_IN).stdout
    return is_file and said == f"stock {version}\n" and dnf.verify(rpm.NAME) == ""


def is_absent(dnf: Dnf) -> bool:
    """Tell whether there is no agent of either kind, and nothing of ours."""
    paths = map(dnf.system.path, (DROP_IN, AGENT, "/usr/lib/pgsr"))
    return not any(path.exists() or path.is_symlink() for path in paths)


def test_installing_takes_over_at_once_and_removing_gives_back(
    dnf: Dnf, older: Packages
) -> None:
    dnf.run("install", f"{rpm.NAME}-{OLD}")
    before = dnf.system.files()
    dnf.offer(*older.rpms)
    with sampled(dnf.system) as installing:
        dnf.run("install", DROPIN_PACKAGE)
    assert [line.split()[0] for line in installing.lines] == ["file", "link"]
    assert is_ours(dnf)
    assert dnf.verify(rpm.NAME).endswith(rpm.PGSQL)
    assert dnf.verify(AGENT_PACKAGE) == ""
    assert dnf.verify(DROPIN_PACKAGE) == ""
    with sampled(dnf.system) as removing:
        dnf.run("remove", AGENT_PACKAGE)
    assert [line.split()[0] for line in removing.lines] == ["link", "file"]
    assert is_stock(dnf, OLD)
    left = dnf.system.files() - before
    assert not [n for n in left if "pgsr" in n and not n.startswith(rpm.REPOSITORY)]


def test_resource_agents_come_and_go_under_a_take_over(taken_over: Dnf) -> None:
    """During its own update the stock agent is live for a moment; never nobody is."""
    with sampled(taken_over.system) as watch:
        taken_over.run("upgrade", rpm.NAME)
        assert is_ours(taken_over)
        taken_over.run("downgrade", rpm.NAME)
        assert is_ours(taken_over)
        taken_over.run("reinstall", rpm.NAME)
        assert is_ours(taken_over)
    assert "absent" not in watch.lines
    taken_over.run("remove", DROPIN_PACKAGE)
    assert is_stock(taken_over, OLD)


def test_no_run_of_the_agent_fails_while_its_package_is_up_and_downgraded(
    taken_over: Dnf, newer: Packages
) -> None:
    taken_over.offer(*newer.rpms)
    system = taken_over.system
    with sampled(system) as watch, agent_running(system, DROP_IN) as runs:
        for _ in range(UPGRADES):
            taken_over.run("upgrade", AGENT_PACKAGE, DROPIN_PACKAGE)
            taken_over.run("downgrade", AGENT_PACKAGE, DROPIN_PACKAGE)
    assert runs.lines == []
    assert runs.count > UPGRADES
    assert watch.lines == [OURS]


def test_both_agents_up_and_down_in_one_transaction(
    taken_over: Dnf, newer: Packages
) -> None:
    taken_over.offer(*newer.rpms)
    with sampled(taken_over.system) as watch:
        taken_over.run("upgrade")
        assert is_ours(taken_over)
        assert f'version="{newer.version.split("-")[0]}"' in answer(
            taken_over.system, DROP_IN
        )
        taken_over.run("downgrade", rpm.NAME, AGENT_PACKAGE, DROPIN_PACKAGE)
        assert is_ours(taken_over)
    assert "absent" not in watch.lines
    taken_over.run("remove", DROPIN_PACKAGE)
    assert is_stock(taken_over, OLD)


def test_removing_resource_agents_takes_both_along(taken_over: Dnf) -> None:
    taken_over.run("remove", rpm.NAME)
    assert is_absent(taken_over)


def test_everything_from_nothing_in_one_transaction(dnf: Dnf, older: Packages) -> None:
    dnf.offer(*older.rpms)
    dnf.run("install", rpm.NAME, DROPIN_PACKAGE)
    assert is_ours(dnf)
    dnf.run("remove", DROPIN_PACKAGE)
    assert is_stock(dnf, NEW)


def test_resource_agents_removed_by_force_and_back(taken_over: Dnf) -> None:
    taken_over.rpm("--erase", "--nodeps", rpm.NAME)
    assert is_ours(taken_over)
    taken_over.run("install", f"{rpm.NAME}-{NEW}")
    assert is_ours(taken_over)
    taken_over.run("remove", DROPIN_PACKAGE)
    assert is_stock(taken_over, NEW)


def test_resource_agents_removed_by_force_then_ours(taken_over: Dnf) -> None:
    taken_over.rpm("--erase", "--nodeps", rpm.NAME)
    taken_over.rpm("--erase", DROPIN_PACKAGE, AGENT_PACKAGE)
    assert is_absent(taken_over)


def test_our_agent_removed_by_force_and_back(taken_over: Dnf, older: Packages) -> None:
    taken_over.rpm("--erase", "--nodeps", AGENT_PACKAGE)
    assert is_stock(taken_over, OLD)
    taken_over.rpm("--install", "--nodeps", str(older.agent_rpm))
    assert is_ours(taken_over)


def test_a_removal_without_scripts_is_healed_by_a_reinstallation(
    taken_over: Dnf,
) -> None:
    taken_over.rpm("--erase", "--noscripts", DROPIN_PACKAGE)
    assert is_ours(taken_over), "the agent itself is still there"
    taken_over.run("reinstall", rpm.NAME)
    assert is_stock(taken_over, OLD)
