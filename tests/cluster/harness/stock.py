# SPDX-License-Identifier: GPL-2.0-or-later
"""What the stock agent needs on a node before its replication can start."""

from __future__ import annotations

from tests.cluster.harness.node import Node

MINUS_INFINITY = """\
#!/bin/bash
arguments=()
while [ $# -gt 0 ]; do
    if [ "$1" = -v ] && [ "$2" = -INFINITY ]; then
        arguments+=("--update=-INFINITY")
        shift
    else
        arguments+=("$1")
    fi
    shift
done
exec /usr/sbin/crm_attribute.real "${arguments[@]}"
"""


def teach_minus_infinity(node: Node) -> None:
    """Let crm_attribute of Pacemaker 2.1.5 take `-v -INFINITY`, as others do.

    It reads the value as options, and the stock agent cannot start without it.
    """
    program = "/usr/sbin/crm_attribute"
    node.run("cp", "--dereference", program, f"{program}.real")
    node.run("rm", program)
    node.machine.write(program, MINUS_INFINITY, 0o755)
