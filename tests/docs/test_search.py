# SPDX-License-Identifier: GPL-2.0-or-later
"""What an administrator types into the search leads to the page that helps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.docs import browser
from tests.docs.browser import WIDE

SOUGHT = {
    "repress_start": "explanation/method.html",
    "HS:alone": "faults/troubleshooting.html",
    "diverged": "howto/bring-back.html",
    "switchover": "howto/switchover.html",
    "pg_rewind": "howto/bring-back.html",
    "db-force-promotion": "howto/cold-start.html",
    "sync_strict": "reference/parameters.html",
    "The data here is a standby's, but no primary runs": "faults/troubleshooting.html",
}


@pytest.fixture(params=["served", "opened"])
def front(
    request: pytest.FixtureRequest, site: Path, address: str, program: Browser
) -> Iterator[Page]:
    """The first page, from a server or as a file."""
    start = address if request.param == "served" else f"{site.as_uri()}/"
    with browser.window(program, WIDE) as page:
        page.goto(f"{start}index.html")
        yield page


def test_the_search_finds_what_an_administrator_looks_for(front: Page) -> None:
    for words, wanted in SOUGHT.items():
        front.get_by_placeholder("Search").fill(words)
        front.get_by_placeholder("Search").press("Enter")
        front.wait_for_url("**/search.html?q=*")
        front.locator("#search-results .search-summary", has_text="found").wait_for()
        found = front.locator("#search-results li a").evaluate_all(
            "all => all.map(a => a.href.split('?')[0].split('#')[0])"
        )
        assert any(link.endswith(wanted) for link in found), (words, found)
