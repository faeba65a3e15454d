# SPDX-License-Identifier: GPL-2.0-or-later
"""The box as Vagrant wants it: an archive, and a catalogue that gives it a version."""

from __future__ import annotations

import io
import json
import tarfile
import time
from pathlib import Path

NAME = "pgsr/debian-12"
PROVIDER = "libvirt"
VAGRANTFILE = Path(__file__).with_name("Vagrantfile")


def pack(image: Path, size_gib: int, archive: Path) -> None:
    """Write the archive. It is not compressed: the image is."""
    with tarfile.open(archive, "w") as box:
        _add(box, "metadata.json", metadata(size_gib).encode())
        _add(box, "Vagrantfile", VAGRANTFILE.read_bytes())
        box.add(image, "box.img")


def _add(box: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    entry.mode = 0o644
    box.addfile(entry, io.BytesIO(data))


def metadata(size_gib: int) -> str:
    """Return what vagrant-libvirt wants to know of the image."""
    known = {"provider": PROVIDER, "format": "qcow2", "virtual_size": size_gib}
    return json.dumps(known) + "\n"


def version(built_at_s: float) -> str:
    """Return a version, a higher one for each build: none is taken for another.

    libvirt keeps a copy of each box under its name and version.
    """
    return time.strftime("12.%Y%m%d.%H%M%S", time.gmtime(built_at_s))


def catalogue(archive: Path, box_version: str) -> str:
    """Return what `vagrant box add` is given, with the box at an absolute path."""
    provider = {"name": PROVIDER, "url": archive.absolute().as_uri()}
    versions = [{"version": box_version, "providers": [provider]}]
    return json.dumps({"name": NAME, "versions": versions}, indent=2) + "\n"
