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
BUILDERS = ("apt-utils", "mmdebstrap")
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
# What the tutorials install on empty machines.
OF_TUTORIALS = (
    "corosync",
    "crmsh",
    "fence-agents",
    "ipmitool",
    "pacemaker",
    "pacemaker-cli-utils",
    "pcs",
    "postgresql-15",
    "python3-psycopg2",
    "resource-agents",
)
# What Debian's installer leaves on a machine and a minimal system lacks.
BY_INSTALLER = (
    "init-system-helpers",
    "iproute2",
    "iputils-ping",
    "less",
    "openssh-client",
    "openssh-server",
    "procps",
)
MIRROR = "/srv/mirror"  # of what they install, in their root directory
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
    return _cached(suite, suite, (), (_inside(_FETCH),))


def with_dependencies(suite: str) -> Path:
    """Return the root directory of a Debian that has what our packages depend on."""
    return _cached(f"{suite}-ready", suite, DEPENDENCIES, (_inside(_FETCH_AGAIN),))


def empty() -> Path:
    """Return a Debian 12 as its installer leaves it, with a mirror for the tutorials.

    It has no network: apt finds there what the tutorials install, and nothing else.
    """
    fetch = f"{_INSTALL} --download-only install {' '.join(OF_TUTORIALS)}"
    hooks = (
        _inside(fetch),
        f'mkdir "$1{MIRROR}" && mv "$1"/var/cache/apt/archives/*.deb "$1{MIRROR}"',
        'rm -r "$1"/var/lib/apt/lists/*',
        f'cd "$1{MIRROR}" && apt-ftparchive packages . > Packages',
        f'echo "deb [trusted=yes] file:{MIRROR} ./" > "$1/etc/apt/sources.list"',
    )
    return _cached("bookworm-empty", "bookworm", BY_INSTALLER, hooks)


def with_pcs() -> Path:
    """Return a Debian 12 that has what the tutorials install."""
    included = (*BY_INSTALLER, *OF_TUTORIALS)
    return _cached("bookworm-pcs", "bookworm", included, ())


def before_upgrade() -> Path:
    """Return a Debian 12 with our dependencies, and Debian 13 at hand to upgrade to."""
    steps = (
        "sed -i s/bookworm/trixie/ /etc/apt/sources.list",
        "apt-get --quiet update",
        f"{_INSTALL} --download-only full-upgrade",
    )
    return _cached(
        "bookworm-to-trixie", "bookworm", DEPENDENCIES, tuple(map(_inside, steps))
    )


def _inside(command: str) -> str:
    """Return the step that runs a command in the new system."""
    return f'chroot "$1" {command}'


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
    packages.install_missing(BUILDERS)
    print(f"Installing Debian {suite} in {directory}", file=sys.stderr, flush=True)
    include = [f"--include={','.join(included)}"] if included else []
    hooks = [f"--customize-hook={step}" for step in steps]
    kept = ["--skip=cleanup/apt"] if steps else []
    output_of(
        [
            *("mmdebstrap", "--variant=minbase", *include, *hooks, *kept),
            *(suite, str(directory.absolute())),
        ],
        timeout_s=TIMEOUT_S,
        environment=packages.environment(),
    )
