# SPDX-License-Identifier: GPL-2.0-or-later
"""What servers of all releases answer about replication is read."""

from __future__ import annotations

from typing import Any

import pytest

from pgsr.postgres import replication
from pgsr.state import PrimarySide, Sender, Slot, StandbySide

NEW, BEFORE_RECEIVER = (15,), (9, 5)
VERSIONS = [(9, 1), (9, 3), (9, 4), (9, 5), (9, 6), (10,), (12,), (13,), (18,)]
NONE = [None] * 9
SENDERS = [
    ["backup", "node2", None],
    ["backup", "streaming", None],
    ["async", "sync", None],
    [None, "0/5000060", None],
    [None, "0/5000000", None],
]
SLOTS = [
    ["pgsr_node2", "pgsr_node3"],
    [True, False],
    ["0/4000000", None],
    [False, True],
]
READ_SLOTS = (
    Slot("pgsr_node2", True, 0x4000000, False),
    Slot("pgsr_node3", False, None, True),
)


def row(*sides: object, receiver: str | None = None, recovery: bool) -> tuple[Any, ...]:
    segment = ("16MB",) if sides else ()
    return (*sides, *segment, receiver, recovery)


def test_the_answer_of_a_primary_is_read() -> None:
    first = ("0/5000060", "0000000A0000000000000005", None, "0/1", None, '"node2"')
    said = replication.parse(row(*first, *SENDERS, *SLOTS, recovery=False), NEW)
    assert said.standby is None
    assert said.primary == PrimarySide(
        timeline=10,
        flush_lsn=0x5000060,
        synchronous_standby_names='"node2"',
        senders=(
            Sender("backup", "backup", "async", None, None),
            Sender("node2", "streaming", "sync", 0x5000060, 0x5000000),
            Sender("", "", "", None, None),
        ),
        slots=READ_SLOTS,
    )
    assert said.hidden == "the standbys"


def test_a_primary_without_standbys_hides_nothing() -> None:
    first = ("0/5000060", "000000010000000000000005", None, None, None, "")
    said = replication.parse(row(*first, *NONE, recovery=False), NEW)
    assert said.primary == PrimarySide(1, 0x5000060, "", (), ())
    assert said.hidden == ""
    assert said.receiver == ""


@pytest.mark.parametrize(
    ("received", "replayed", "furthest"),
    [
        ("0/5000060", "0/5000000", 0x5000060),
        ("0/5000000", "0/5000060", 0x5000060),  # a segment begun anew, or the archive
        (None, "0/5000060", 0x5000060),
        (None, None, 0),
    ],
)
def test_a_standby_has_what_it_received_or_replayed(
    received: str | None, replayed: str | None, furthest: int
) -> None:
    first = (None, None, received, replayed, True, "")
    answer = row(*first, *NONE[:5], *SLOTS, receiver="streaming", recovery=True)
    said = replication.parse(answer, NEW)
    assert said.primary is None
    assert said.standby is not None
    assert said.standby.received_lsn == furthest
    assert said.standby.is_paused
    assert said.standby.slots == READ_SLOTS
    assert (said.receiver, said.hidden) == ("streaming", "")


def test_a_hidden_receiver_is_told() -> None:
    answer = row(receiver=replication.HIDDEN, recovery=True)
    assert replication.parse(answer, NEW).hidden == "the WAL receiver"


def test_no_server_can_tell_of_its_receiver_before_9_6() -> None:
    answer = row(recovery=True)
    assert replication.parse(answer, BEFORE_RECEIVER).receiver is None


def test_a_server_that_is_promoted_meanwhile_is_asked_again() -> None:
    before = row(None, None, None, "0/5000060", False, "", *NONE, recovery=False)
    first = ("0/5000060", "000000020000000000000005", None, "0/5000060", None, "")
    answers = iter([before, row(*first, *NONE, recovery=False)])
    primary, standby = replication.ask(lambda _: [next(answers)], NEW)
    assert standby is None
    assert primary is not None
    assert primary.timeline == 2


def test_one_statement_asks_all() -> None:
    asked: list[str] = []
    answer = row(None, None, None, None, False, "", *NONE, recovery=True)

    def query(statement: str) -> list[tuple[Any, ...]]:
        asked.append(statement)
        return [answer]

    assert replication.ask(query, NEW) == (None, StandbySide(0, 0, False, ()))
    assert len(asked) == 1


@pytest.mark.parametrize("version", VERSIONS, ids=str)
def test_the_statement_has_the_names_of_the_version(version: tuple[int, ...]) -> None:
    statement = replication.statement(version, is_managed=True)
    assert "{" not in statement
    assert ("xlog" in statement) == (version < (10,))
    assert ("flush_location" in statement) == (version < (10,))
    assert ("pg_current_xlog_flush_location" in statement) == (version == (9, 6))
    assert ("pg_replication_slots" in statement) == (version >= (9, 4))
    assert ("pg_stat_wal_receiver" in statement) == (version >= (9, 6))
    assert ("wal_status" in statement) == (version >= (13,))


def test_without_managed_replication_only_role_and_receiver_are_asked() -> None:
    statement = replication.statement(NEW, is_managed=False)
    assert "pg_stat_replication" not in statement
    said = replication.parse(row(receiver="streaming", recovery=True), NEW)
    assert said == replication.Said(True, "streaming")


@pytest.mark.parametrize(
    ("shown", "segment_bytes"),
    [("16MB", 1 << 24), ("1GB", 1 << 30), ("512kB", 1 << 19)],
)
def test_the_size_of_wal_segments_is_read(shown: str, segment_bytes: int) -> None:
    first = ("0/5000060", "000000010000000000000005", None, None, None, "")
    answer = (*first, *NONE, shown, None, False)
    primary = replication.parse(answer, NEW).primary
    assert primary
    assert primary.segment_bytes == segment_bytes
