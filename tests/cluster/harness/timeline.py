# SPDX-License-Identifier: GPL-2.0-or-later
"""Reconstruct a failover from the logs of the node that took over; it only computes.

The nodes log in UTC with milliseconds and, as syslog does, without the year.
"""

from __future__ import annotations

import calendar
import re
import time
from collections.abc import Iterable, Iterator
from typing import NamedTuple

STAMP = re.compile(r"^(\w{3} +\d+ \d\d:\d\d:\d\d)\.(\d+) (.*)")
POSTGRESQL_STAMP = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\.(\d+) UTC (.*)")

CLUSTER_MILESTONES = (
    (r"A processor failed, forming new configuration", "detected: {0} is silent"),
    (r"Sync left\[\d+\]", "{0} left the membership"),
    (r"Requesting fencing \(off\)", "fencing of {0} requested"),
    (r"Operation 'off' targeting .* OK", "fenced: {0} is known to be off"),
    (r"Requesting local execution of promote operation", "promotion of {1} begins"),
    (r"Result of promote operation for .*: ok", "promoted: {1} has the primary"),
    (r"Result of start operation for address .*: ok", "address moved to {1}"),
)
POSTGRESQL_MILESTONES = (
    (
        r"received promote request|promote trigger file found",
        "PostgreSQL leaves recovery",
    ),
    (r"database system is ready to accept connections", "PostgreSQL takes writes"),
)


class Event(NamedTuple):
    """Something that happened."""

    at: float  # seconds since the epoch
    text: str


def failover(
    cluster_logs: Iterable[str], server_log: str, since: float, gone: str, taker: str
) -> list[Event]:
    """Return the milestones of a failover from one node to another, in time order.

    `since` is the time of the fault, in seconds since the epoch.
    """
    year = time.gmtime(since).tm_year
    events = [
        *(
            event
            for log in cluster_logs
            for event in _found(lines(log, year), CLUSTER_MILESTONES, since)
        ),
        *_found(server_lines(server_log), POSTGRESQL_MILESTONES, since),
    ]
    return sorted(Event(event.at, event.text.format(gone, taker)) for event in events)


def lines(log: str, year: int) -> Iterator[Event]:
    """Return the lines of a log of corosync's or Pacemaker's with their times."""
    for match in filter(None, map(STAMP.match, log.splitlines())):
        stamp = f"{year} {match[1]}"
        yield Event(_seconds(stamp, "%Y %b %d %H:%M:%S", match[2]), match[3])


def server_lines(log: str) -> Iterator[Event]:
    """Return the lines of a log of PostgreSQL's with their times."""
    for match in filter(None, map(POSTGRESQL_STAMP.match, log.splitlines())):
        yield Event(_seconds(match[1], "%Y-%m-%d %H:%M:%S", match[2]), match[3])


def _seconds(stamp: str, form: str, fraction: str) -> float:
    return calendar.timegm(time.strptime(stamp, form)) + float(f"0.{fraction}")


def _found(
    given: Iterator[Event], milestones: Iterable[tuple[str, str]], since: float
) -> Iterator[Event]:
    """Return the first line after the fault that reaches each milestone."""
    wanted = dict(milestones)
    for line in given:
        reached = [
            pattern
            for pattern in wanted
            if re.search(pattern, line.text, re.IGNORECASE)
        ]
        if line.at >= since and reached:
            yield Event(line.at, wanted.pop(reached[0]))
