# SPDX-License-Identifier: GPL-2.0-or-later
"""What is wrong is said before anything starts, by `vagrant up` itself."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.programs import Ended
from tests.vagrant.conftest import CHECKOUT, vagrant, virsh


@pytest.fixture
def address_in_use() -> Iterator[str]:
    """An address of the machines that this host has itself."""
    address = "192.168.56.12"
    add = ("ip", "link", "add", "pgsr-other", "type", "bridge")
    subprocess.run(add, check=True)
    try:
        on = ("ip", "addr", "add", f"{address}/24", "dev", "pgsr-other")
        subprocess.run(on, check=True)
        subprocess.run(("ip", "link", "set", "pgsr-other", "up"), check=True)
        yield address
    finally:
        subprocess.run(("ip", "link", "del", "pgsr-other"), check=True)


def assert_refused(ended: Ended, *words: str) -> None:
    """Assert that it said why and what to do, without a trace, and started nothing."""
    said = ended.out + ended.err
    assert ended.code != 0, said
    for word in words:
        assert word in said
    assert ".rb:" not in said, "a trace is for programmers"
    assert "Bringing machine" not in said
    assert virsh("list", "--all", "--name") == ""


def test_vagrantfile_is_valid() -> None:
    ended = vagrant("validate")
    assert ended.code == 0, ended.out + ended.err


@pytest.mark.parametrize(
    ("name", "value", "advice"),
    [
        ("PGSR_NODES", "4", "from 2 to 3"),
        ("PGSR_NODES", "two", "from 2 to 3"),
        ("PGSR_MODE", "stock", "one of none, pgsr, sync"),
        ("PGSR_MEMORY", "256", "from 512"),
        ("PGSR_NETWORK", "192.168.56.0/24", "like 192.168.56"),
        ("PGSR_NETWORK", "192.168.300", "like 192.168.56"),
    ],
)
def test_wrong_setting_is_named_with_what_it_may_be(
    name: str, value: str, advice: str
) -> None:
    assert_refused(vagrant("up", variables={name: value}), f"{name}={value}", advice)


def test_memory_that_the_host_has_not_is_refused() -> None:
    ended = vagrant("up", variables={"PGSR_MEMORY": "65536"})
    assert_refused(ended, "2 machines need", "MiB are free", "set PGSR_MEMORY")


def test_address_in_use_is_refused(address_in_use: str) -> None:
    assert_refused(vagrant("up"), address_in_use, "set PGSR_NETWORK")


def test_missing_packages_are_asked_for(tmp_path: Path) -> None:
    for name in ("Vagrantfile", "tests/vagrant", "resource-agents"):
        source, target = CHECKOUT / name, tmp_path / name
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copy(source, target)
    assert_refused(
        vagrant("up", directory=tmp_path), "no deb and no rpm", "make packages"
    )


def test_libvirt_that_does_not_answer_is_no_provider() -> None:
    dead = "qemu+unix:///system?socket=/nowhere"
    ended = vagrant("up", "--provider=libvirt", variables={"LIBVIRT_DEFAULT_URI": dead})
    assert_refused(ended, "no provider libvirt", "vagrant-libvirt")


def test_virtualbox_that_is_not_installed_is_no_provider() -> None:
    ended = vagrant("up", "--provider", "virtualbox")
    assert_refused(ended, "no provider virtualbox", "VBoxManage")


def test_unknown_box_is_said_to_be_missing() -> None:
    ended = vagrant("up", variables={"PGSR_BOX": str(CHECKOUT / "no-such.box")})
    assert ended.code != 0
    assert "no-such.box" in ended.out + ended.err
    assert virsh("list", "--all", "--name") == ""
