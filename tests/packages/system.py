# SPDX-License-Identifier: GPL-2.0-or-later
"""A clean system to install packages in: an overlay of a root directory, in memory.

It has namespaces of its own and no network: what is installed comes from files and from
what was fetched when the root was made. It ends with the process that made it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cluster.harness import process, record
from tests.cluster.harness.disk import make_disk
from tests.cluster.harness.process import Completed
from tests.cluster.harness.site import Site

TIMEOUT_S = 300.0
OUTSIDE = "/srv/packages"
APT = ("apt-get", "--yes", "--quiet", "--no-install-recommends")


class System:
    """A system in which packages are installed, run and removed."""

    def __init__(self, site: Site, lower: Path) -> None:
        self.site = site
        self.root = make_disk(site, "system", lower)
        site.run("mount", "-t", "proc", "proc", self.root / "proc")
        site.run("mount", "--rbind", "/dev", self.root / "dev")
        self.path(OUTSIDE).mkdir(parents=True)
        self.write("/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", 0o755)

    def run(self, *argv: str, check: bool = True) -> Completed:
        """Run a program in it; CommandFailed, with what it said, if that fails."""
        quiet = ("env", "DEBIAN_FRONTEND=noninteractive", "HOME=/root")
        return self.run_outside("chroot", str(self.root), *quiet, *argv, check=check)

    def run_outside(self, *argv: str, check: bool = True) -> Completed:
        """Run a program of the machine, which sees the system below its root."""
        enter = self.site.enter()
        return process.run((*enter, *argv), timeout_s=TIMEOUT_S, check=check)

    def apt(self, *arguments: str, check: bool = True) -> Completed:
        """Run apt-get."""
        return self.run(*APT, *arguments, check=check)

    def install(self, *packages: Path, check: bool = True) -> Completed:
        """Install packages from files, with what they depend on."""
        files = [self.bring(package) for package in packages]
        options = ("--allow-downgrades", "--reinstall")
        return self.apt("install", *options, *files, check=check)

    def bring(self, package: Path) -> str:
        """Copy a file into the system; return where it is there."""
        shutil.copy(package, self.path(OUTSIDE))
        return f"{OUTSIDE}/{package.name}"

    def path(self, inner: str) -> Path:
        """Return where this process finds a file of the system."""
        return self.site.path(self.root / inner.lstrip("/"))

    def write(self, inner: str, text: str, mode: int = 0o644) -> None:
        """Write a file in the system."""
        self.path(inner).write_text(text)
        self.path(inner).chmod(mode)

    def files(self) -> set[str]:
        """Return the names of all files but those that package managers write."""
        found = self.run("find", "/", "-xdev", "-not", "-path", "/proc/*").stdout
        return {name for name in found.splitlines() if not _is_bookkeeping(name)}


@contextmanager
def installed(name: str, lower: Path) -> Iterator[System]:
    """Make a system for the time of the block."""
    record.write(name)
    site = Site(name)
    record.write(name, site.pid)
    try:
        yield System(site, lower)
    finally:
        site.close()
        record.remove(name)


def _is_bookkeeping(name: str) -> bool:
    places = (
        "/var/lib/dpkg",
        "/var/lib/apt",
        "/var/log",
        "/var/cache",
        OUTSIDE,
        "/tmp",
    )
    return name.startswith((*places, "/var/lib/pgsql", "/root", "/dev"))
