# SPDX-License-Identifier: GPL-2.0-or-later
"""How long corosync takes to notice that a node is lost, as it says itself."""

from __future__ import annotations

import pytest

from pgsr.modes.managed.unrecorded import totem_ms


@pytest.mark.parametrize(
    ("said", "time_ms"),
    [
        pytest.param(
            "runtime.config.totem.token (u32) = 1000\n"
            "runtime.config.totem.token_retransmit (u32) = 238\n"
            "runtime.config.totem.consensus (u32) = 1200\n",
            2200,
            id="both, and one that begins alike",
        ),
        pytest.param("runtime.config.totem.token (u32) = 1000\n", 20_000, id="one"),
        pytest.param("", 20_000, id="nothing"),
    ],
)
def test_corosync_says_when_it_gives_a_node_up(said: str, time_ms: int) -> None:
    assert totem_ms(said) == time_ms
