# SPDX-License-Identifier: GPL-2.0-or-later
"""Lays out what goes into the packages, with modes and times that depend on nothing."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from commands import run

AGENT, DROPIN = "resource-agents-pgsr", "resource-agents-pgsr-dropin"
SCRIPT_HEAD = "#!/bin/sh\n# SPDX-License-Identifier: GPL-2.0-or-later\n"


def stage(source: Path, work: Path, time: int, maintainer: str) -> None:
    """Fill `work` with the tree under `root`, and with what the builders read."""
    before = os.umask(0o022)
    try:
        root = work / "root"
        run(("make", "--silent", "-C", source, "install", f"DESTDIR={root}"))
        for part in ("agent", "dropin"):
            shutil.copytree(source / "packaging" / part, work / part)
        changelog = _read(source / "packaging/changelog.yaml")
        (work / "changelog.yaml").write_text(
            changelog.replace("MAINTAINER", maintainer)
        )
        _install_program(work / "agent/activate", root / "usr/lib/pgsr/activate")
        _compose_take_over(work, root)
        _write_documentation(source, work, root, time)
        shutil.copyfile(source / "LICENSE", root / "LICENSE")
        _list_documents(work / "agent/nfpm.yaml", root)
        _set_times(work, time)
    finally:
        os.umask(before)


def take_over(part: Path, manager: str, end: str) -> str:
    """Return a script of the take-over for a package manager, dpkg or rpm."""
    names = ("functions", manager, end)
    return SCRIPT_HEAD + "set -eu\n\n" + "\n".join(_read(part / name) for name in names)


def _compose_take_over(work: Path, root: Path) -> None:
    part = work / "dropin"
    for manager, place in (("dpkg", root), ("rpm", work / "root-rpm")):
        program = place / "usr/lib/pgsr/take-over"
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(take_over(part, manager, "command"))
        program.chmod(0o755)
    (part / "deb-postrm").write_text(take_over(part, "dpkg", "deb-postrm.case"))


def _write_documentation(source: Path, work: Path, root: Path, time: int) -> None:
    documents = root / "usr/share/doc"
    _copy(source / "README.md", documents / AGENT / "README.md")
    _compress(_read(source / "CHANGELOG.md"), documents / AGENT / "changelog.gz")
    _copy(source / "packaging/dropin/README.md", documents / DROPIN / "README.md")
    for package in (AGENT, DROPIN):
        _copy(source / "packaging/copyright", documents / package / "copyright")
    _sphinx(source, work, "text", time)
    for text in (work / "text").rglob("*.txt"):
        _copy(text, documents / AGENT / text.relative_to(work / "text"))
    _sphinx(source, work, "man", time)
    for page in (work / "man").glob("*.7"):
        _compress(_read(page), root / f"usr/share/man/man7/{page.name}.gz")


def _list_documents(configuration: Path, root: Path) -> None:
    """Name each document of the agent, which rpm marks as such, and its directories."""
    documents = root / "usr/share/doc" / AGENT
    manual = sorted((root / "usr/share/man/man7").iterdir())
    entries = [_entry(path, root) for path in (*manual, *sorted(documents.rglob("*")))]
    text = _read(configuration)
    configuration.write_text(re.sub("  # DOCUMENTS:.*\n", "".join(entries), text))


def _entry(path: Path, root: Path) -> str:
    place = path.relative_to(root)
    if path.is_dir():
        return f"  - dst: /{place}\n    type: dir\n    packager: rpm\n"
    return (
        f"  - src: root/{place}\n    dst: /{place}\n    type: doc\n    packager: rpm\n"
    )


def _sphinx(source: Path, work: Path, builder: str, time: int) -> None:
    argv = (sys.executable, "-m", "sphinx", "--fail-on-warning", "--quiet")
    run(
        (
            *argv,
            "-b",
            builder,
            "-d",
            work / "doctrees",
            source / "docs",
            work / builder,
        ),
        {"SOURCE_DATE_EPOCH": str(time), "PYTHONDONTWRITEBYTECODE": "1"},
    )


def _compress(text: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def _install_program(source: Path, target: Path) -> None:
    _copy(source, target)
    target.chmod(0o755)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _set_times(work: Path, time: int) -> None:
    """Give everything the time of the source: nfpm takes those of files in a tree."""
    for path in _all(work):
        os.utime(path, (time, time), follow_symlinks=False)


def _all(top: Path) -> Iterator[Path]:
    yield from sorted(top.rglob("*"))
    yield top
