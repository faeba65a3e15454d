# SPDX-License-Identifier: GPL-2.0-or-later
"""dnf in an install root, with stand-ins for the packages of a distribution.

No distribution with RPM is at hand. So this proves what our scripts and the solver do
with packages of these names: not that a release has them, nor anything of SELinux.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.packages.system import System
from tests.programs import must

REPOSITORY = "/srv/repository"
NAME = "resource-agents"
PGSQL = "/usr/lib/ocf/resource.d/heartbeat/pgsql"
OLD, NEW = "4.10.0", "4.16.0"
# What the system below has without rpm's knowing, and what the distribution has beside.
INSTALL = f"""\
printf '#!/bin/sh\\necho stock %s\\n' {{version}} > %{{{{buildroot}}}}{PGSQL}
chmod 755 %{{{{buildroot}}}}{PGSQL}
"""
BASE = ("coreutils", "findutils", "/bin/sh", "/usr/bin/sh")
OTHERS = ("python3 = 3.9.18", "python3-psycopg2 = 2.8.6", "pacemaker = 2.1.7")
SPEC = """
Name: {name}
Version: {version}
Release: 1
Summary: A stand-in
License: none
BuildArch: noarch
{provides}
%description
A stand-in.
%install
mkdir -p %{{buildroot}}/usr/lib/ocf/resource.d/heartbeat
{install}
%files
{files}
"""


def make_stand_ins(directory: Path) -> Path:
    """Build the stand-ins; return the directory with them."""
    provided = "\n".join(f"Provides: {each}" for each in (*BASE, *OTHERS))
    build_stand_in(directory, "stand-ins", "1", provides=provided)
    for version in (OLD, NEW):
        install = INSTALL.format(version=version)
        build_stand_in(directory, NAME, version, install=install, files=PGSQL)
    return directory / "RPMS" / "noarch"


def build_stand_in(
    directory: Path,
    name: str,
    version: str,
    *,
    provides: str = "",
    install: str = "",
    files: str = "",
) -> None:
    """Build an empty package below the directory, unless something is given."""
    spec = directory / f"{name}-{version}.spec"
    text = SPEC.format(
        name=name, version=version, provides=provides, install=install, files=files
    )
    spec.write_text(text)
    must(["rpmbuild", "-bb", f"--define=_topdir {directory}", str(spec)])


class Dnf:
    """A system, seen by dnf and rpm of the machine."""

    def __init__(self, system: System, stand_ins: Path) -> None:
        self.system = system
        repository = system.path(REPOSITORY)
        repository.mkdir()
        for package in stand_ins.glob("*.rpm"):
            shutil.copy(package, repository)
        self._index()

    def offer(self, *packages: Path) -> None:
        """Add packages to the repository."""
        for package in packages:
            shutil.copy(package, self.system.path(REPOSITORY))
        self._index()

    def run(self, *arguments: str, check: bool = True) -> str:
        """Run dnf; return all that it said."""
        root = str(self.system.root)
        options = (
            *(
                "--installroot",
                root,
                "--releasever=9",
                "--setopt=reposdir=/nonexistent",
            ),
            *(
                "--setopt=install_weak_deps=False",
                f"--setopt=cachedir={root}/var/cache/dnf",
            ),
            f"--repofrompath=local,{root}{REPOSITORY}",
            *("--setopt=local.gpgcheck=0", "--assumeyes", "--refresh"),
        )
        return self.run_outside("dnf", *options, *arguments, check=check)

    def rpm(self, *arguments: str, check: bool = True) -> str:
        """Run rpm; return all that it said."""
        root = str(self.system.root)
        return self.run_outside("rpm", "--root", root, *arguments, check=check)

    def verify(self, name: str) -> str:
        """Return what rpm finds changed in a package."""
        return self.rpm("--verify", "--nodeps", name, check=False).strip()

    def _index(self) -> None:
        self.run_outside("createrepo_c", "--quiet", f"{self.system.root}{REPOSITORY}")

    def run_outside(self, *argv: str, check: bool = True) -> str:
        """Run a program of the machine; return all that it said."""
        done = self.system.run_outside(*argv, check=check)
        return done.stdout + done.stderr
