# SPDX-License-Identifier: GPL-2.0-or-later
"""Takes pictures of the pages: `python -m tests.docs.look SITE DIRECTORY [PAGE...]`.

Each is taken wide and narrow, light and dark, to be looked at by a person. Without
names it is done for the pages that have something of every kind.
"""

from __future__ import annotations

import shutil
import sys
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser

from tests.docs import browser
from tests.docs.browser import NARROW, WIDE, System

MAIN_PAGES = (
    "index",
    "tutorial/index",
    "howto/index",
    "howto/set-up-managed",
    "explanation/managed",
    "explanation/method",
    "faults/catalogue",
    "faults/reasons",
    "faults/troubleshooting",
    "reference/index",
    "reference/parameters",
    "reference/attributes-and-files",
    "reference/differences",
)
SYSTEMS: tuple[System, ...] = ("light", "dark")


def main(arguments: list[str]) -> int:
    """Take the pictures; the exit code is 2 when it was not said of what."""
    if len(arguments) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    site, directory = map(Path, arguments[:2])
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    with browser.served(site) as address, browser.chromium() as program:
        for page in arguments[2:] or MAIN_PAGES:
            for width, system in product((WIDE, NARROW), SYSTEMS):
                name = f"{page.replace('/', '-')}-{width}-{system}.png"
                take(program, f"{address}{page}.html", width, system, directory / name)
    print(f"{len(list(directory.iterdir()))} pictures are in {directory}")
    return 0


def take(
    program: Browser, address: str, width: int, system: System, path: Path
) -> None:
    """Take a picture of a whole page."""
    with browser.window(program, width, system) as page:
        page.goto(address)
        page.screenshot(path=path, full_page=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
