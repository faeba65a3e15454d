# SPDX-License-Identifier: GPL-2.0-or-later
"""Clusters that stay up after the command that made them, and how others enter them.

A kept cluster needs a process that holds it and is its power switch: the command's own
process forks, and the child stays. Ending that child ends the cluster.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import warnings
from pathlib import Path

from tests.cluster.harness import fencing, process, record
from tests.cluster.harness.construction import Construction
from tests.cluster.harness.namespace_machine import PID_FILE, enter_node
from tests.cluster.harness.record import Record
from tests.cluster.harness.site import RUN_DIRECTORY

SWITCH_TIMEOUT_S = 60.0


class NotThere(Exception):
    """A node was asked for that does not exist or has no power."""


def leave_running(construction: Construction) -> None:
    """Hand a cluster over to a process in the background; this one may end then."""
    sys.stdout.flush()
    ready, tell = os.pipe()
    warnings.filterwarnings("ignore", category=DeprecationWarning, message=".*fork.*")
    if os.fork() == 0:
        _keep(construction, tell)
    os.close(tell)
    os.read(ready, 1)  # returns when the child is ready, or is gone


def _keep(construction: Construction, tell: int) -> None:
    """Be the background process: no terminal, the power switch, and nothing else."""
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    construction.power_switch.serve()
    site = construction.site
    record.write(site.name, site.pid, is_kept=True)
    os.write(tell, b"k")
    os.close(tell)
    while True:
        signal.pause()


def nodes(entry: Record) -> tuple[str, ...]:
    """Return the names of a cluster's nodes."""
    directories = _directory(entry).glob("node*")
    return tuple(sorted(directory.name for directory in directories))


def node_pid(entry: Record, node: str) -> int:
    """Return the first process of a node; NotThere when it has no power."""
    if node not in nodes(entry):
        raise NotThere(f"{node}: the nodes are {', '.join(nodes(entry))}")
    try:
        return int((_directory(entry) / node / PID_FILE).read_text())
    except FileNotFoundError:
        raise NotThere(f"{node} has no power") from None


def become_shell(entry: Record, node: str) -> None:
    """Replace this process by a shell on the node."""
    process.become((*enter_node(node_pid(entry, node)), "bash"))


def run(entry: Record, node: str, *argv: str) -> str:
    """Return what a command on the node says."""
    inside = enter_node(node_pid(entry, node))
    return process.run((*inside, *argv), check=False).stdout


def switch(entry: Record, action: str, node: str) -> None:
    """Switch a node's power on or off, over any node's cable to the power switch."""
    if node not in nodes(entry):
        raise NotThere(f"{node}: the nodes are {', '.join(nodes(entry))}")
    with socket.socket(socket.AF_UNIX) as cable:
        cable.settimeout(SWITCH_TIMEOUT_S)
        cable.connect(str(_directory(entry) / node / "outside" / fencing.SOCKET))
        cable.sendall(f"{action} {node}\n".encode())
        cable.makefile().read()


def _directory(entry: Record) -> Path:
    inner = RUN_DIRECTORY / entry.name
    return Path(f"/proc/{entry.site_pid}/root") / str(inner).lstrip("/")
