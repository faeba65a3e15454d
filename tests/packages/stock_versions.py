# SPDX-License-Identifier: GPL-2.0-or-later
"""Versions of resource-agents: the distribution's, and one that came after it."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import NamedTuple

from tests.packages.system import System

NAME = "resource-agents"
PGSQL = "usr/lib/ocf/resource.d/heartbeat/pgsql"
ARCHIVES = "/var/cache/apt/archives"
MARK = "\n# A later version.\n"


class StockVersions(NamedTuple):
    """Two packages, and the SHA-256 of the stock agent in each."""

    present: Path
    later: Path
    present_agent: str
    later_agent: str


def make(system: System, directory: Path) -> StockVersions:
    """Make a later version of the package that the distribution has.

    `system` is one of the distribution; it is left as it was.
    """
    [archive] = system.path(ARCHIVES).glob(f"{NAME}_*.deb")
    present = Path(shutil.copy(archive, directory))
    unpacked = f"{ARCHIVES}/unpacked"
    system.run("dpkg-deb", "--raw-extract", f"{ARCHIVES}/{archive.name}", unpacked)
    agent = system.path(f"{unpacked}/{PGSQL}")
    before = digest(agent)
    with agent.open("a") as file:
        file.write(MARK)
    control = system.path(f"{unpacked}/DEBIAN/control")
    version, text = _version(control.read_text())
    control.write_text(text.replace(version, f"{version}+later", 1))
    _correct_sums(system.path(unpacked))
    system.run("dpkg-deb", "--build", "-Znone", unpacked, f"{ARCHIVES}/later.deb")
    later = Path(shutil.copy(system.path(f"{ARCHIVES}/later.deb"), directory))
    return StockVersions(present, later, before, digest(agent))


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _version(control: str) -> tuple[str, str]:
    line = next(each for each in control.splitlines() if each.startswith("Version: "))
    return line.partition(": ")[2], control


def _correct_sums(unpacked: Path) -> None:
    sums = unpacked / "DEBIAN/md5sums"
    right = hashlib.md5((unpacked / PGSQL).read_bytes(), usedforsecurity=False)
    lines = [
        f"{right.hexdigest()}  {PGSQL}" if line.endswith(f"  {PGSQL}") else line
        for line in sums.read_text().splitlines()
    ]
    sums.write_text("\n".join([*lines, ""]))
