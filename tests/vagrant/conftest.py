# SPDX-License-Identifier: GPL-2.0-or-later
"""Vagrant as a person runs it, in a sandbox: see tests/vagrant/sandbox.py."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from tests import programs
from tests.programs import Ended

CHECKOUT = Path(__file__).resolve().parents[2]
BOX = "pgsr/debian-12"
CATALOGUE = CHECKOUT / "dist" / "pgsr-debian-12.json"
SMALL = {"PGSR_BOX": BOX, "PGSR_MEMORY": "768"}  # MiB for each machine
UP_TIMEOUT_S = 900.0
TIMEOUT_S = 120.0
NO_VARIABLES: Mapping[str, str] = MappingProxyType({})


def vagrant(
    *argv: str,
    variables: Mapping[str, str] = NO_VARIABLES,
    directory: Path = CHECKOUT,
    timeout_s: float = TIMEOUT_S,
) -> Ended:
    """Run a command of Vagrant's; `variables` are set, apart from those of SMALL."""
    environment = {**os.environ, **SMALL, **variables}
    command = ("env", f"--chdir={directory}", "vagrant", *argv)
    return programs.run(command, timeout_s, environment)


def virsh(*argv: str) -> str:
    """Return what virsh says."""
    ended = programs.run(("virsh", "--quiet", *argv), TIMEOUT_S, os.environ)
    assert ended.code == 0, ended.err
    return ended.out.strip()


@pytest.fixture(scope="session", autouse=True)
def _box() -> None:
    """The box of `make vm-box`, which Vagrant has to know."""
    if not os.environ.get("VAGRANT_DOTFILE_PATH", "").startswith("/run/pgsr-sandbox"):
        pytest.exit("these run in a sandbox: make vm-check", returncode=2)
    added = vagrant("box", "add", "--force", str(CATALOGUE))
    assert added.code == 0, added.out + added.err


@pytest.fixture(scope="module")
def machines() -> Iterator[Ended]:
    """Two machines that `vagrant up` made; it is what the command said."""
    try:
        yield vagrant("up", timeout_s=UP_TIMEOUT_S)
    finally:
        ended = vagrant("destroy", "--force")
    assert ended.code == 0, ended.out + ended.err
    assert virsh("list", "--all", "--name") == ""
    left = virsh("vol-list", "--pool", "default").splitlines()
    assert all("_vagrant_box_image_" in line for line in left), left
