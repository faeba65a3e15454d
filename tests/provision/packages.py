# SPDX-License-Identifier: GPL-2.0-or-later
"""Installs the Debian packages that the tests and the demonstration need.

Nothing is done when all are there. No service is started and no database cluster is
created by an installation: the machine gets programs, and nothing that runs.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.provision.commands import ProvisionError, output_of

PACKAGES = (
    "booth-pacemaker",
    "chromium-headless-shell",
    "corosync",
    "crmsh",
    "graphviz",
    "hunspell-en-gb",
    "iproute2",
    "iptables",
    "iputils-arping",
    "libenchant-2-2",
    "libxml2-utils",
    "man-db",
    "pacemaker",
    "pacemaker-cli-utils",
    "pcs",
    "postgresql-15",
    "procps",
    "python3-psycopg2",
    "python3-venv",
    "resource-agents",
    "resource-agents-paf",
    "shellcheck",
    "strace",
    "util-linux",
)
# Needed to build the packages for users, and to try them, on machines with IPMI too.
BUILDERS = ("rpm",)
TRIAL = (
    *BUILDERS,
    "apt-utils",
    "createrepo-c",
    "dnf",
    "gpg",
    "ipmitool",
    "lintian",
    "mmdebstrap",
    "openipmi",
    "rpmlint",
)
# Virtual machines under software emulation, and the box that they are made of.
VAGRANT = (
    "dnsmasq-base",
    "e2fsprogs",
    "fdisk",
    "grub-common",
    "grub-pc-bin",
    "iptables",
    "libvirt-clients",
    "libvirt-daemon-driver-qemu",
    "libvirt-daemon-system",
    "mmdebstrap",
    "nftables",
    "openssh-client",
    "qemu-system-x86",
    "qemu-utils",
    "vagrant",
    "vagrant-libvirt",
)

APT_TIMEOUT_S = 900
POLICY = Path("/usr/sbin/policy-rc.d")
POLICY_ASIDE = Path("/usr/sbin/policy-rc.d.before-pgsr")
POLICY_MARK = "# Temporary, by the tests of PGSR:"
CLUSTER_CREATION = Path("/etc/postgresql-common/createcluster.d/pgsr-tests.conf")


def wanted() -> list[str]:
    """Every package the tests need on this machine."""
    return [*PACKAGES, *([] if shutil.which("npm") else ["npm"])]


def missing(names: Sequence[str]) -> list[str]:
    """Those of `names` that are not installed."""
    status = output_of(
        ["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\n"],
        timeout_s=60,
    )
    installed = {
        name
        for name, _, state in (line.partition(" ") for line in status.splitlines())
        if state == "installed"
    }
    return [name for name in names if name not in installed]


def install_missing(names: Sequence[str] = ()) -> list[str]:
    """Install what is not there, of what the tests need unless others are named.

    It says which packages these are, and returns their names.
    """
    if shutil.which("apt-get") is None or shutil.which("dpkg-query") is None:
        raise ProvisionError(
            "this is not a Debian-like system (no apt-get): install the equivalents of "
            + ", ".join(names or PACKAGES)
            + " by hand"
        )
    absent = missing(names or wanted())
    if not absent:
        return []
    if os.geteuid() != 0:
        raise ProvisionError(
            f"these Debian packages are needed: {' '.join(absent)}; "
            "run this as root, or install them yourself"
        )
    print(
        f"Installing Debian packages: {' '.join(absent)}", file=sys.stderr, flush=True
    )
    with no_service_started():
        _apt_get("update")
        _install_servers_common(absent)
        _install(absent)
    return absent


def _install_servers_common(names: Sequence[str]) -> None:
    """Install postgresql-common first, so that it can be told to create no cluster."""
    if "postgresql-15" in names and missing(["postgresql-common"]):
        _install(["postgresql-common"])


def _install(names: Sequence[str]) -> None:
    with no_cluster_created():
        _apt_get("install", "--no-install-recommends", "--no-upgrade", *names)


def environment() -> dict[str, str]:
    """Return what programs that install packages are given; of ours only proxies."""
    return {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "LC_ALL": "C.UTF-8",
        "DEBIAN_FRONTEND": "noninteractive",
        **{name: os.environ[name] for name in os.environ if name.endswith("_proxy")},
    }


def _apt_get(command: str, *arguments: str) -> None:
    options = ["--yes", "--quiet", "-o", "DPkg::Lock::Timeout=300"]
    output_of(
        ["apt-get", *options, command, *arguments],
        timeout_s=APT_TIMEOUT_S,
        environment=environment(),
    )


@contextmanager
def no_service_started() -> Iterator[None]:
    """Deny every start of a service by a package while this lasts.

    Debian's own switch for it is the program policy-rc.d. One that was there is put
    aside and back. Ours denies only while this process lives, so that nothing is denied
    if it is killed; the next run then puts the old one back.
    """
    _restore_policy()
    if POLICY.exists() or POLICY.is_symlink():
        POLICY.rename(POLICY_ASIDE)
    POLICY.write_text(
        f"#!/bin/sh\n{POLICY_MARK} no service starts while packages are installed.\n"
        f"kill -0 {os.getpid()} 2>/dev/null && exit 101\n"
        f'[ -x {POLICY_ASIDE} ] && exec {POLICY_ASIDE} "$@"\nexit 0\n'
    )
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        _restore_policy()


def _restore_policy() -> None:
    if POLICY.is_file() and POLICY_MARK in POLICY.read_text(errors="replace"):
        POLICY.unlink()
    if POLICY_ASIDE.exists() and not POLICY.exists():
        POLICY_ASIDE.rename(POLICY)


@contextmanager
def no_cluster_created() -> Iterator[None]:
    """Tell postgresql-common, if it is there, to create no database cluster."""
    if not CLUSTER_CREATION.parent.parent.is_dir():
        yield
        return
    made_directory = not CLUSTER_CREATION.parent.is_dir()
    CLUSTER_CREATION.parent.mkdir(exist_ok=True)
    CLUSTER_CREATION.write_text("create_main_cluster = false\n")
    try:
        yield
    finally:
        CLUSTER_CREATION.unlink(missing_ok=True)
        if made_directory:
            CLUSTER_CREATION.parent.rmdir()
