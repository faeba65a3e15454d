# SPDX-License-Identifier: GPL-2.0-or-later
"""What ``global/pg_control`` says: read from the file, without a program or a server.

The layout is ControlFileData and CheckPoint in pg_control.h of each release.
"""

from __future__ import annotations

import struct

from pgsr.state import Control, ControlState

# The file has one sector of data (PG_CONTROL_MAX_SAFE_SIZE); the rest is zeros.
_SIZE = 512
_LOOKS = 20

# system_identifier, pg_control_version, catalog_version_no, state, time, checkPoint,
# then, before 11, prevCheckPoint, and of checkPointCopy redo and ThisTimeLineID.  In
# native layout: it is that of the machine, as the server's.
_LAYOUT = struct.Struct("@QIIiqQQI")
_LAYOUT_BEFORE_11 = struct.Struct("@QIIiqQQQI")
# An LSN was two numbers before 9.3, the upper half first.
_LAYOUT_BEFORE_9_3 = struct.Struct("@QIIiqIIIIIII")
_CONTROL_VERSION = struct.Struct("@I")
_CONTROL_VERSION_AT = 8
_FIRST_KNOWN, _FIRST_OF_9_3, _FIRST_OF_11 = 903, 937, 1100


def read(pgdata: str) -> Control | None:
    """Return what the control file of ``pgdata`` says, None when it cannot be read."""
    try:
        return parse(_content(f"{pgdata}/global/pg_control"))
    except OSError:
        return None


def state_of(pgdata: str) -> ControlState | None:
    """Return the state of the data directory, None when it cannot be read."""
    control = read(pgdata)
    return control.state if control else None


def parse(content: bytes) -> Control | None:
    """Return what the content of a control file says, None when it is none.

    Releases from 9.1 on; one that is newer than all we know has the layout of 11.
    """
    try:
        version = _CONTROL_VERSION.unpack_from(content, _CONTROL_VERSION_AT)[0]
        if version < _FIRST_KNOWN:
            return None
        return _parse(content, version)
    except (struct.error, ValueError):
        return None


def _parse(content: bytes, version: int) -> Control:
    if version < _FIRST_OF_9_3:
        fields = _LAYOUT_BEFORE_9_3.unpack_from(content)
        checkpoint, redo = (fields[at] << 32 | fields[at + 1] for at in (5, 9))
    elif version < _FIRST_OF_11:
        fields = _LAYOUT_BEFORE_11.unpack_from(content)
        checkpoint, redo = fields[5], fields[7]
    else:
        fields = _LAYOUT.unpack_from(content)
        checkpoint, redo = fields[5], fields[6]
    return Control(
        system_identifier=fields[0],
        state=ControlState(fields[3]),
        timeline=fields[-1],
        checkpoint_lsn=checkpoint,
        redo_lsn=redo,
    )


def _content(path: str) -> bytes:
    """Return the content once two looks agree, nothing if they never do.

    A server may be writing the file: reading it then can give a part of each
    (get_controlfile in controldata_utils.c).
    """
    before = b""
    for _ in range(_LOOKS):
        with open(path, "rb") as file:
            content = file.read(_SIZE)
        if content == before:
            return content
        before = content
    return b""
