# SPDX-License-Identifier: GPL-2.0-or-later
"""What is read from files, servers and the cluster's tools."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from pgsr import log, ocf
from pgsr.ocf import AgentError
from pgsr.pacemaker import parse_cluster
from pgsr.postgres import datadir, ping, postmaster
from pgsr.postgres.start import telling_part
from pgsr.state import Cluster, Peer

RECORDED = Path(__file__).parent / "data"

PID_FILE = """4711
/srv/data
1795388192
5433
/run/postgresql
*
  5433001    131072
ready
"""


def test_a_pid_file_is_read() -> None:
    said = postmaster.parse_pid_file(PID_FILE)
    assert said == postmaster.PidFile(
        4711, 5433, "/run/postgresql", "localhost", "ready"
    )


def test_the_pid_file_of_a_server_in_single_user_mode_has_a_negative_number() -> None:
    said = postmaster.parse_pid_file("-815\n/srv/data\n")
    assert said == postmaster.PidFile(815, None, "", "", "")


@pytest.mark.parametrize("text", ["", "\n", "garbage\n5432\n"])
def test_a_garbled_pid_file_says_nothing(text: str) -> None:
    assert postmaster.parse_pid_file(text) is None


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("15\n", (15,)),
        ("9.6\n", (9, 6)),
        ("pg_ctl (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", (15,)),
        ("pg_ctl (PostgreSQL) 9.1.24", (9, 1)),
        ("pg_ctl (PostgreSQL) 19beta1", (19,)),
        ("nonsense", ()),
        ("", ()),
    ],
)
def test_major_versions_are_compared_as_numbers(
    text: str, version: tuple[int, ...]
) -> None:
    assert datadir.major_version(text) == version


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("trigger_file = '/a b'\n", "/a b"),
        ("trigger_file='/it''s'", "/it's"),
        ("  TRIGGER_FILE /plain # why\n", "/plain"),
        ("#trigger_file = '/off'\n", ""),
        ("trigger_file = '/1'\ntrigger_file = '/2'\n", "/2"),
        ("my_trigger_file = '/x'\n", ""),
        ("", ""),
    ],
)
def test_a_setting_is_read_as_the_server_reads_it(text: str, value: str) -> None:
    assert datadir.parse_setting(text, "trigger_file") == value


def test_the_sqlstate_of_a_refusal_is_found_in_any_language() -> None:
    fields = b"SFATAL\0VFATAL\0C53300\0MEs gibt schon zu viele Clients\0\0"
    message = b"E" + struct.pack("!i", len(fields) + 4) + fields
    assert ping.parse_refusal(message) == ping.TOO_MANY_CONNECTIONS


@pytest.mark.parametrize("message", [b"", b"R\0\0\0\x08\0\0\0\0", b"E\0\0\0\x05\0"])
def test_other_messages_are_no_refusal(message: bytes) -> None:
    assert ping.parse_refusal(message) == ""


def test_the_startup_packet_is_that_of_protocol_3() -> None:
    packet = ping.startup_packet("mon", "template1")
    assert struct.unpack_from("!ii", packet) == (len(packet), 196608)
    assert packet[8:] == b"user\0mon\0database\0template1\0\0"


def crm_mon(nodes: str, resources: str = "", attributes: str = "") -> str:
    return (
        f"<pacemaker-result><nodes>{nodes}</nodes><resources>{resources}</resources>"
        f"<node_attributes>{attributes}</node_attributes></pacemaker-result>"
    )


NODES = (
    '<node name="node1" online="true" unclean="false"/>'
    '<node name="node10" online="true" unclean="false" shutdown="true"/>'
    '<node name="node2" online="false" unclean="true"/>'
    '<node name="node3" online="false" unclean="false"/>'
)


def test_nodes_that_are_off_out_of_reach_and_leaving_are_told_apart() -> None:
    seen = parse_cluster(crm_mon(NODES), "pgsql", "node1")
    assert seen.peers == (
        Peer("node10", True, False, True, "Stopped", {}),
        Peer("node2", False, False, False, "Stopped", {}),
        Peer("node3", False, True, False, "Stopped", {}),
    )


def test_names_that_are_prefixes_of_each_other_are_told_apart() -> None:
    resources = '<resource id="pgsql2" role="Promoted"><node name="node10"/></resource>'
    attributes = (
        '<node name="node1"><attribute name="pgsql-status" value="PRI"/>'
        '<attribute name="pgsql2-status" value="HS"/>'
        '<attribute name="master-pgsql" value="1000"/></node>'
    )
    seen = parse_cluster(crm_mon(NODES, resources, attributes), "pgsql", "node1")
    assert seen.own == {"status": "PRI"}
    assert seen.score == "1000"
    assert {peer.role for peer in seen.peers} == {"Stopped"}


@pytest.mark.parametrize("identity", ["pgsql", "pgsql:1"])
@pytest.mark.parametrize("role", ["Promoted", "Master"])
def test_a_promoted_instance_is_seen_with_every_spelling(
    identity: str, role: str
) -> None:
    resources = (
        f'<clone><resource id="{identity}" role="{role}"><node name="node10"/>'
        '</resource><resource id="pgsql" role="Slave"><node name="node1"/></resource>'
        "</clone>"
    )
    seen = parse_cluster(crm_mon(NODES, resources), "pgsql", "node1")
    assert seen.peers[0].role == "Promoted"


@pytest.mark.parametrize(
    ("words", "role"),
    [
        ('role="Stopped"', "Stopped"),
        ('role="Stopped" pending="Starting"', "Started"),
        ('role="Stopped" pending="Monitoring"', "Stopped"),
        ('role="Starting"', "Started"),
        ('role="Promoting"', "Promoted"),
        ('role="Demoting"', "Started"),
        ('role="Stopping"', "Started"),
        ('role="Unpromoted" pending="Promoting"', "Unpromoted"),
    ],
)
def test_an_instance_that_is_about_to_start_counts_as_active(
    words: str, role: str
) -> None:
    resources = f'<resource id="pgsql" {words}><node name="node10"/></resource>'
    seen = parse_cluster(crm_mon(NODES, resources), "pgsql", "node1")
    assert seen.peers[0].role == role


def recorded(name: str, node: str) -> Cluster:
    text = (RECORDED / f"crm_mon-{name}.xml").read_text()
    return parse_cluster(text, "pgsql", node)


@pytest.mark.parametrize("version", ["2.1.5", "3.0.0"])
def test_a_healthy_cluster_is_read_from_what_pacemaker_printed(version: str) -> None:
    primary = {"status": "PRI", "last-primary": "yes"}
    assert recorded(version, "node2") == Cluster(
        "node2",
        {"status": "HS"},
        "100",
        (Peer("node1", True, False, False, "Promoted", primary, "1000"),),
        is_fencing_enabled=True,
        is_target_stopped=False,
    )


def test_a_primary_out_of_reach_is_read_from_what_pacemaker_printed() -> None:
    [peer] = recorded("3.0.0-unclean", "node2").peers
    assert peer == Peer("node1", False, False, False, "Promoted", {})


def test_a_fenced_node_is_read_from_what_pacemaker_printed() -> None:
    [peer] = recorded("3.0.0-promoting", "node2").peers
    assert peer == Peer("node1", False, True, False, "Stopped", {})
    [peer] = recorded("3.0.0-promoting", "node1").peers
    assert peer.role == "Promoted"


def test_a_resource_that_stops_is_read_from_what_pacemaker_printed() -> None:
    seen = recorded("2.1.5-stopping", "node1")
    assert seen.is_target_stopped
    assert [peer.role for peer in seen.peers] == ["Started"]


def test_an_output_that_is_no_xml_is_an_error() -> None:
    with pytest.raises(AgentError, match="no XML"):
        parse_cluster("Connection failed", "pgsql", "node1")


def test_a_call_of_pacemaker_is_understood() -> None:
    environ = {
        "OCF_RESOURCE_INSTANCE": "pgsql:1",
        "OCF_RESKEY_CRM_meta_timeout": "30000",
        "OCF_RESKEY_CRM_meta_interval": "10000",
        "OCF_RESKEY_CRM_meta_on_node": "node1",
        "OCF_RESKEY_CRM_meta_master_max": "1",
    }
    call = ocf.parse_invocation(["/x/pgsql", "monitor"], environ)
    assert call == ocf.Invocation(
        "pgsql", "monitor", "pgsql", "node1", 30.0, False, True, 0
    )


@pytest.mark.parametrize("environ", [{}, {"OCF_RESKEY_CRM_meta_interval": "0"}])
def test_a_monitor_without_interval_is_a_probe(environ: dict[str, str]) -> None:
    assert ocf.parse_invocation(["pgsr", "monitor"], environ).is_probe
    assert not ocf.parse_invocation(["pgsr", "start"], environ).is_probe


def test_log_lines_have_the_form_of_the_shell_agents(tmp_path: Path) -> None:
    environ = {
        "HA_LOGFILE": str(tmp_path / "log"),
        "HA_LOGFACILITY": "none",
        "HA_DEBUGLOG": str(tmp_path / "debug"),
    }
    journal = log.from_environment(environ, "pgsql", "db", 42)
    journal.info("PostgreSQL is down")
    journal.details("not in the log")
    line = (tmp_path / "log").read_text()
    assert line.endswith(" pgsql(db)[42]:    INFO: PostgreSQL is down\n")
    line = (tmp_path / "debug").read_text()
    assert line.startswith("pgsql(db)[42]:\t")


def test_the_exit_reason_is_one_line_and_the_last(
    capsys: pytest.CaptureFixture[str],
) -> None:
    environ = {"OCF_EXIT_REASON_PREFIX": "why:"}
    journal = log.from_environment(environ, "pgsr", "db", 42)
    journal.exit_reason("first\nsecond", "Do this")
    lines = capsys.readouterr().err.splitlines()
    assert lines[-1] == "why:first second"
    assert "Do this" in lines[0]


PREFIX = "2026-11-23 00:41:01.000 UTC [4711]"


@pytest.mark.parametrize(
    ("log", "told"),
    [
        pytest.param(
            f"{PREFIX} LOG:  starting PostgreSQL\n{PREFIX} FATAL:  bogus data\n"
            f"{PREFIX} HINT:  Look.\n",
            "FATAL: bogus data | HINT: Look.",
            id="the end",
        ),
        pytest.param(
            f'{PREFIX} LOG:  unrecognized configuration parameter "x"\n'
            f'{PREFIX} FATAL:  configuration file "c" contains errors\n',
            'LOG: unrecognized configuration parameter "x"'
            ' | FATAL: configuration file "c" contains errors',
            id="an end that refers to what was said before",
        ),
        pytest.param("no level\n\nat all\n", "no level | at all", id="no log line"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_the_words_of_a_dying_server_are_those_that_tell_why(
    log: str, told: str
) -> None:
    assert telling_part(log) == told
