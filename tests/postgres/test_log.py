# SPDX-License-Identifier: GPL-2.0-or-later
"""Log lines arrive where Pacemaker's environment sends them."""

from __future__ import annotations

import sys

from tests.postgres.conftest import Pair
from tests.postgres.node import AGENT
from tests.programs import run

# In a mount namespace of its own, with a /dev of its own: a daemon that takes one
# line of syslog, and the agent beside it.
SYSLOG_OF_ONE_CALL = """
import os, socket, subprocess, sys
subprocess.run(["mount", "-t", "tmpfs", "none", "/dev"], check=True)
os.mknod("/dev/null", 0o20666, os.makedev(1, 3))
daemon = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
daemon.settimeout(20)
daemon.bind("/dev/log")
subprocess.run(sys.argv[1:], check=False)
print(daemon.recv(4096).decode())
"""
DAEMON_INFO = "<30>"  # facility 3, severity 6


def test_lines_go_to_syslog_with_the_tag_of_the_shell_agents(pair: Pair) -> None:
    given = pair.node1.environment(rep_mode="none")
    environment = {**given, "HA_LOGFACILITY": "daemon"}
    unshare = ["unshare", "--mount", "--propagation", "private", sys.executable, "-c"]
    ended = run([*unshare, SYSLOG_OF_ONE_CALL, str(AGENT), "monitor"], 40, environment)
    assert ended.code == 0, ended
    assert ended.out.startswith(DAEMON_INFO)
    assert "pgsr(db)[" in ended.out
    assert ended.out.endswith("]: INFO: PostgreSQL is down\n")
    assert ended.err == "", "a line that went to syslog is not on standard error"


def test_lines_go_to_the_log_file(pair: Pair) -> None:
    log = pair.node1.top / "cluster.log"
    environment = {**pair.node1.environment(), "HA_LOGFILE": str(log)}
    ended = run([str(AGENT), "monitor"], 40, environment)
    assert ended.code == 7
    assert log.read_text().rstrip().endswith("INFO: PostgreSQL is down")
