#!/usr/bin/python3 -I
# SPDX-License-Identifier: GPL-2.0-or-later
"""Stonith agent that asks the harness's power switch over a Unix socket.

Options come on standard input as the fence agent API has it. The socket is the
node's cable to the switch: a node that is unplugged gets no answer.
"""

import socket
import sys

SOCKET = "/run/harness/power.socket"
METADATA = """<?xml version="1.0" ?>
<resource-agent name="fence_harness" shortdesc="Power switch of the test harness">
<longdesc>Asks the process that made the nodes to switch one of them.</longdesc>
<parameters>
<parameter name="action" unique="0" required="1"><getopt mixed="-o"/>
<content type="string" default="reboot"/>
<shortdesc lang="en">Action</shortdesc></parameter>
<parameter name="port" unique="0" required="0"><getopt mixed="-n"/>
<content type="string"/><shortdesc lang="en">Node</shortdesc></parameter>
</parameters>
<actions>
<action name="on" automatic="0"/><action name="off"/><action name="reboot"/>
<action name="status"/><action name="list"/><action name="monitor"/>
<action name="metadata"/>
</actions>
</resource-agent>
"""


def options() -> "dict[str, str]":
    """Read name=value lines from standard input."""
    lines = (line.strip() for line in sys.stdin)
    return dict(line.split("=", 1) for line in lines if "=" in line)


def ask(request: str) -> str:
    """Return the switch's answer, one line; an empty one when it is out of reach."""
    with socket.socket(socket.AF_UNIX) as switch:
        switch.connect(SOCKET)
        switch.sendall(request.encode() + b"\n")
        return switch.makefile().read()


def main() -> int:
    """Answer one request of the fencer."""
    given = options()
    action = given.get("action", "reboot")
    if action == "metadata":
        print(METADATA)
        return 0
    answer = ask(f"{action} {given.get('port', '-')}")
    if action == "list":
        print(answer, end="")
        return 0 if answer else 1
    if action == "status":
        return {"on": 0, "off": 2}.get(answer.strip(), 1)
    return 0 if answer.strip() == "done" else 1


if __name__ == "__main__":
    sys.exit(main())
