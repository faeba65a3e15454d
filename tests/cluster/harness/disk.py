# SPDX-License-Identifier: GPL-2.0-or-later
"""A node's disk: an overlay of another root directory, `/` unless told otherwise.

The overlay's upper layer is on the site's tmpfs, so whatever the node writes touches
nothing of the machine. The disk outlives power cuts and ends with the site. The
database has a disk of its own, which can be full while the system's is not.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tests.cluster.harness.site import Site

DATABASE_DIRECTORY = "/var/lib/pgsql"
DATABASE_DISK_BYTES = 4 << 30  # of tmpfs: it takes only what is written
SEPARATE_MOUNTS = ("/usr", "/var", "/opt")  # an overlay of / does not include these
FORGOTTEN = (
    *("etc/corosync/corosync.conf", "etc/corosync/uidgid.d", "etc/pacemaker"),
    *("var/lib/corosync", "var/lib/pacemaker/cib", "var/lib/pacemaker/pengine"),
    *("var/log/corosync", "var/log/pacemaker"),
)


def make_disk(site: Site, name: str, lower: Path) -> Path:
    """Mount the overlay of a new node in the site and return its root there."""
    base = site.directory / name
    root = base / "root"
    _mount_overlay(site, base / "layers", lower, root)
    if lower == Path("/"):
        for mounted in filter(os.path.ismount, SEPARATE_MOUNTS):
            layers = base / f"layers{mounted.replace('/', '-')}"
            _mount_overlay(site, layers, Path(mounted), root / mounted.lstrip("/"))
    _forget_the_machine(site.path(root))
    database = root / DATABASE_DIRECTORY.lstrip("/")
    site.run("mkdir", "-p", database)
    size = f"size={DATABASE_DISK_BYTES}"
    site.run("mount", "-t", "tmpfs", "-o", size, f"{name}-database", database)
    return root


def resize_database_disk(site: Site, root: Path, free_bytes: int | None) -> None:
    """Leave that many bytes free on the database's disk, or all it has for None."""
    database = root / DATABASE_DIRECTORY.lstrip("/")
    size = DATABASE_DISK_BYTES
    if free_bytes is not None:
        shown = site.run("df", "--block-size=1", "--output=used", database).stdout
        size = int(shown.split()[-1]) + free_bytes
    site.run("mount", "-o", f"remount,size={size}", database)


def _mount_overlay(site: Site, layers: Path, lower: Path, root: Path) -> None:
    site.run("mkdir", "-p", layers / "upper", layers / "work", root)
    options = f"lowerdir={lower},upperdir={layers}/upper,workdir={layers}/work"
    site.run("mount", "-t", "overlay", "overlay", "-o", options, root)


def _forget_the_machine(root: Path) -> None:
    """Empty what a cluster on the machine itself may have left in the lower layer."""
    for name in FORGOTTEN:
        path = root / name
        if path.is_dir() and not path.is_symlink():
            for entry in path.iterdir():
                _remove(entry)
        else:
            path.unlink(missing_ok=True)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
