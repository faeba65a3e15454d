# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes the root directories of other systems, for nodes and for packages.

Whoever uses one writes nothing in it: it is the lower layer of their disks. Those that
the tests make for themselves are kept in the cache of the checkout.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.provision import packages
from tests.provision.commands import ProvisionError, output_of

SUITE = "trixie"
BUILDER = "mmdebstrap"
CACHE = Path(__file__).resolve().parents[2] / ".cache" / "roots"
OF_NODES = (
    "corosync",
    "crmsh",
    "iproute2",
    "iptables",
    "iputils-arping",
    "iputils-ping",
    "pacemaker",
    "postgresql",
    "procps",
    "python3-psycopg2",
    "resource-agents",
    "util-linux",
)
# What the packages depend on; it is fetched, so that an installation needs no network.
DEPENDENCIES = ("pacemaker", "python3-psycopg2", "resource-agents")
_INSTALL = "apt-get --yes --quiet --no-install-recommends"
_FETCH = f"{_INSTALL} --download-only install {' '.join(DEPENDENCIES)}"
_FETCH_AGAIN = f"{_INSTALL} --download-only --reinstall install resource-agents"
TIMEOUT_S = 1800


def make_debian_13(directory: Path) -> None:
    """Install Debian 13 with Pacemaker and PostgreSQL in a new directory.

    Raises ProvisionError when the directory holds something, or nothing came of it.
    """
    if directory.exists() and any(directory.iterdir()):
        raise ProvisionError(f"{directory} is not empty: name a new directory")
    _make(SUITE, directory, OF_NODES, ())


def nodes() -> Path:
    """Return the root directory of a Debian 13 with Pacemaker and PostgreSQL."""
    return _cached("trixie-nodes", SUITE, OF_NODES, ())


def clean(suite: str) -> Path:
    """Return the root directory of a minimal Debian, with our dependencies at hand."""
    return _cached(suite, suite, (), (_FETCH,))


def with_dependencies(suite: str) -> Path:
    """Return the root directory of a Debian that has what our packages depend on."""
    return _cached(f"{suite}-ready", suite, DEPENDENCIES, (_FETCH_AGAIN,))


def before_upgrade() -> Path:
    """Return a Debian 12 with our dependencies, and Debian 13 at hand to upgrade to."""
    steps = (
        "sed -i s/bookworm/trixie/ /etc/apt/sources.list",
        "apt-get --quiet update",
        f"{_INSTALL} --download-only full-upgrade",
    )
    return _cached("bookworm-to-trixie", "bookworm", DEPENDENCIES, steps)


def _cached(
    name: str, suite: str, included: Sequence[str], steps: Sequence[str]
) -> Path:
    directory = CACHE / name
    with _lock(name):
        if not directory.exists():
            unfinished = CACHE / f".{name}.unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)
            _make(suite, unfinished, included, steps)
            unfinished.rename(directory)
    return directory


@contextmanager
def _lock(name: str) -> Iterator[None]:
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f".{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _make(
    suite: str, directory: Path, included: Sequence[str], steps: Sequence[str]
) -> None:
    if os.geteuid() != 0:
        raise ProvisionError("only root can make the root directory of a system")
    packages.install_missing([BUILDER])
    print(f"Installing Debian {suite} in {directory}", file=sys.stderr, flush=True)
    include = [f"--include={','.join(included)}"] if included else []
    hooks = [f'--customize-hook=chroot "$1" {step}' for step in steps]
    kept = ["--skip=cleanup/apt"] if steps else []
    output_of(
        [
            *(BUILDER, "--variant=minbase", *include, *hooks, *kept),
            *(suite, str(directory.absolute())),
        ],
        timeout_s=TIMEOUT_S,
        environment=packages.environment(),
    )
