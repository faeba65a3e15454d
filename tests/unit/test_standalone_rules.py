# SPDX-License-Identifier: GPL-2.0-or-later
"""What a monitor of a stand-alone server says, as a pure decision."""

from __future__ import annotations

import pytest

from pgsr.decide.standalone import monitor_code
from pgsr.ocf import Exit
from pgsr.state import Server, Service


@pytest.mark.parametrize(
    ("service", "code"),
    [
        (Service.STOPPED, Exit.NOT_RUNNING),
        (Service.LEFTOVERS, Exit.ERROR),
        (Service.UNREACHABLE, Exit.ERROR),
        (Service.FAILS, Exit.ERROR),
        (Service.BUSY, Exit.SUCCESS),
        (Service.ANSWERS, Exit.SUCCESS),
    ],
)
def test_only_proof_that_nothing_runs_is_answered_as_not_running(
    service: Service, code: Exit
) -> None:
    assert monitor_code(Server(service)) is code
