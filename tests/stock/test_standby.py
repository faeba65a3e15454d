# SPDX-License-Identifier: GPL-2.0-or-later
"""rep_mode=slave: the stock agent corrupts a standby made from a backup; ours does not.

The backup is one of a busy primary, with a checkpoint while it was taken. Its
backup_label says where recovery begins; without it, recovery begins at that checkpoint,
and changes before it are lost wherever a file was copied earlier. Nobody is told.
"""

from __future__ import annotations

import functools
import shutil
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from tests import base_backup
from tests.stock.agents import Agent, call
from tests.stock.site import Site, connect, start_server, stop_server
from tests.stock.situations import with_directory

MAJOR = 15
TIMEOUT_S = 20


class Copy(NamedTuple):
    """A primary that runs, and a site with a backup of it, never started."""

    primary: Site
    standby: Site

    def parameters(self) -> dict[str, str]:
        """The agent's parameters for the standby."""
        return {
            **self.standby.parameters(),
            "rep_mode": "slave",
            "master_ip": str(self.primary.socket),
            "tmpdir": str(self.standby.top / "tmp"),
        }

    def contents(self) -> tuple[list[object], list[object]]:
        """What the tables of both hold once the standby has replayed everything."""
        of_primary = functools.partial(connect, self.primary)
        of_standby = functools.partial(connect, self.standby)
        lsn = base_backup.end_of_wal(of_primary)
        deadline = time.monotonic() + TIMEOUT_S
        while not base_backup.has_replayed(of_standby, lsn):
            assert time.monotonic() < deadline, f"{lsn} was never replayed"
            time.sleep(0.05)
        return base_backup.content(of_primary), base_backup.content(of_standby)


@pytest.fixture
def copy(new_site: Callable[[str], Site]) -> Iterator[Copy]:
    """A primary, and a backup of it that was taken under load."""
    copy = Copy(new_site("primary"), new_site("standby"))
    configuration = (copy.standby.data / "postgresql.conf").read_text()
    with (copy.primary.data / "postgresql.conf").open("a") as file:
        file.write("wal_keep_size = 1GB\n")
    shutil.rmtree(copy.standby.data)
    with_directory(copy.standby)
    start_server(copy.primary)
    primary = functools.partial(connect, copy.primary)
    base_backup.create_tables(primary)
    with base_backup.writing(primary):
        base_backup.take_backup(primary, copy.primary.data, copy.standby.data, MAJOR)
    (copy.standby.data / "postgresql.conf").write_text(configuration)
    yield copy
    stop_server(copy.standby)
    stop_server(copy.primary)


def test_a_standby_made_from_a_backup_holds_what_its_primary_holds(
    ours: Agent, copy: Copy
) -> None:
    assert call(ours, "start", copy.parameters()).code == 0
    of_primary, of_standby = copy.contents()
    assert of_primary == of_standby


def test_the_stock_agent_corrupts_a_standby_made_from_a_backup(
    stock: Agent, copy: Copy
) -> None:
    assert call(stock, "start", copy.parameters()).code == 0
    assert call(stock, "monitor", copy.parameters()).code == 0
    of_primary, of_standby = copy.contents()
    assert of_primary != of_standby
