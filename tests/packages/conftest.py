# SPDX-License-Identifier: GPL-2.0-or-later
"""Packages and clean systems for the tests; each root and each build is made once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.cluster.harness import record
from tests.packages import building, stock_versions
from tests.packages.building import Packages
from tests.packages.stock_versions import StockVersions
from tests.packages.system import System, installed
from tests.provision import root

OLDER, NEWER = "0.8.0", "0.9.0"
serial = count(1)


def new_name() -> str:
    """Return a name for a system that no other one has."""
    return f"test-{os.getpid()}-{next(serial)}"


@pytest.fixture(scope="session", autouse=True)
def _swept() -> None:
    record.sweep()


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Packages:
    """The packages of the source as it is."""
    directory = tmp_path_factory.mktemp("built")
    source = building.source_tree(directory / "source")
    return building.build(source, directory / "packages")


@pytest.fixture(scope="session")
def older(tmp_path_factory: pytest.TempPathFactory) -> Packages:
    """An older version, whose modules notice when others are among them."""
    return _stamped(tmp_path_factory.mktemp("older"), OLDER)


@pytest.fixture(scope="session")
def newer(tmp_path_factory: pytest.TempPathFactory) -> Packages:
    """A newer version of the same kind."""
    return _stamped(tmp_path_factory.mktemp("newer"), NEWER)


def _stamped(directory: Path, version: str) -> Packages:
    source = building.source_tree(directory / "source")
    return building.build(building.stamped(source, version), directory / "packages")


@pytest.fixture(scope="session", params=["bookworm", "trixie"])
def suite(request: pytest.FixtureRequest) -> str:
    """A release of Debian."""
    return str(request.param)


@pytest.fixture
def clean_system(suite: str) -> Iterator[System]:
    """A minimal system, in which nothing of the cluster is installed."""
    with installed(new_name(), root.clean(suite)) as made:
        yield made


@pytest.fixture
def with_stock(suite: str) -> Iterator[System]:
    """A system with the distribution's resource-agents and what else we need."""
    with installed(new_name(), root.with_dependencies(suite)) as made:
        yield made


@pytest.fixture
def taken_over(with_stock: System, older: Packages) -> System:
    """A system in which our agent is in the place of the stock one."""
    with_stock.run("dpkg", "--install", *map(with_stock.bring, older.debs))
    return with_stock


@pytest.fixture(scope="session")
def stock(suite: str, tmp_path_factory: pytest.TempPathFactory) -> StockVersions:
    """The distribution's resource-agents, and a later one."""
    with installed(new_name(), root.with_dependencies(suite)) as made:
        return stock_versions.make(made, tmp_path_factory.mktemp("stock"))
