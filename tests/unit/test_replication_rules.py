# SPDX-License-Identifier: GPL-2.0-or-later
"""The rules of the PGSR method, as pure decisions."""

from __future__ import annotations

import itertools

import pytest

from pgsr.decide import replication as decide
from pgsr.decide.replication import LastInstance
from pgsr.ocf import LONGEST_EXIT_REASON, Exit
from pgsr.state import (
    Cluster,
    ControlState,
    Flags,
    Peer,
    Role,
    Server,
    Service,
)
from tests.unit import observed
from tests.unit.observed import cluster, flags

BUSY_PRIMARY = Server(Service.BUSY, Role.PRIMARY)
BUSY_STANDBY = Server(Service.BUSY, Role.STANDBY)
HUNG_PRIMARY = Server(Service.UNREACHABLE, Role.PRIMARY)
HUNG_STANDBY = Server(Service.UNREACHABLE, Role.STANDBY)
FLAG_FILE = "/var/lib/pgsql/PGSQL.5432.repress_start"


@pytest.mark.parametrize(
    ("found", "seen", "status"),
    [
        pytest.param(flags(), cluster(), None, id="first primary"),
        pytest.param(flags(), cluster(observed.STANDBY), None, id="standby elsewhere"),
        pytest.param(
            flags(standby=True), cluster(observed.PRIMARY), None, id="first standby"
        ),
        pytest.param(
            flags(start=True),
            cluster(),
            "STOP:repressing start file exists",
            id="used primary",
        ),
        pytest.param(
            flags(start=True, standby=True),
            cluster(observed.PRIMARY),
            "STOP:repressing start file exists",
            id="used standby",
        ),
        pytest.param(
            flags(),
            cluster(observed.PRIMARY),
            "STOP:master already exists",
            id="second primary",
        ),
        pytest.param(
            flags(),
            cluster(observed.LOST_PRIMARY),
            "STOP:master already exists",
            id="primary out of reach, not fenced yet",
        ),
        pytest.param(
            flags(),
            cluster(observed.REFUSED),
            None,
            id="primary, and an instance elsewhere that was refused",
        ),
        pytest.param(
            flags(standby=True),
            cluster(observed.REFUSED),
            "STOP:master doesn't exist",
            id="standby, and an instance elsewhere that was refused",
        ),
        pytest.param(
            flags(standby=True),
            cluster(observed.STANDBY),
            "STOP:master doesn't exist",
            id="standby without a primary",
        ),
        pytest.param(
            flags(standby=True),
            cluster(observed.OFF),
            "STOP:master doesn't exist",
            id="standby with the peer off",
        ),
    ],
)
def test_a_data_directory_is_put_to_use_once_and_fits_the_cluster(
    found: Flags, seen: Cluster, status: str | None
) -> None:
    verdict = decide.may_start(found, seen, FLAG_FILE)
    assert verdict.is_allowed == (status is None)
    assert verdict.status == (status or "")


@pytest.mark.parametrize(
    ("found", "server", "seen", "is_allowed"),
    [
        (flags(monitor=True), observed.NOTHING_RUNS, cluster(), True),
        (flags(monitor=True), observed.NOTHING_RUNS, cluster(observed.STANDBY), True),
        (flags(start=True), observed.STREAMING, cluster(observed.OFF), True),
        (flags(start=True), observed.STREAMING, cluster(observed.PRIMARY), False),
        (flags(start=True), observed.STREAMING, cluster(observed.LOST_PRIMARY), False),
        (flags(monitor=True), observed.NOTHING_RUNS, cluster(observed.PRIMARY), False),
        (flags(monitor=True), observed.NOTHING_RUNS, cluster(observed.REFUSED), True),
        (flags(), observed.NOTHING_RUNS, cluster(), False),
        (flags(start=True, monitor=True), observed.NOTHING_RUNS, cluster(), False),
        (flags(monitor=True, standby=True), observed.NOTHING_RUNS, cluster(), False),
    ],
)
def test_a_node_is_promoted_only_prepared_and_alone(
    found: Flags, server: Server, seen: Cluster, is_allowed: bool
) -> None:
    assert decide.may_promote(found, server, seen, FLAG_FILE).is_allowed == is_allowed


def test_every_refusal_fits_into_an_exit_reason_and_has_advice() -> None:
    combinations = itertools.product((False, True), repeat=3)
    peers = (observed.PRIMARY, observed.STANDBY, observed.OFF)
    for found, peer in itertools.product(map(Flags._make, combinations), peers):
        seen = cluster(peer._replace(name="database-node-17.example.com"))
        for verdict in (
            decide.may_start(found, seen, FLAG_FILE),
            decide.may_promote(found, observed.NOTHING_RUNS, seen, FLAG_FILE),
        ):
            assert verdict.is_allowed or verdict.advice
            assert len(verdict.reason.encode()) <= LONGEST_EXIT_REASON, verdict


@pytest.mark.parametrize(
    ("server", "has_streamed", "code", "status", "score"),
    [
        (observed.RUNNING_PRIMARY, False, Exit.RUNNING_PROMOTED, "PRI", "1000"),
        (observed.STREAMING, False, Exit.SUCCESS, "HS", "100"),
        (observed.STREAMING, True, Exit.SUCCESS, "HS", "100"),
        (observed.ALONE, False, Exit.SUCCESS, "HS:alone", "-INFINITY"),
        (observed.ALONE, True, Exit.SUCCESS, "HS", "100"),
        (observed.OLD_STANDBY, False, Exit.SUCCESS, "HS", "100"),
        (BUSY_PRIMARY, False, Exit.RUNNING_PROMOTED, "PRI", "1000"),
        (BUSY_STANDBY, True, Exit.SUCCESS, "HS", "100"),
        (Server(Service.BUSY), True, Exit.ERROR, "UNKNOWN:with errors", None),
        (HUNG_PRIMARY, True, Exit.ERROR, "UNKNOWN:with errors", None),
        (HUNG_STANDBY, True, Exit.ERROR, "UNKNOWN:with errors", None),
        (Server(Service.LEFTOVERS), True, Exit.ERROR, "UNKNOWN:with errors", None),
    ],
)
def test_a_monitor_reports_what_runs(
    server: Server, has_streamed: bool, code: Exit, status: str, score: str | None
) -> None:
    said = decide.report(server, has_streamed)
    assert said == decide.Report(code, status, score)


@pytest.mark.parametrize(
    ("status", "score", "expected"),
    [
        ("HS", "100", True),
        ("HS", "", True),
        ("HS:alone", "100", True),
        ("UNKNOWN:with errors", "100", True),
        ("HS:alone", "-INFINITY", False),
        ("STOP", "", False),
        ("PRI", "1000", False),
    ],
)
def test_score_or_status_tell_that_a_standby_has_streamed(
    status: str, score: str, expected: bool
) -> None:
    seen = cluster()._replace(own={"status": status}, score=score)
    assert decide.has_streamed(seen) == expected


@pytest.mark.parametrize(
    ("is_repressed", "is_probe", "code", "status"),
    [
        (True, False, Exit.SUCCESS, None),
        (False, False, Exit.NOT_RUNNING, "STOP:with errors"),
        (True, True, Exit.NOT_RUNNING, None),
        (False, True, Exit.NOT_RUNNING, None),
    ],
)
def test_a_stopped_server_is_no_failure_while_promotion_is_awaited(
    is_repressed: bool, is_probe: bool, code: Exit, status: str | None
) -> None:
    said = decide.report_stopped(is_repressed, is_probe)
    assert (said.code, said.status, said.score) == (code, status, None)


@pytest.mark.parametrize(
    ("did_run", "status", "left"),
    [
        (True, "PRI", "STOP"),
        (True, "STOP:with errors", "STOP"),
        (False, "STOP:waiting for promote op", "STOP"),
        (False, "", "STOP"),
        (
            False,
            "STOP:repressing start file exists",
            "STOP:repressing start file exists",
        ),
        (False, "STOP:master already exists", "STOP:master already exists"),
        (False, "STOP:master doesn't exist", "STOP:master doesn't exist"),
        (False, "STOP:with errors", "STOP:with errors"),
    ],
)
def test_a_stop_leaves_the_reason_why_nothing_ran(
    did_run: bool, status: str, left: str
) -> None:
    assert decide.status_after_stop(did_run, status) == left


@pytest.mark.parametrize(
    ("peers", "expected"),
    [
        ((), LastInstance.YES),
        ((observed.OFF,), LastInstance.YES),
        ((observed.STOPPED,), LastInstance.YES),
        ((observed.STANDBY,), LastInstance.NO),
        ((observed.PRIMARY,), LastInstance.NO),
        ((observed.UNCLEAN,), LastInstance.NO),
        ((observed.LEAVING,), LastInstance.WAIT),
        ((observed.LEAVING, observed.STANDBY), LastInstance.NO),
        ((observed.LEAVING, observed.OFF), LastInstance.WAIT),
        ((observed.UNCLEAN._replace(is_leaving=True),), LastInstance.NO),
    ],
)
def test_only_the_last_primary_of_a_fenced_cluster_has_the_newest_data(
    peers: tuple[Peer, ...], expected: LastInstance
) -> None:
    mark = decide.LAST_PRIMARY
    assert decide.last_instance(cluster(*peers, own=mark)) is expected
    assert decide.last_instance(cluster(*peers)) is LastInstance.NO
    unfenced = cluster(*peers, own=mark, fencing=False)
    assert decide.last_instance(unfenced) is LastInstance.NO


def test_peers_are_waited_for_when_the_whole_resource_stops() -> None:
    stopping = cluster(observed.STANDBY, own="last-primary", target_stopped=True)
    assert decide.last_instance(stopping) is LastInstance.WAIT


@pytest.mark.parametrize("control", [*ControlState, None])
def test_only_a_primary_that_was_shut_down_is_clean(
    control: ControlState | None,
) -> None:
    is_clean = control is ControlState.SHUT_DOWN
    assert decide.is_clean_primary(flags(), control) == is_clean
    assert not decide.is_clean_primary(flags(standby=True), control)
