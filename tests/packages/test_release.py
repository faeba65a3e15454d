# SPDX-License-Identifier: GPL-2.0-or-later
"""A release, signed with a throw-away key: what clients accept and what they refuse."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.packages import deb
from tests.packages.building import Packages
from tests.packages.conftest import new_name
from tests.packages.rpm import Dnf, make_stand_ins
from tests.packages.system import System, installed
from tests.packages.watching import AGENT
from tests.programs import PATH, must
from tests.provision import root
from tests.provision.postgresql import CHECKOUT

KEY = "throw-away@pgsr.example"
TIMEOUT_S = 120
CHECKS = ("gpgcheck", "repo_gpgcheck")
INSTALL = ("install", deb.AGENT_PACKAGE)
SOURCES = """\
Types: deb
URIs: file:/srv/apt
Suites: ./
Signed-By: /etc/apt/keyrings/pgsr.asc
"""


class Release(NamedTuple):
    """What `make release` made, and how to run gpg with the key."""

    directory: Path
    environment: dict[str, str]

    def run(self, *argv: str | Path) -> None:
        """Run a program that has to succeed."""
        run(argv, self.environment)


def run(argv: tuple[str | Path, ...], environment: dict[str, str]) -> None:
    subprocess.run(
        argv, env=environment, check=True, timeout=TIMEOUT_S, capture_output=True
    )


@pytest.fixture(scope="module")
def release(
    built: Packages, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Release]:
    """A release of the packages; the agent of gpg ends with the tests."""
    output = tmp_path_factory.mktemp("release") / "made"
    with tempfile.TemporaryDirectory(prefix="pgsr-key-") as home:
        environment = {"PATH": PATH, "GNUPGHOME": home, "HOME": os.environ["HOME"]}
        generate = ("gpg", "--batch", "--passphrase", "", "--quick-generate-key")
        run((*generate, KEY, "rsa2048", "sign", "1d"), environment)
        program = CHECKOUT / "packaging/release.py"
        options = ("--packages", built.agent_deb.parent, "--output", output)
        run((sys.executable, program, *options, "--key", KEY), environment)
        yield Release(output, environment)
        run(("gpgconf", "--kill", "all"), environment)


@pytest.fixture
def debian(release: Release) -> Iterator[System]:
    """A system that has the repository for apt."""
    with installed(new_name(), root.with_dependencies("trixie")) as system:
        shutil.copytree(release.directory / "apt", system.path("/srv/apt"))
        keyring = system.path("/etc/apt/keyrings/pgsr.asc")
        keyring.parent.mkdir(exist_ok=True)
        shutil.copy(release.directory / "pgsr.asc", keyring)
        system.path("/etc/apt/sources.list").unlink()
        system.write("/etc/apt/sources.list.d/pgsr.sources", SOURCES)
        yield system


def test_checksums_are_right_and_signed(release: Release) -> None:
    sums = release.directory / "SHA256SUMS"
    must(["sh", "-c", f"cd {release.directory} && sha256sum --check --strict {sums}"])
    assert len(sums.read_text().splitlines()) == 4
    release.run("gpg", "--verify", f"{sums}.asc", sums)


def test_apt_installs_from_the_repository(debian: System) -> None:
    debian.apt("update")
    said = debian.apt("install", deb.DROPIN_PACKAGE).stdout
    assert "/srv/apt" in said
    assert deb.is_ours(debian)


def test_apt_refuses_a_repository_that_was_changed(debian: System) -> None:
    path = debian.path("/srv/apt/InRelease")
    path.write_text(path.read_text().replace("Origin: PGSR", "Origin: ELSE"))
    refused = debian.apt("update", "--error-on=any", check=False)
    assert refused.returncode != 0
    assert "not signed" in refused.stderr or "BADSIG" in refused.stderr


def test_dnf_installs_signed_packages_and_refuses_others(
    release: Release, built: Packages, tmp_path: Path
) -> None:
    stand_ins = make_stand_ins(tmp_path)
    with installed(new_name(), root.with_dependencies("bookworm")) as system:
        dnf = Dnf(system, stand_ins)
        repository = system.path("/srv/yum")
        shutil.copytree(release.directory / "yum", repository)
        shutil.copy(release.directory / "pgsr.asc", system.path("/srv"))
        dnf.run(*signed_options(system, *CHECKS), *INSTALL)
        assert deb.agent_answers(system)
        dnf.run("remove", deb.AGENT_PACKAGE)
        shutil.copy(built.agent_rpm, repository)
        dnf.run_outside("createrepo_c", "--quiet", f"{system.root}/srv/yum")
        for option, why in (
            ("repo_gpgcheck", "repomd.xml"),
            ("gpgcheck", "not signed"),
        ):
            said = dnf.run(*signed_options(system, option), *INSTALL, check=False)
            assert not deb.is_there(system, AGENT), said
            assert why in said


def signed_options(system: System, *checks: str) -> tuple[str, ...]:
    """Return the options that make dnf look at signatures, of packages or metadata."""
    top = f"file://{system.root}/srv"
    return (
        f"--repofrompath=pgsr,{top}/yum",
        *(f"--setopt=pgsr.{name}={int(name in checks)}" for name in CHECKS),
        f"--setopt=pgsr.gpgkey={top}/pgsr.asc",
    )
