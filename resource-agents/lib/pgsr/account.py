# SPDX-License-Identifier: GPL-2.0-or-later
"""The database's user, and acting as that user without a shell.

Peer authentication looks at the effective user at the time of connect(), and files
in a directory that the database's user may write must be made as that user: root
would follow links planted there.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from pgsr.ocf import NotInstalled, PermissionDenied


class Account(NamedTuple):
    """An operating system's user."""

    name: str
    uid: int
    gid: int
    groups: tuple[int, ...]
    home: str


def find(name: str) -> Account:
    """Return the account called ``name``; NotInstalled when there is none."""
    try:
        entry = pwd.getpwnam(name)
    except (KeyError, ValueError, UnicodeError):
        raise NotInstalled(
            f"User {name} doesn't exist; create it or correct the parameter pgdba"
        ) from None
    groups = tuple(os.getgrouplist(name, entry.pw_gid))
    return Account(name, entry.pw_uid, entry.pw_gid, groups, entry.pw_dir)


def owner_of(path: str) -> Account:
    """Return the account that owns ``path``, even one without a name."""
    try:
        seen = os.stat(path)
    except OSError as error:
        raise NotInstalled(f"Nobody owns {path}: {error.strerror}") from None
    try:
        return find(pwd.getpwuid(seen.st_uid).pw_name)
    except KeyError:
        return Account(str(seen.st_uid), seen.st_uid, seen.st_gid, (seen.st_gid,), "/")


def require_right_to_act_as(account: Account) -> None:
    """Raise PermissionDenied unless this process is root or ``account`` itself."""
    if os.geteuid() not in (0, account.uid):
        me = pwd.getpwuid(os.geteuid()).pw_name
        raise PermissionDenied(
            f"This agent must run as root or as {account.name} (it runs as {me})"
        )


@contextmanager
def acting_as(account: Account) -> Iterator[None]:
    """Be ``account`` for a while: its user, group and supplementary groups."""
    if os.geteuid() != 0 or account.uid == 0:
        yield
        return
    groups, gid = os.getgroups(), os.getegid()
    os.setgroups(account.groups)
    os.setegid(account.gid)
    os.seteuid(account.uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(gid)
        os.setgroups(groups)
