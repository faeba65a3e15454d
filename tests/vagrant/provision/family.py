# SPDX-License-Identifier: GPL-2.0-or-later
"""What differs between the families of distributions, and the packages of each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import NamedTuple

from .settings import Settings
from .system import NotReady, attempt, changed, run

LISTS = Path(__file__).with_name("packages.json")
INSTALL_TIMEOUT_S = 1800.0
NO_QUESTIONS = {"DEBIAN_FRONTEND": "noninteractive"}
POLICY = Path("/usr/sbin/policy-rc.d")  # Debian's own switch
CREATE_NO_CLUSTER = Path("/etc/postgresql-common/createcluster.d/pgsr.conf")


class Family(NamedTuple):
    """A family of distributions."""

    name: str  # in packages.json
    kind: str  # of packages: a key of Settings.packages
    refresh: tuple[str, ...]
    simulate: tuple[str, ...]  # say whether packages could be installed
    install: tuple[str, ...]
    sbd_settings: str
    advice: str  # when packages cannot be had


DEBIAN = Family(
    name="debian",
    kind="deb",
    refresh=("apt-get", "--quiet", "update"),
    simulate=(
        *("apt-get", "--quiet", "--simulate", "--no-install-recommends", "install"),
    ),
    install=(
        *("apt-get", "--quiet", "--yes", "--no-install-recommends", "install"),
        *("-o", "Dpkg::Options::=--force-confold", "-o", "DPkg::Lock::Timeout=300"),
    ),
    sbd_settings="/etc/default/sbd",
    advice="does the machine reach a mirror of its distribution?",
)
EL = Family(
    name="el",
    kind="rpm",
    refresh=("dnf", "--quiet", "config-manager", "--set-enabled", "highavailability"),
    simulate=("dnf", "--quiet", "--assumeno", "--setopt=tsflags=test", "install"),
    install=("dnf", "--quiet", "--assumeyes", "install"),
    sbd_settings="/etc/sysconfig/sbd",
    advice="is the repository HighAvailability enabled, and within reach?",
)


def of_this_machine() -> Family:
    """Return the family of the machine's distribution, from os-release(5)."""
    lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    fields = dict(line.split("=", 1) for line in lines if "=" in line)
    words = f"{fields.get('ID', '')} {fields.get('ID_LIKE', '')}".replace('"', "")
    for word, family in (("debian", DEBIAN), ("rhel", EL), ("fedora", EL)):
        if word in words.split():
            return family
    raise NotReady(f"this box is {words}: take one of Debian, Ubuntu or EL (PGSR_BOX)")


def wanted(family: Family) -> list[str]:
    """Return the distribution's packages that a node needs."""
    names: list[str] = json.loads(LISTS.read_text(encoding="utf-8"))[family.name]
    return names


def install(family: Family, settings: Settings) -> None:
    """Install what is missing: of the distribution, and then the agent's package."""
    absent = [name for name in wanted(family) if not _version_of(family, name)]
    if absent:
        _install_from_distribution(family, absent)
    file = settings.packages.get(family.kind)
    if file is None:
        raise NotReady(f"dist has no {family.kind} of the agent: run `make packages`")
    if _version_of(family, "resource-agents-pgsr") != _version_in(family, file):
        run(
            *family.install, file, timeout_s=INSTALL_TIMEOUT_S, environment=NO_QUESTIONS
        )
        changed(f"installed {file}")


def _install_from_distribution(family: Family, names: list[str]) -> None:
    """Install packages, all or none."""
    attempt(family.refresh, timeout_s=INSTALL_TIMEOUT_S)
    tried = attempt((*family.simulate, *names), environment=NO_QUESTIONS)
    if family is DEBIAN and tried.returncode != 0:
        raise NotReady(
            f"{' '.join(names)} cannot be installed in this box: {family.advice}\n"
            f"{tried.stdout}"
        )
    with _nothing_started() if family is DEBIAN else nullcontext():
        run(
            *(*family.install, *names),
            timeout_s=INSTALL_TIMEOUT_S,
            environment=NO_QUESTIONS,
        )
    changed(f"installed {' '.join(names)}")


@contextmanager
def _nothing_started() -> Iterator[None]:
    """Have Debian's packages start no service and make no database cluster.

    A Pacemaker that ran with Debian's example of a corosync.conf would remember a node
    that the cluster does not have.
    """
    CREATE_NO_CLUSTER.parent.mkdir(parents=True, exist_ok=True)
    CREATE_NO_CLUSTER.write_text("create_main_cluster = false\n", encoding="utf-8")
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n", encoding="utf-8")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()


def _version_of(family: Family, name: str) -> str:
    """Return the installed version of a package, empty when there is none."""
    if family is DEBIAN:
        asked = ("dpkg-query", "--show", "--showformat=${db:Status-Status} ${Version}")
        state, _, version = attempt((*asked, name)).stdout.partition(" ")
        return version if state == "installed" else ""
    shown = attempt(("rpm", "--query", "--queryformat=%{VERSION}-%{RELEASE}", name))
    return shown.stdout if shown.returncode == 0 else ""


def _version_in(family: Family, file: str) -> str:
    if family is DEBIAN:
        return run("dpkg-deb", "--field", file, "Version").strip()
    return run("rpm", "--query", "--queryformat=%{VERSION}-%{RELEASE}", "-p", file)
