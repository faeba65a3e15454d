# SPDX-License-Identifier: GPL-2.0-or-later
"""apt and dpkg in clean systems: the agent's path is never absent and never mixed."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest

from tests.packages import deb
from tests.packages.building import Packages
from tests.packages.conftest import new_name
from tests.packages.deb import AGENT_PACKAGE, DROPIN_PACKAGE
from tests.packages.stock_versions import NAME, StockVersions, digest
from tests.packages.system import System, installed
from tests.packages.watching import AGENT, DROP_IN, OURS, agent_running, sampled
from tests.provision import root

UPGRADES = 4


@pytest.fixture
def upgradable() -> Iterator[System]:
    """A Debian 12 with its next release at hand."""
    with installed(new_name(), root.before_upgrade()) as made:
        yield made


def test_installing_takes_over_at_once_and_removing_gives_back(
    with_stock: System, stock: StockVersions, older: Packages
) -> None:
    before = with_stock.files()
    with sampled(with_stock) as installing:
        said = with_stock.install(*older.debs).stdout
    assert "ocf:heartbeat:pgsql is PGSR from now on" in said
    assert [line.split()[0] for line in installing.lines] == ["file", "link"]
    assert deb.is_ours(with_stock)
    assert digest(with_stock.path(deb.STOCK)) == stock.present_agent
    with sampled(with_stock) as removing:
        said = with_stock.apt("remove", DROPIN_PACKAGE).stdout
    assert "ocf:heartbeat:pgsql is the stock agent again" in said
    assert [line.split()[0] for line in removing.lines] == ["link", "file"]
    assert deb.is_stock(with_stock, stock.present_agent)
    assert deb.is_clean(with_stock)
    assert deb.agent_answers(with_stock), "the other package is still there"
    deb.remove(with_stock, AGENT_PACKAGE)
    assert with_stock.files() - before == set()


def test_an_action_that_begins_as_the_path_changes_gets_one_agent_or_the_other(
    taken_over: System,
) -> None:
    """The kernel reads the first line, and then the interpreter opens the path anew."""
    first_lines = {
        taken_over.path(path).read_text().partition("\n")[0]
        for path in (DROP_IN, deb.STOCK)
    }
    assert first_lines == {"#!/bin/sh"}
    said = taken_over.run("/bin/sh", DROP_IN, "meta-data").stdout
    assert '<resource-agent name="pgsql"' in said


def test_bytecode_is_there_and_the_agent_writes_none(taken_over: System) -> None:
    library = deb.library(taken_over)
    modules = {path.name for path in library.rglob("*.py")}
    before = sorted(library.rglob("*.pyc"))
    assert {path.name.split(".")[0] for path in before} == {
        name.partition(".")[0] for name in modules
    }
    assert deb.is_ours(taken_over)
    assert sorted(library.rglob("*.pyc")) == before
    source = taken_over.path("/usr/lib/ocf/lib/pgsr")
    assert not [*source.rglob("__pycache__")]


def test_resource_agents_come_and_go_under_a_take_over(
    taken_over: System, stock: StockVersions
) -> None:
    with sampled(taken_over) as watch:
        taken_over.install(stock.later)
        assert digest(taken_over.path(deb.STOCK)) == stock.later_agent
        taken_over.install(stock.present)
        assert digest(taken_over.path(deb.STOCK)) == stock.present_agent
        taken_over.install(stock.present)
    assert watch.lines == [OURS]
    assert deb.is_ours(taken_over)


def test_no_run_of_the_agent_fails_while_its_package_is_up_and_downgraded(
    taken_over: System, older: Packages, newer: Packages
) -> None:
    with sampled(taken_over) as watch, agent_running(taken_over, DROP_IN) as runs:
        for _ in range(UPGRADES):
            taken_over.run("dpkg", "--install", *map(taken_over.bring, newer.debs))
            taken_over.run("dpkg", "--install", *map(taken_over.bring, older.debs))
    assert runs.lines == []
    assert runs.count > UPGRADES
    assert watch.lines == [OURS]


def test_an_action_that_is_under_way_survives_an_upgrade(
    taken_over: System, newer: Packages
) -> None:
    """It runs modules of its own version to its end, also those it did not need yet."""
    former = deb.library(taken_over)
    taken_over.install(*newer.debs)
    assert deb.library(taken_over) != former
    names = {path.name for path in former.rglob("*.py")}
    assert {"lineage.py", "agent.py"} <= names


def test_old_libraries_go_with_a_later_upgrade(
    taken_over: System, older: Packages, newer: Packages
) -> None:
    former = deb.library(taken_over)
    taken_over.install(*newer.debs)
    hours_ago = time.time() - 2 * 3600
    os.utime(former, (hours_ago, hours_ago))
    taken_over.install(*newer.debs)
    assert not former.exists()
    taken_over.install(*older.debs)
    assert former.exists()


def test_purging_both_leaves_the_stock_agent_of_the_newest_update(
    taken_over: System, stock: StockVersions
) -> None:
    taken_over.install(stock.later)
    with sampled(taken_over) as watch:
        taken_over.apt("purge", AGENT_PACKAGE, DROPIN_PACKAGE)
    assert "absent" not in watch.lines
    assert deb.is_stock(taken_over, stock.later_agent)
    assert deb.is_clean(taken_over)


def test_removing_resource_agents_takes_both_along(taken_over: System) -> None:
    with sampled(taken_over) as watch:
        deb.remove(taken_over, NAME)
    assert [line.split()[0] for line in watch.lines] == ["link", "file", "absent"]
    assert not deb.is_there(taken_over, DROP_IN)
    assert not deb.is_there(taken_over, AGENT)
    assert not deb.diversions(taken_over)


def test_everything_from_nothing_in_one_run(
    clean_system: System, stock: StockVersions, older: Packages
) -> None:
    with sampled(clean_system) as watch:
        clean_system.install(*older.debs)
    assert watch.lines[0] == "absent"
    assert watch.lines[-1] == OURS
    assert deb.is_ours(clean_system)
    assert digest(clean_system.path(deb.STOCK)) == stock.present_agent


def test_upgrading_the_distribution_under_a_take_over(
    upgradable: System, older: Packages
) -> None:
    upgradable.run("dpkg", "--install", *map(upgradable.bring, older.debs))
    with sampled(upgradable) as watch:
        upgradable.apt("full-upgrade")
    assert watch.lines == [OURS]
    assert upgradable.path("/etc/debian_version").read_text().startswith("13")
    assert deb.is_ours(upgradable)
    assert [*deb.library(upgradable).rglob("agent.cpython-313.pyc")], (
        "made by the first run"
    )
    upgradable.apt("purge", AGENT_PACKAGE, DROPIN_PACKAGE)
    assert deb.is_clean(upgradable)
    assert "<resource-agent" in upgradable.path(DROP_IN).read_text()
