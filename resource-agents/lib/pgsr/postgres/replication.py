# SPDX-License-Identifier: GPL-2.0-or-later
"""What a server says of its role and of replication, in one statement.

The names are those of the release: "xlog" and "location" became "wal" and "lsn" in
10.  Rows come as parallel arrays, which every release from 9.1 on has.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from pgsr import lsn
from pgsr.postgres.sql import Query
from pgsr.state import PrimarySide, Sender, Slot, StandbySide

Version = tuple[int, ...]

# A COALESCE of a hidden status tells it from "no WAL receiver" (no row, NULL).
HIDDEN = "hidden"

_UNITS = {"kB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30}
_FIRST_WITH_SLOTS = (9, 4)
_FIRST_WITH_RECEIVER_VIEW = (9, 6)
_FIRST_WITH_FLUSH_POSITION = (9, 6)
_FIRST_WITH_WAL_NAMES = (10,)
_FIRST_WITH_WAL_STATUS = (13,)

# The role is the last column: what is before was answered in recovery if it was.
# What fails in the other role is in a CASE of its own for the same reason.
_SIDES = """
  case when pg_catalog.pg_is_in_recovery() then null
       else pg_catalog.{current}()::text end,
  case when pg_catalog.pg_is_in_recovery() then null
       else pg_catalog.{file_name}(pg_catalog.{current}()) end,
  pg_catalog.{received}()::text, pg_catalog.{replayed}()::text,
  case when pg_catalog.pg_is_in_recovery() then pg_catalog.{is_paused}() end,
  pg_catalog.current_setting('synchronous_standby_names'),
  senders.*, slots.*, pg_catalog.current_setting('wal_segment_size'),
"""
_SENDERS = """
  (select array_agg(application_name::text), array_agg(state::text),
          array_agg(sync_state::text), array_agg({flush}::text),
          array_agg({replay}::text)
     from (select * from pg_catalog.pg_stat_replication
            order by application_name, state) as sorted) as senders
"""
_SLOTS = """
  (select array_agg(slot_name::text), array_agg(active), array_agg(restart_lsn::text),
          array_agg({is_lost})
     from (select * from pg_catalog.pg_replication_slots
            where slot_type = 'physical' order by slot_name) as sorted) as slots
"""
_NO_SLOTS = "(select null::text[], null::bool[], null::text[], null::bool[]) as slots"


class Said(NamedTuple):
    """What a server said.

    ``receiver`` is the status of its WAL receiver, empty when there is none, HIDDEN
    when the role may not see it, and None where no server can say it (before 9.6).
    ``primary`` or ``standby`` is there if it was asked for, according to the role.
    """

    is_in_recovery: bool
    receiver: str | None
    primary: PrimarySide | None = None
    standby: StandbySide | None = None

    @property
    def hidden(self) -> str:
        """What the role may not see, in words; empty when it sees all."""
        if self.receiver == HIDDEN:
            return "the WAL receiver"
        senders = self.primary.senders if self.primary else ()
        return "" if all(sender.state for sender in senders) else "the standbys"


def ask(
    query: Query, version: Version
) -> tuple[PrimarySide | None, StandbySide | None]:
    """Return what the server says of replication: as a primary, or as a standby."""
    said = ask_all(query, version, is_managed=True)
    return said.primary, said.standby


def ask_all(query: Query, version: Version, is_managed: bool) -> Said:
    """Return the role and the receiver's status, and with ``is_managed`` the sides.

    A server that is promoted in the middle of the statement is asked again.
    """
    text = statement(version, is_managed)
    said = parse(query(text)[0], version)
    if is_managed and not (said.primary or said.standby):
        said = parse(query(text)[0], version)
    return said


def statement(version: Version, is_managed: bool) -> str:
    """Return the statement for a server of ``version``."""
    role = f"{_receiver(version)}, pg_catalog.pg_is_in_recovery()"
    if not is_managed:
        return f"select {role}"
    names = _names(version)
    sources = f"{_SENDERS},{_SLOTS if version >= _FIRST_WITH_SLOTS else _NO_SLOTS}"
    return f"select {_SIDES} {role} from {sources}".format(**names)


def parse(row: tuple[Any, ...], version: Version) -> Said:
    """Return what the only row of the answer says."""
    *sides, receiver, is_in_recovery = row
    if version >= _FIRST_WITH_RECEIVER_VIEW:
        receiver = receiver or ""
    said = Said(is_in_recovery, receiver)
    if not sides:
        return said
    if is_in_recovery:
        return said._replace(standby=_standby(sides))
    return said._replace(primary=_primary(sides) if sides[0] else None)


def _primary(row: list[Any]) -> PrimarySide:
    """Return the primary's side.

    The timeline is the one that it writes: the control file, and the functions that
    show it, have the former one until the first checkpoint after a promotion.
    """
    return PrimarySide(
        timeline=int(row[1][:8], 16),
        flush_lsn=lsn.parse(row[0]),
        synchronous_standby_names=row[5],
        senders=tuple(_senders(row[6:11])),
        slots=tuple(_slots(row[11:15])),
        segment_bytes=_bytes(row[15]),
    )


def _standby(row: list[Any]) -> StandbySide:
    received, replayed = (_lsn(text) or 0 for text in row[2:4])
    return StandbySide(
        received_lsn=max(received, replayed),
        replayed_lsn=replayed,
        is_paused=bool(row[4]),
        slots=tuple(_slots(row[11:15])),
        segment_bytes=_bytes(row[15]),
    )


def _bytes(setting: str) -> int:
    """Return a size as the server shows it, 16MB say, in bytes."""
    number, unit = setting[:-2], setting[-2:]
    return int(number) * _UNITS[unit]


def _senders(columns: list[Any]) -> Iterator[Sender]:
    for name, state, sync_state, flush, replay in _rows(columns):
        yield Sender(
            name or "", state or "", sync_state or "", _lsn(flush), _lsn(replay)
        )


def _slots(columns: list[Any]) -> Iterator[Slot]:
    for name, is_active, restart, is_lost in _rows(columns):
        yield Slot(name, is_active, _lsn(restart), is_lost)


def _rows(columns: list[Any]) -> Iterator[tuple[Any, ...]]:
    """Return the rows of parallel arrays; an array of no rows is NULL."""
    return zip(*(column or () for column in columns))


def _lsn(text: str | None) -> int | None:
    return lsn.parse(text) if text else None


def _receiver(version: Version) -> str:
    if version < _FIRST_WITH_RECEIVER_VIEW:
        return "null"
    status = f"select coalesce(status, '{HIDDEN}')"
    return f"({status} from pg_catalog.pg_stat_wal_receiver)"


def _names(version: Version) -> dict[str, str]:
    """Return what is called differently in different releases."""
    is_lost = "wal_status = 'lost'" if version >= _FIRST_WITH_WAL_STATUS else "false"
    names = {"is_lost": f"coalesce({is_lost}, false)"}
    if version >= _FIRST_WITH_WAL_NAMES:
        return {
            **names,
            "current": "pg_current_wal_flush_lsn",
            "file_name": "pg_walfile_name",
            "received": "pg_last_wal_receive_lsn",
            "replayed": "pg_last_wal_replay_lsn",
            "is_paused": "pg_is_wal_replay_paused",
            "flush": "flush_lsn",
            "replay": "replay_lsn",
        }
    has_flush = version >= _FIRST_WITH_FLUSH_POSITION
    return {
        **names,
        "current": f"pg_current_xlog_{'flush_' if has_flush else ''}location",
        "file_name": "pg_xlogfile_name",
        "received": "pg_last_xlog_receive_location",
        "replayed": "pg_last_xlog_replay_location",
        "is_paused": "pg_is_xlog_replay_paused",
        "flush": "flush_location",
        "replay": "replay_location",
    }
