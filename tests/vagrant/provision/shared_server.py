# SPDX-License-Identifier: GPL-2.0-or-later
"""The data of a stand-alone server, on a disk that the machines share."""

from __future__ import annotations

from pathlib import Path

from . import database, resources
from .facts import Facts
from .settings import Settings
from .system import changed, run, succeeds


def prepare(settings: Settings, facts: Facts) -> None:
    """Make the shared file system and the data on it, once, on the first machine."""
    directory = Path(resources.SHARED_DIRECTORY)
    if not directory.is_dir():
        directory.mkdir(parents=True)
        changed(f"made {directory}")
    disk = facts.data_disk
    if not settings.is_first or succeeds("blkid", "--probe", disk):
        return
    run("mkfs.ext4", "-q", disk)
    run("mount", disk, str(directory))
    try:
        home = directory / "pgsql"
        user = database.USER
        run("install", "-d", "-m", "0700", "-o", user, "-g", user, str(home))
        database.make(settings, facts, f"{home}/data")
    finally:
        run("umount", str(directory))
