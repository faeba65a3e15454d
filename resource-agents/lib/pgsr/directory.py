# SPDX-License-Identifier: GPL-2.0-or-later
"""The directory of the agent's files (parameter tmpdir) under a configuration of ours.

The stock agent creates it, gives it to the database's user and closes it to others,
as root at each action, wherever a link points.  Here only what belongs to that user
already is changed, as that user.
"""

from __future__ import annotations

import os
import stat

from pgsr import files
from pgsr.account import acting_as
from pgsr.instance import Instance
from pgsr.ocf import NotConfigured, PermissionDenied


def ensure(instance: Instance) -> None:
    """Create the directory where it is missing, and see that it can be used."""
    path, account = instance.parameters.directory, instance.account
    require_no_link(path)
    for missing in _missing(path):
        files.ensure_directory(missing, account, 0o700)
    require_usable(instance)


def require_no_link(path: str) -> None:
    """Refuse a directory that is a symbolic link: it may point to any other."""
    if os.path.islink(path):
        target = os.path.realpath(path)
        raise NotConfigured(
            f"Parameter tmpdir={path}: it is a symbolic link; a directory itself is"
            f" accepted, such as {target}"
        )


def require_usable(instance: Instance) -> None:
    """Refuse an existing directory that is not for the database's user alone.

    Whoever can put a file there can make the server run a restore_command.
    """
    path, account = instance.parameters.directory, instance.account
    require_no_link(path)
    if not os.path.lexists(path):
        return
    files.ensure_directory(path, account, 0o700)
    seen = os.lstat(path)
    if seen.st_uid == account.uid:
        with acting_as(account):
            _close(path, seen.st_mode)
    elif seen.st_uid or seen.st_mode & stat.S_IWOTH:
        raise PermissionDenied(
            f"Directory {path} can be written by others than {account.name} (parameter"
            f" tmpdir). Give it to {account.name}, with mode 0700"
        )
    if not files.can_create_in(path, account):
        raise PermissionDenied(
            f"Directory {path} is not writable by {account.name} (parameter tmpdir):"
            f" give it to {account.name}, with mode 0700"
        )


def _close(path: str, mode: int) -> None:
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        os.chmod(path, 0o700)


def _missing(path: str) -> list[str]:
    """Return the directories to create for ``path``, the outermost first."""
    missing: list[str] = []
    while not os.path.lexists(path) and path != os.path.dirname(path):
        missing.insert(0, path)
        path = os.path.dirname(os.path.normpath(path))
    return missing
