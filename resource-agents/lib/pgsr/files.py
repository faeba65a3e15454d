# SPDX-License-Identifier: GPL-2.0-or-later
"""Files in directories that the database's user may write.

They are made and removed as that user, never as root, and no link is followed: what
the user plants there can only point to what the user may touch anyway.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Callable

from pgsr.account import Account, acting_as
from pgsr.ocf import AgentError, PermissionDenied

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_OLD = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
_LONGEST_CHAIN_OF_LINKS = 10
_LONGEST_OWN_FILE = 65536


def exists(path: str) -> bool:
    """Tell whether a flag file is there; AgentError when something else is.

    A flag that cannot be read as a flag must not be read as "no flag".
    """
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return False
    except NotADirectoryError:
        return False
    except OSError as error:
        raise PermissionDenied(f"Cannot look at {path}: {error.strerror}") from None
    if not stat.S_ISREG(mode):
        raise AgentError(
            f"{path} is not a regular file; the agent keeps a flag under that name."
            " See what it is and remove it"
        )
    return True


def create(path: str, account: Account, text: str) -> None:
    """Create the flag file ``path``, on disk when this returns.

    Nothing is left behind when it fails, as with a full disk.  A flag that is there
    already stays as it is.
    """
    if exists(path):
        return
    with acting_as(account):
        try:
            descriptor = os.open(path, _NEW, 0o600)
        except OSError as error:
            raise _cannot("create", path, error, account) from None
        try:
            os.write(descriptor, text.encode())
            os.fsync(descriptor)
        except OSError as error:
            os.unlink(path)
            raise _cannot("write", path, error, account) from None
        finally:
            os.close(descriptor)
        _sync_directory(path)


def read(path: str, account: Account) -> str:
    """Return the text of a file of the agent's own, empty when there is none.

    No link is followed, and nothing else than a file is waited for.
    """
    with acting_as(account):
        try:
            with os.fdopen(os.open(path, _OLD), "rb") as file:
                return os.fsdecode(file.read(_LONGEST_OWN_FILE))
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise _cannot("read", path, error, account) from None


def replace(path: str, account: Account, text: str) -> None:
    """Write the file ``path`` anew, on disk when this returns.

    Whoever reads it, and whatever happens, finds the old content or the new one.
    What is replaced may be a link, which is not followed; a directory is an error.
    """
    with acting_as(account):
        try:
            _put_in_place(path, os.fsencode(text))
        except OSError as error:
            raise _cannot("write", path, error, account) from None


def change(path: str, account: Account, edit: Callable[[str], str]) -> None:
    """Replace a file that may be root's or ``account``'s by what ``edit`` makes of it.

    It keeps owner, group, rights and extended attributes as far as that is possible.
    Root does it only where nobody else can have a say in what ``path`` is.
    """
    place, is_roots = _place_of(path, account)
    with contextlib.nullcontext() if is_roots else acting_as(account):
        try:
            with os.fdopen(os.open(place, _OLD), "rb") as old:
                before = os.fsdecode(old.read())
                after = edit(before)
                if after != before:
                    _put_in_place(place, os.fsencode(after), old.fileno())
        except OSError as error:
            raise _cannot("change", place, error, account) from None


def _place_of(path: str, account: Account) -> tuple[str, bool]:
    """Return where the file is, and whether root may replace it there.

    Links in directories of root alone were made by root; the others are followed as
    ``account``, who made them.
    """
    for _ in range(_LONGEST_CHAIN_OF_LINKS):
        if not _is_out_of_reach(path):
            break
        if not os.path.islink(path):
            return path, True
        target = os.path.join(os.path.dirname(path), os.readlink(path))
        path = os.path.normpath(target)
    with acting_as(account):
        return os.path.realpath(path), False


def _put_in_place(path: str, content: bytes, like: int | None = None) -> None:
    """Write beside ``path`` and rename, with the attributes of the file ``like``."""
    beside = f"{path}.new"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(beside)
    descriptor = os.open(beside, _NEW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            if like is not None:
                _copy_attributes(like, descriptor)
            os.fsync(descriptor)
        os.rename(beside, path)
    except OSError:
        os.unlink(beside)
        raise
    _sync_directory(path)


def _copy_attributes(old: int, new: int) -> None:
    seen = os.fstat(old)
    # Who is not root may give a file to none but the own groups.
    with contextlib.suppress(PermissionError):
        os.fchown(new, -1, seen.st_gid)
        os.fchown(new, seen.st_uid, -1)
    os.fchmod(new, seen.st_mode & 0o777)
    with contextlib.suppress(OSError):
        for name in os.listxattr(old):
            with contextlib.suppress(OSError):
                os.setxattr(new, name, os.getxattr(old, name))


def remove(path: str, account: Account) -> None:
    """Remove the file ``path``; it is no error when there is none."""
    with acting_as(account):
        try:
            os.unlink(path)
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            raise _cannot("remove", path, error, account) from None
        _sync_directory(path)


def can_append(path: str, account: Account) -> bool:
    """Create ``path`` if need be, and tell whether ``account`` may append to it."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_NOCTTY | os.O_CLOEXEC
    try:
        with acting_as(account):
            os.close(os.open(path, flags | os.O_CREAT, 0o600))
    except PermissionError:
        return _create_for(path, account)
    except OSError:
        return False
    return True


def ensure_directory(path: str, account: Account, mode: int) -> None:
    """Create the directory ``path`` for ``account`` unless it is there."""
    if os.path.isdir(path):
        return
    if os.path.lexists(path):
        raise PermissionDenied(f"{path} is no directory; remove what is there")
    try:
        with acting_as(account):
            os.mkdir(path)
            os.chmod(path, mode)
        return
    except OSError as error:
        if not (isinstance(error, PermissionError) and _is_out_of_reach(path)):
            raise _cannot("create", path, error, account) from None
    os.mkdir(path, 0o700)
    os.chown(path, account.uid, account.gid)
    os.chmod(path, mode)


def _create_for(path: str, account: Account) -> bool:
    """Create ``path`` as root and give it to ``account``, as in /var/log."""
    if not _is_out_of_reach(path):
        return False
    try:
        descriptor = os.open(path, _NEW, 0o600)
    except OSError:
        return False
    os.fchown(descriptor, account.uid, account.gid)
    os.close(descriptor)
    return True


def _is_out_of_reach(path: str) -> bool:
    """Tell whether root may create ``path`` safely.

    Every directory above it must be root's alone, and no link: else the database's
    user could make root create a file wherever it likes.
    """
    above = os.path.dirname(os.path.normpath(path))
    while os.geteuid() == 0 and os.path.isabs(above):
        seen = os.lstat(above)
        if not stat.S_ISDIR(seen.st_mode) or seen.st_uid or seen.st_mode & 0o022:
            return False
        if above == "/":
            return True
        above = os.path.dirname(above)
    return False


def can_create_in(directory: str, account: Account) -> bool:
    """Tell whether ``account`` can create and remove files in ``directory``."""
    path = f"{directory}/.pgsr.{os.getpid()}"
    with acting_as(account):
        try:
            os.close(os.open(path, _NEW, 0o600))
            os.unlink(path)
        except OSError:
            return False
    return True


def _sync_directory(path: str) -> None:
    """Make the coming or going of ``path`` itself survive a power cut."""
    descriptor = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _cannot(verb: str, path: str, error: OSError, account: Account) -> AgentError:
    kind = (
        PermissionDenied if error.errno in (errno.EACCES, errno.EPERM) else AgentError
    )
    return kind(f"{account.name} cannot {verb} {path}: {error.strerror}")
