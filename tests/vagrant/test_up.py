# SPDX-License-Identifier: GPL-2.0-or-later
"""Two machines from `vagrant up` to a failover, and to their end.

They are emulated where there is no hardware for them, so no time is asserted here.
"""

from __future__ import annotations

import os
import re

import pytest

from tests import programs
from tests.programs import Ended
from tests.vagrant.conftest import CHECKOUT, UP_TIMEOUT_S, vagrant

ADDRESS = "192.168.56.10"
FAILOVER = (
    "tests/cluster/test_failover.py::test_power_cut_of_the_primary_promotes_the_standby"
)
STATE = (
    "sudo cibadmin --query --xpath //configuration;"
    " sudo cksum /etc/corosync/corosync.conf /etc/default/sbd /etc/hosts;"
    " sudo head -1 /var/lib/pgsql/data/postmaster.pid;"
    " systemctl show --property=MainPID corosync sbd pacemaker"
)

pytestmark = pytest.mark.timeout(UP_TIMEOUT_S + 300)


def state(node: str) -> str:
    """Return configuration, files and processes of a machine, as one text."""
    ended = vagrant("ssh", node, "--command", STATE)
    assert ended.code == 0, ended.err
    return ended.out


def test_vagrant_up_makes_a_cluster_and_says_what_to_do_with_it(
    machines: Ended,
) -> None:
    assert machines.code == 0, machines.out + machines.err
    assert f"psql -h {ADDRESS} -U postgres" in machines.out
    shown = vagrant("ssh", "node1", "--command", "sudo crm_mon -1Afr").out
    assert re.search(r"Online: \[ node1 node2 \]", shown), shown
    assert re.search(r"Promoted: \[ node1 \]", shown), shown
    assert re.search(r"Unpromoted: \[ node2 \]", shown), shown
    assert re.search(r"fencing\s+\(stonith:fence_sbd\):\s+Started", shown), shown


def test_client_on_the_host_writes_and_reads(machines: Ended) -> None:
    assert machines.code == 0
    statements = "CREATE TABLE seen AS SELECT 42 AS number; SELECT number FROM seen"
    command = ("psql", "-XAtq", "-h", ADDRESS, "-U", "postgres", "-c", statements)
    ended = programs.run(command, 60.0, os.environ)
    assert ended.out.strip() == "42", ended.err


def test_second_provisioning_changes_nothing(machines: Ended) -> None:
    assert machines.code == 0
    before = {node: state(node) for node in ("node1", "node2")}
    ended = vagrant("provision", timeout_s=UP_TIMEOUT_S)
    assert ended.code == 0, ended.out + ended.err
    assert "Running provisioner: pgsr" in ended.out
    assert not re.findall(r"node\d: pgsr: .*", ended.out)
    assert {node: state(node) for node in before} == before


def test_scenario_of_the_namespaces_passes_on_the_machines(machines: Ended) -> None:
    assert machines.code == 0
    python = str(CHECKOUT / ".venv/bin/python")
    command = ("env", f"--chdir={CHECKOUT}", python, "-m", "pytest", "--timeout=900")
    environment = {**os.environ, "PGSR_MACHINES": "vagrant", "PGSR_PATIENCE": "8"}
    ended = programs.run((*command, FAILOVER), UP_TIMEOUT_S, environment)
    assert ended.code == 0, ended.out + ended.err
    assert "1 passed" in ended.out


def test_machines_that_exist_keep_the_settings_that_they_were_made_with(
    machines: Ended,
) -> None:
    assert machines.code == 0
    refused = vagrant("up", variables={"PGSR_MODE": "sync"})
    assert refused.code != 0
    assert "were made with PGSR_MODE=pgsr" in refused.out + refused.err
