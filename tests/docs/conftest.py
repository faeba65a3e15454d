# SPDX-License-Identifier: GPL-2.0-or-later
"""One build of the documentation and one browser for all tests of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.docs import browser


@pytest.fixture(scope="session")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all is built, so that the sources are read once."""
    return tmp_path_factory.mktemp("docs")


@pytest.fixture(scope="session")
def site(work: Path) -> Path:
    """The pages, as `make docs` builds them."""
    return browser.build(work, "html")


@pytest.fixture(scope="session")
def manual(work: Path) -> Path:
    """The manual pages, as the packages have them."""
    return browser.build(work, "man")


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """Where the pages are served."""
    with browser.served(site) as address:
        yield address


@pytest.fixture(scope="session")
def program() -> Iterator[Browser]:
    """Chromium without a window."""
    with browser.chromium() as program:
        yield program
