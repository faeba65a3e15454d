# SPDX-License-Identifier: GPL-2.0-or-later
"""Every page works, can be read on a narrow screen, and needs no other host."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, ConsoleMessage, Request

from tests.docs import browser
from tests.docs.browser import NARROW, WIDE

# By how much the text is wider than the window, and which elements stick out of it that
# are not within something of the text which scrolls by itself. The theme has all of the
# text scroll, too: that does not count.
OVERFLOW = """
() => {
  const scrolls = e => e.tagName !== 'ARTICLE'
    && (['auto', 'scroll'].includes(getComputedStyle(e).overflowX)
      || scrolls(e.parentElement));
  const out = [...document.querySelectorAll('article *')].filter(e =>
    e.getBoundingClientRect().right > innerWidth + 1 && !scrolls(e));
  const all = document.querySelector('.content');
  const excess = all.scrollWidth - all.clientWidth;
  return excess > 0 || out.length
    ? [excess, ...out.slice(0, 3).map(e => e.outerHTML.slice(0, 120))] : null;
}
"""


def test_no_page_has_to_be_scrolled_sideways(
    site: Path, address: str, program: Browser
) -> None:
    found = {}
    with browser.window(program, NARROW) as page:
        for name in browser.pages(site):
            page.goto(address + name)
            found[name] = page.evaluate(OVERFLOW)
    assert {name: excess for name, excess in found.items() if excess} == {}


def test_no_page_has_an_error_or_asks_another_host(
    site: Path, address: str, program: Browser
) -> None:
    errors, asked = [], set()

    def listen(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            errors.append((page.url, message.text))

    def note(request: Request) -> None:
        asked.add(request.url)

    with browser.window(program, WIDE) as page:
        page.on("console", listen)
        page.on("pageerror", lambda error: errors.append((page.url, str(error))))
        page.on("request", note)
        for name in browser.pages(site):
            page.goto(address + name)
    assert errors == []
    assert {url for url in asked if not url.startswith((address, "data:"))} == set()


def test_the_index_leads_to_every_page(
    site: Path, address: str, program: Browser
) -> None:
    seen, ahead = set(), {"index.html"}
    with browser.window(program, WIDE) as page:
        while ahead:
            seen.add(name := ahead.pop())
            page.goto(address + name)
            links = page.locator("article a, .sidebar-tree a").evaluate_all(
                "all => all.map(a => a.href.split('#')[0])"
            )
            local = {link.removeprefix(address) for link in links}
            ahead |= local.intersection(browser.pages(site)) - seen
    made_by_sphinx = {"genindex.html", "search.html"}
    assert set(browser.pages(site)) - seen - made_by_sphinx == set()
