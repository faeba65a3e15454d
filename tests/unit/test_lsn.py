# SPDX-License-Identifier: GPL-2.0-or-later
"""LSNs are read and written as the server and the stock agent do."""

from __future__ import annotations

import pytest

from pgsr import lsn

HIGHEST = 2**64 - 1


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0/0", 0),
        ("0/3000060", 0x3000060),
        ("1/0", 1 << 32),
        ("16/B374D848", 0x16B374D848),
        ("FFFFFFFF/FFFFFFFF", HIGHEST),
    ],
)
def test_an_lsn_is_read_and_written_as_the_server_does(text: str, value: int) -> None:
    assert lsn.parse(text) == value
    assert lsn.text(value) == text
    assert lsn.parse(text.lower()) == value


@pytest.mark.parametrize(
    "text", ["", "0", "0/", "/0", "0/3000060 ", "0/30000600\n", "-1/0", "0/G", "1/2/3"]
)
def test_what_is_no_lsn_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no LSN"):
        lsn.parse(text)


def test_halves_of_more_than_32_bits_are_refused() -> None:
    with pytest.raises(ValueError, match="is no LSN"):
        lsn.parse("0/100000000")


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0" * 16), (0x16B374D848, "00000016B374D848"), (HIGHEST, "F" * 16)],
)
def test_the_stock_agent_writes_sixteen_digits(value: int, text: str) -> None:
    assert lsn.stock(value) == text


def test_what_the_stock_agent_compares_as_text_has_the_order_of_the_numbers() -> None:
    values = [0, 0xFFFFFFFF, 1 << 32, (9 << 32) + 5, 0x10 << 32, HIGHEST]
    assert sorted(map(lsn.stock, values)) == [*map(lsn.stock, values)]
