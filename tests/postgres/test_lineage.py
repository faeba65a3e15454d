# SPDX-License-Identifier: GPL-2.0-or-later
"""A primary is asked for its history, on the way that a standby takes."""

from __future__ import annotations

import socket
import time

import pytest

from pgsr import lsn
from pgsr.ocf import AgentError
from pgsr.postgres import control, lineage
from pgsr.state import Lineage
from pgsr.wait import now
from tests.postgres.conftest import Pair
from tests.postgres.in_process import instance_of
from tests.postgres.node import Node
from tests.programs import DATABASE_USER, must

VERSIONS = pytest.mark.parametrize("major", [10, 12, 15, 18])
SHORT_S = 0.5
LONG_S = 10
SECRET = "s3cret"


def ask(node: Node, host: str, seconds: float = LONG_S, **changes: str) -> Lineage:
    instance = instance_of(node, **changes)
    return lineage.ask(instance, host, now() + seconds)


def promote(node: Node) -> None:
    argv = [str(node.programs / "pg_ctl"), "-D", str(node.data), "promote"]
    must(argv, user=DATABASE_USER)
    node.wait_for("promotion", lambda: not node.sql("select pg_is_in_recovery()"))


def stop(node: Node) -> None:
    argv = [str(node.programs / "pg_ctl"), "-D", str(node.data), "-w", "stop"]
    must(argv, user=DATABASE_USER)


@VERSIONS
def test_a_primary_tells_each_timeline_that_it_left(pair: Pair) -> None:
    _, node1, node2 = pair
    node1.start_server()
    first = ask(node1, str(node1.top))
    assert (first.timeline, first.switches) == (1, ())
    stop(node1)
    node2.follow(node1)
    node2.start_server()
    node2.sql("select 1")
    promote(node2)
    second = ask(node2, str(node2.top))
    read = control.read(str(node2.data))
    assert read is not None
    assert second.system_identifier == first.system_identifier == read.system_identifier
    assert second.timeline == 2
    [(parent, switch)] = second.switches
    assert parent == 1
    assert first.flush_lsn <= switch <= second.flush_lsn
    end = node2.sql("select pg_current_wal_flush_lsn()::text")
    assert second.flush_lsn <= lsn.parse(end)


def test_the_way_in_is_that_of_a_standby(pair: Pair) -> None:
    node = pair.node1
    node.start_server()
    node.sql(f"create role \"re pl\" login replication password '{SECRET}'")
    hba = 'local replication "re pl" scram-sha-256\nlocal all all trust\n'
    node.write(node.data / "pg_hba.conf", hba)
    node.sql("select pg_reload_conf()")
    passwords = node.top / "passwords"
    node.write(passwords, f"*:*:replication:re pl:{SECRET}\n")
    passwords.chmod(0o600)
    for host, options in (
        (str(node.top), f"passfile={passwords}"),
        (str(node.top), f"password={SECRET} options='-c geqo=off'"),
        ("/nowhere", f"host={node.top} password={SECRET}"),
    ):
        answer = ask(node, host, repuser="re pl", primary_conninfo_opt=options)
        assert answer.timeline == 1


@pytest.mark.parametrize("major", [10, 18])
def test_the_style_of_dates_does_not_matter(pair: Pair) -> None:
    node = pair.node1
    with (node.data / "postgresql.conf").open("a") as file:
        file.write("datestyle = 'german'\n")
    node.start_server()
    assert ask(node, str(node.top)).timeline == 1


def test_a_refusal_names_host_and_reason(pair: Pair) -> None:
    node = pair.node1
    node.write(node.data / "pg_hba.conf", "local all all trust\n")
    node.start_server()
    with pytest.raises(AgentError, match=r"no pg_hba\.conf entry") as raised:
        ask(node, str(node.top))
    assert str(raised.value).startswith(f"The primary at {node.top} cannot be asked")
    assert "pg_hba.conf" in raised.value.advice


@pytest.mark.parametrize(
    "options", [f"password=my {SECRET}", f"{SECRET}", f"passwrd={SECRET}"]
)
def test_no_part_of_a_password_is_told(pair: Pair, options: str) -> None:
    with pytest.raises(AgentError) as raised:
        ask(pair.node1, "/nowhere", primary_conninfo_opt=options)
    assert SECRET not in f"{raised.value} {raised.value.advice}"


def test_who_is_not_there_is_no_primary(pair: Pair) -> None:
    with pytest.raises(AgentError, match=r"No such file|does not exist|Is the server"):
        ask(pair.node1, str(pair.node1.top))


def test_a_server_that_hangs_is_not_waited_for(pair: Pair) -> None:
    with socket.create_server(("127.0.0.1", 0)) as hanging:
        port = str(hanging.getsockname()[1])
        began = time.monotonic()
        with pytest.raises(AgentError, match=r"127\.0\.0\.1 .*did not answer in time"):
            ask(pair.node1, "127.0.0.1", SHORT_S, pgport=port)
        assert time.monotonic() - began < SHORT_S + 1
