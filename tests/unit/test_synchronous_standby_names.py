# SPDX-License-Identifier: GPL-2.0-or-later
"""synchronous_standby_names is read as the server reads it, and written back."""

from __future__ import annotations

import pytest

from pgsr.decide.names import EMPTY, SyncNames, parse, render

NEW, BEFORE_10, OLD = (15,), (9, 6), (9, 5)


@pytest.mark.parametrize(
    ("value", "meaning"),
    [
        ("", EMPTY),
        ("  ", EMPTY),
        ('"node1"', SyncNames("", 1, ("node1",))),
        ("node1", SyncNames("", 1, ("node1",))),
        (' "Node1" , NODE2,"a ""b"""', SyncNames("", 1, ("node1", "node2", 'a "b"'))),
        ('"a,b", c', SyncNames("", 1, ("a,b", "c"))),
        ("*", SyncNames("", 1, ("*",))),
        ("2", SyncNames("", 1, ("2",))),
        ("node-1", SyncNames("", 1, ("node-1",))),
        ('FIRST 2 ("a", "b")', SyncNames("FIRST", 2, ("a", "b"))),
        ("first 1(a,b,c)", SyncNames("FIRST", 1, ("a", "b", "c"))),
        ("2 (a, b)", SyncNames("FIRST", 2, ("a", "b"))),
        ('Any 1 ("a(", "b)")', SyncNames("ANY", 1, ("a(", "b)"))),
        ("any 2 (*)", SyncNames("ANY", 2, ("*",))),
        ('"first"', SyncNames("", 1, ("first",))),
    ],
)
def test_every_form_of_the_setting_is_read(value: str, meaning: SyncNames) -> None:
    assert parse(value) == meaning


@pytest.mark.parametrize(
    "value",
    [
        "a b",
        "a,",
        ",a",
        ",",
        "a,,b",
        '"a',
        '""',
        "FIRST 1 ()",
        "ANY (a)",
        "(a)",
        "a,b)",
    ],
)
def test_what_the_server_would_not_take_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="is no list of standbys"):
        parse(value)


@pytest.mark.parametrize(
    ("wanted", "version", "value"),
    [
        (EMPTY, NEW, ""),
        (SyncNames("", 1, ("node1",)), NEW, '"node1"'),
        (SyncNames("FIRST", 1, ("node1",)), OLD, '"node1"'),
        (SyncNames("FIRST", 1, ("a", "b")), OLD, '"a", "b"'),
        (SyncNames("", 1, ('a "b"', "it's")), NEW, '"a ""b""", "it\'s"'),
        (SyncNames("FIRST", 2, ("a", "b")), NEW, 'FIRST 2 ("a", "b")'),
        (SyncNames("", 2, ("a", "b")), NEW, 'FIRST 2 ("a", "b")'),
        (SyncNames("FIRST", 2, ("a", "b")), BEFORE_10, '2 ("a", "b")'),
        (SyncNames("ANY", 1, ("a", "b")), NEW, 'ANY 1 ("a", "b")'),
    ],
)
def test_the_setting_is_written_for_each_version(
    wanted: SyncNames, version: tuple[int, ...], value: str
) -> None:
    assert render(wanted, version) == value
    assert parse(value).names == wanted.names


@pytest.mark.parametrize(
    ("wanted", "version"),
    [
        (SyncNames("ANY", 1, ("a", "b")), BEFORE_10),
        (SyncNames("FIRST", 2, ("a", "b")), OLD),
    ],
)
def test_what_a_server_cannot_do_is_not_written(
    wanted: SyncNames, version: tuple[int, ...]
) -> None:
    with pytest.raises(ValueError, match="has no"):
        render(wanted, version)
