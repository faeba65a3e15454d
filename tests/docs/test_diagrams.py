# SPDX-License-Identifier: GPL-2.0-or-later
"""Diagrams are drawn, and can be read in light and in dark."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.docs import browser
from tests.docs.browser import NARROW, WIDE, System, Theme

# What the guidelines for accessible pages (WCAG 2, level AA) ask for.
CONTRAST = 4.5
SMALLEST_PX = 12
# What the system prefers, and what the reader chose.
LIGHT_AND_DARK: tuple[tuple[System, Theme], ...] = (
    ("light", "auto"),
    ("dark", "auto"),
    ("light", "dark"),
    ("dark", "light"),
)

# The contrast of each text with what is under it: the last shape before it in its
# diagram that has a colour there, or else the page.
TEXTS = """
() => {
  const rgb = color => {
    const canvas = document.createElement('canvas').getContext('2d');
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const light = color => [...rgb(color)].slice(0, 3)
    .map(part => part / 255)
    .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
  const contrast = (a, b) => {
    const [low, high] = [light(a), light(b)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  };
  const under = text => {
    const {x, y, width, height} = text.getBoundingClientRect();
    const covers = shape => {
      const box = shape.getBoundingClientRect();
      return box.left <= x + width / 2 && x + width / 2 <= box.right
        && box.top <= y + height / 2 && y + height / 2 <= box.bottom;
    };
    const shapes = [...text.closest('svg').querySelectorAll('path, polygon, ellipse')]
      .filter(shape => shape.compareDocumentPosition(text) & 4 && covers(shape))
      .map(shape => getComputedStyle(shape).fill)
      .filter(fill => fill !== 'none' && rgb(fill)[3] > 0);
    return shapes.pop() || getComputedStyle(document.body).backgroundColor;
  };
  return [...document.querySelectorAll('.graphviz svg text')].map(text => [
    text.textContent,
    contrast(getComputedStyle(text).fill, under(text)),
    text.getBoundingClientRect().height,
  ]);
}
"""


@pytest.fixture(scope="module")
def drawn(site: Path) -> dict[str, int]:
    """The pages that have diagrams, and how many the sources ask for there."""
    sources = {page: (browser.TOP / "docs" / page) for page in browser.pages(site)}
    found = {
        page: path.with_suffix(".rst").read_text().count(".. graphviz::")
        for page, path in sources.items()
        if path.with_suffix(".rst").exists()
    }
    return {page: count for page, count in found.items() if count}


def test_every_diagram_is_drawn_and_has_words_for_those_who_do_not_see_it(
    drawn: dict[str, int], address: str, program: Browser
) -> None:
    assert drawn
    with browser.window(program, WIDE) as page:
        for name, count in drawn.items():
            page.goto(address + name)
            diagrams = page.locator(".graphviz svg[role=img]")
            assert diagrams.count() == count, name
            for diagram in diagrams.all():
                size = diagram.evaluate("e => [e.clientWidth, e.clientHeight]")
                assert min(size) > 100, name
                assert len(diagram.get_attribute("aria-label") or "") > 20, name


@pytest.mark.parametrize("width", [WIDE, NARROW], ids=["wide", "narrow"])
def test_the_words_of_every_diagram_can_be_read(
    drawn: dict[str, int], address: str, program: Browser, width: int
) -> None:
    with browser.window(program, width) as page:
        for name, (system, theme) in product(drawn, LIGHT_AND_DARK):
            if page.url != address + name:
                page.goto(address + name)
            page.emulate_media(color_scheme=system)
            page.evaluate("theme => document.body.dataset.theme = theme", theme)
            texts = page.evaluate(TEXTS)
            look = (name, system, theme)
            assert texts, look
            assert [text for text in texts if text[1] < CONTRAST] == [], look
            assert [text for text in texts if text[2] < SMALLEST_PX] == [], look
