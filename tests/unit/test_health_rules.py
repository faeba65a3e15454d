# SPDX-License-Identifier: GPL-2.0-or-later
"""What makes a server a healthy one, as pure decisions."""

from __future__ import annotations

import pytest

from pgsr.decide.health import monitor_code, statement_to_check
from pgsr.ocf import Exit
from pgsr.state import Role, Server, Service


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


@pytest.mark.parametrize(
    ("rep_mode", "role", "monitor_sql", "statement"),
    [
        ("none", Role.PRIMARY, "select 1", "select 1"),
        ("none", Role.STANDBY, "default", "default"),
        ("slave", Role.STANDBY, "select 1", "select 1"),
        ("async", Role.PRIMARY, "select 1", "select 1"),
        ("async", Role.PRIMARY, "default", ""),
        ("async", Role.STANDBY, "select 1", ""),
    ],
)
def test_with_roles_only_a_primary_is_checked_by_a_statement(
    rep_mode: str, role: Role, monitor_sql: str, statement: str
) -> None:
    assert statement_to_check(rep_mode, role, monitor_sql, "default") == statement
