# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes a release of built packages: signatures, checksums, repositories.

`.venv/bin/python packaging/release.py --packages dist --output dist/release --key KEY`

The key is the publisher's, in the keyring of gpg (GNUPGHOME). Packages for dpkg are not
signed: apt looks at the signature of the repository only.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import sys
from pathlib import Path

from commands import BuildError, run

SUMS = "SHA256SUMS"
PUBLIC_KEY = "pgsr.asc"


def main() -> int:
    """Make it; the exit code is 1, with the reason on standard error, if not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packages", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--key", required=True, help="fingerprint or address")
    arguments = parser.parse_args()
    try:
        release(arguments.packages, arguments.output, arguments.key)
    except BuildError as error:
        print(f"packaging: {error}", file=sys.stderr)
        return 1
    return 0


def release(packages: Path, output: Path, key: str) -> None:
    """Fill `output`, which is made anew, from the packages of a build."""
    debs, rpms = sorted(packages.glob("*.deb")), sorted(packages.glob("*.rpm"))
    if not debs or not rpms:
        raise BuildError(f"{packages} has no packages: make packages comes first")
    shutil.rmtree(output, ignore_errors=True)
    for kind, files in (("apt", debs), ("yum", rpms)):
        (output / kind).mkdir(parents=True)
        for file in files:
            shutil.copy(file, output / kind)
    (output / PUBLIC_KEY).write_text(run(("gpg", "--armor", "--export", key)))
    _sign_rpms(output / "yum", key)
    _index_for_dnf(output / "yum", key)
    _index_for_apt(output / "apt", key)
    _write_sums(output, key)


def _sign_rpms(directory: Path, key: str) -> None:
    packages = sorted(directory.glob("*.rpm"))
    defined = (f"--define=_gpg_name {key}", "--define=__gpg /usr/bin/gpg")
    run(("rpmsign", *defined, "--addsign", *packages))


def _index_for_dnf(directory: Path, key: str) -> None:
    run(("createrepo_c", "--quiet", directory))
    _sign(directory / "repodata/repomd.xml", key, "--detach-sign")


def _index_for_apt(directory: Path, key: str) -> None:
    """Make a repository without a structure: deb [signed-by=...] ADDRESS ./"""
    packages = run(("apt-ftparchive", "packages", "."), directory=directory)
    (directory / "Packages").write_text(packages)
    about = ("-o", "APT::FTPArchive::Release::Origin=PGSR")
    text = run(("apt-ftparchive", *about, "release", "."), directory=directory)
    (directory / "Release").write_text(text)
    _sign(directory / "Release", key, "--clearsign", directory / "InRelease")


def _write_sums(output: Path, key: str) -> None:
    files = sorted([*output.glob("*/*.deb"), *output.glob("*/*.rpm")])
    lines = [f"{_digest(file)}  {file.relative_to(output)}\n" for file in files]
    (output / SUMS).write_text("".join(lines))
    _sign(output / SUMS, key, "--detach-sign")


def _sign(file: Path, key: str, how: str, target: Path | None = None) -> None:
    output = target or file.with_name(f"{file.name}.asc")
    gpg = ("gpg", "--batch", "--yes", "--armor", "--local-user", key)
    run((*gpg, "--output", output, how, file))


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
