# SPDX-License-Identifier: GPL-2.0-or-later
"""Chromium without a window, and the documentation served to it on the loopback.

The browser is Debian's, driven by Playwright; nothing of it is fetched. It resolves no
name, so that a page which asks for something elsewhere does not get it.
"""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, sync_playwright

TOP = Path(__file__).resolve().parents[2]
CHROMIUM = "/usr/bin/chromium-headless-shell"
# As root, Chromium does not run with its sandbox. What it shows is made here.
OPTIONS = (
    "--no-sandbox",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
WAIT_MS = 20_000
BUILD_TIMEOUT_S = 120
WIDE, NARROW = 1440, 390
HEIGHT = 900
# Furo's own switch has three positions; in `auto` it follows the system.
Theme = Literal["auto", "dark", "light"]
System = Literal["dark", "light"]


def build(directory: Path, builder: str) -> Path:
    """Build the documentation there, as `make docs` does."""
    options = ["--fail-on-warning", "--quiet", "-b", builder]
    places = ["-d", str(directory / "doctrees"), str(TOP / "docs")]
    output = directory / builder
    subprocess.run(
        [sys.executable, "-m", "sphinx", *options, *places, str(output)],
        check=True,
        timeout=BUILD_TIMEOUT_S,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    return output


def pages(site: Path) -> list[str]:
    """Every page that has content of its own, as an address below the site's."""
    return sorted(str(page.relative_to(site)) for page in site.rglob("*.html"))


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser, as long as this lasts."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=OPTIONS, timeout=WAIT_MS
        )
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def window(
    browser: Browser, width: int, system: System = "light", theme: Theme = "auto"
) -> Iterator[Page]:
    """A page of that width for somebody who prefers that colour scheme."""
    context = browser.new_context(
        viewport={"width": width, "height": HEIGHT}, color_scheme=system
    )
    try:
        context.set_default_timeout(WAIT_MS)
        context.add_init_script(f"localStorage.setItem('theme', '{theme}')")
        yield context.new_page()
    finally:
        context.close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing of what was asked for."""


@contextmanager
def served(site: Path) -> Iterator[str]:
    """The address of a server on the loopback that has the site."""
    handler = functools.partial(_Quiet, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()
