# SPDX-License-Identifier: GPL-2.0-or-later
"""Builds packages of the source as it is here, and of made-up versions of it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from tests.programs import must
from tests.provision.postgresql import CHECKOUT

TIME = 1_700_000_000
TIMEOUT_S = 300
MODULE = "resource-agents/lib/pgsr"
# Each module sees whether it is of the version of the others.
STAMP = """

from pgsr import __version__ as _version

assert _version == "{version}", f"{{__file__}} is of another version than {{_version}}"
"""


class Packages(NamedTuple):
    """What one build gave."""

    version: str
    agent_deb: Path
    dropin_deb: Path
    agent_rpm: Path
    dropin_rpm: Path

    @property
    def debs(self) -> tuple[Path, Path]:
        """Return both packages for dpkg."""
        return self.agent_deb, self.dropin_deb

    @property
    def rpms(self) -> tuple[Path, Path]:
        """Return both packages for rpm."""
        return self.agent_rpm, self.dropin_rpm


def source_tree(directory: Path) -> Path:
    """Copy what git knows of, as it is in the working tree."""
    listed = subprocess.run(
        ["git", "-C", str(CHECKOUT), "ls-files", "-z"],
        check=True, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    for name in filter(None, listed.stdout.split("\0")):
        if (CHECKOUT / name).exists():
            target = directory / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(CHECKOUT / name, target)
    return directory


def stamped(source: Path, version: str) -> Path:
    """Make a source of another version, whose modules notice when they are mixed."""
    init = source / MODULE / "__init__.py"
    init.write_text(f'"""PostgreSQL agent."""\n\n__version__ = "{version}"\n')
    for module in (source / MODULE).rglob("*.py"):
        if module != init:
            with module.open("a") as file:
                file.write(STAMP.format(version=version))
    return source


def build(source: Path, output: Path) -> Packages:
    """Build all four packages."""
    program = source / "packaging/build.py"
    options = ("--source", source, "--output", output, "--time", TIME)
    must([sys.executable, str(program), *map(str, options)], TIMEOUT_S)
    [agent_deb] = output.glob("resource-agents-pgsr_*.deb")
    [dropin_deb] = output.glob("resource-agents-pgsr-dropin_*.deb")
    [agent_rpm] = output.glob("resource-agents-pgsr-[0-9]*.rpm")
    [dropin_rpm] = output.glob("resource-agents-pgsr-dropin-[0-9]*.rpm")
    version = agent_deb.name.split("_")[1]
    return Packages(version, agent_deb, dropin_deb, agent_rpm, dropin_rpm)
