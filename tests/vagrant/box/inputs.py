# SPDX-License-Identifier: GPL-2.0-or-later
"""What a box is built from, as a digest, and what it takes to build one."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from tests.provision import packages
from tests.provision.commands import ProvisionError
from tests.vagrant.box import archive, contents

# The Debian package of each program.
PROGRAMS = {
    "grub-mkimage": "grub-common",
    "mke2fs": "e2fsprogs",
    "mmdebstrap": "mmdebstrap",
    "qemu-img": "qemu-utils",
    "setpriv": "util-linux",
    "unshare": "util-linux",
}


def digest(public_key: str) -> str:
    """Return a digest of all that decides on the box, but for packages' versions."""
    sources = sorted(Path(__file__).parent.glob("*.py"))
    files = [path.read_bytes() for path in (*sources, archive.VAGRANTFILE)]
    wanted = " ".join(contents.packages_of_the_box())
    return digest_of([*files, wanted.encode(), public_key.encode()])


def digest_of(parts: Iterable[bytes]) -> str:
    """Return one digest; a byte that moves from a part to the next one changes it."""
    each = [hashlib.sha256(part).hexdigest() for part in parts]
    return hashlib.sha256(" ".join(each).encode()).hexdigest()


def check_machine() -> None:
    """Raise ProvisionError, with what is to be done, unless a box can be built here."""
    path = packages.environment()["PATH"]
    check({name for name in PROGRAMS if shutil.which(name, path=path)}, os.geteuid())


def check(present: Iterable[str], user_id: int) -> None:
    """Raise ProvisionError unless all programs are there and the user is root."""
    absent = sorted(set(PROGRAMS) - set(present))
    if absent:
        needed = " ".join(sorted({PROGRAMS[name] for name in absent}))
        raise ProvisionError(
            f"{', '.join(absent)} not found: install the Debian packages {needed}"
        )
    if user_id != 0:
        raise ProvisionError("mmdebstrap makes a system as root: run this as root")
