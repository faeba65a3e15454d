# SPDX-License-Identifier: GPL-2.0-or-later
"""The control file, read from the disk, says what the server and its tools say."""

from __future__ import annotations

import pytest

from pgsr import lsn
from pgsr.postgres import control
from pgsr.state import Control, ControlState
from tests.postgres.conftest import Pair
from tests.postgres.node import Node
from tests.programs import must
from tests.provision.postgresql import DEBIAN_BIN, DEBIAN_MAJOR

LAYOUTS = pytest.mark.parametrize("major", [10, 11, 12, 15, 18])
WORDS = {
    ControlState.SHUT_DOWN: "shut down",
    ControlState.SHUT_DOWN_IN_RECOVERY: "shut down in recovery",
    ControlState.IN_ARCHIVE_RECOVERY: "in archive recovery",
    ControlState.IN_PRODUCTION: "in production",
}
IN_SQL = (
    "select system_identifier || ' ' || checkpoint_lsn || ' ' || redo_lsn || ' '"
    " || timeline_id from pg_control_system(), pg_control_checkpoint()"
)


def in_file(node: Node) -> Control:
    read = control.read(str(node.data))
    assert read is not None
    return read


def asked(node: Node) -> str:
    """The same as the server has it."""
    return str(node.sql(IN_SQL))


def words(read: Control) -> str:
    checkpoint, redo = lsn.text(read.checkpoint_lsn), lsn.text(read.redo_lsn)
    return f"{read.system_identifier} {checkpoint} {redo} {read.timeline}"


def from_tool(node: Node) -> dict[str, str]:
    """What pg_controldata of Debian's version says."""
    said = must([str(DEBIAN_BIN / "pg_controldata"), str(node.data)])
    return {
        name.strip(): value.strip()
        for name, _, value in (line.partition(":") for line in said.splitlines())
    }


@LAYOUTS
def test_the_control_file_of_a_primary_and_of_a_standby_is_read(pair: Pair) -> None:
    _, primary, standby = pair
    primary.start_server()
    primary.sql("create table t (n int)")
    primary.sql("checkpoint")
    assert words(in_file(primary)) == asked(primary)
    assert in_file(primary).redo_lsn > 0
    assert in_file(primary).state is ControlState.IN_PRODUCTION
    primary.end_server()
    standby.follow(primary)
    standby.start_server()
    assert in_file(standby).state is ControlState.IN_ARCHIVE_RECOVERY
    promote = [str(standby.programs / "pg_ctl"), "-D", str(standby.data), "promote"]
    must(promote, user="postgres")
    standby.wait_for(
        "promotion", lambda: in_file(standby).state is ControlState.IN_PRODUCTION
    )
    standby.sql("checkpoint")
    assert words(in_file(standby)) == asked(standby)
    assert in_file(standby).timeline == 2


def test_the_control_file_is_read_as_pg_controldata_reads_it(pair: Pair) -> None:
    node = pair.node1
    assert node.major == DEBIAN_MAJOR
    node.start_server()
    must([str(node.programs / "pg_ctl"), "-D", str(node.data), "stop"], user="postgres")
    said, read = from_tool(node), in_file(node)
    assert said["Database cluster state"] == WORDS[read.state] == "shut down"
    assert int(said["Database system identifier"]) == read.system_identifier
    assert said["Latest checkpoint location"] == lsn.text(read.checkpoint_lsn)
    assert said["Latest checkpoint's REDO location"] == lsn.text(read.redo_lsn)
    assert int(said["Latest checkpoint's TimeLineID"]) == read.timeline
