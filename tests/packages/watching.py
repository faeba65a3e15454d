# SPDX-License-Identifier: GPL-2.0-or-later
"""Watches the agent's path, and runs the agent, while packages come and go."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.cluster.harness import process
from tests.packages.system import System

INSIDE = Path(__file__).parent / "inside"
PYTHON = "/usr/bin/python3"
DROP_IN = "/usr/lib/ocf/resource.d/heartbeat/pgsql"
AGENT = "/usr/lib/ocf/resource.d/pgsr/pgsr"
OURS = "link ../pgsr/.pgsql"
NOT_RUNNING = 7
# Of an action of managed replication, which imports most of the library.
PARAMETERS = {
    "OCF_ROOT": "/usr/lib/ocf",
    "OCF_RESOURCE_INSTANCE": "db",
    "OCF_RESKEY_CRM_meta_on_node": "node1",
    "OCF_RESKEY_CRM_meta_timeout": "30000",
    "OCF_RESKEY_CRM_meta_interval": "10000",
    "OCF_RESKEY_pgdba": "nobody",
    "OCF_RESKEY_rep_mode": "sync",
    "OCF_RESKEY_node_list": "node1 node2",
    "OCF_RESKEY_master_ip": "192.0.2.10",
}
ENDING_S = 30.0


class Watch:
    """What a watching program has said so far; complete after the block."""

    def __init__(self, child: subprocess.Popen[str]) -> None:
        self._child = child
        self.lines: list[str] = []
        self.count = 0

    def end(self) -> None:
        """Tell the program to end, and keep what it said."""
        out, err = self._child.communicate("", timeout=ENDING_S)
        assert self._child.returncode == 0, err
        *self.lines, last = out.splitlines()
        self.count = int(last.split()[1])


@contextmanager
def sampled(system: System, path: str = DROP_IN) -> Iterator[Watch]:
    """Note each state of a path of the system during the block."""
    program = str(INSIDE / "sample_path.py")
    with _watching((PYTHON, "-I", program, str(system.path(path)))) as watch:
        yield watch


@contextmanager
def agent_running(system: System, program: str = AGENT) -> Iterator[Watch]:
    """Run the agent in the system again and again during the block."""
    with _watching(_with_agent(system, program, "run_agent.py", NOT_RUNNING)) as watch:
        yield watch


@contextmanager
def _watching(argv: Sequence[str]) -> Iterator[Watch]:
    child = process.launch(argv, stdin=subprocess.PIPE)
    watch = Watch(child)
    try:
        assert child.stderr
        assert child.stderr.readline() == "ready\n", f"{argv} did not start"
        yield watch
        watch.end()
    finally:
        if child.poll() is None:
            child.kill()
        with child:
            pass


def answer(system: System, program: str, action: str = "meta-data") -> str:
    """Return what the agent says in the system, and fail if it does not."""
    return system.run(*_agent(program, action)).stdout


def run_times(system: System, program: str, runs: int) -> list[float]:
    """Return how many milliseconds each of so many runs of the agent took."""
    argv = _with_agent(system, program, "time_agent.py", runs)
    said = process.run(argv, timeout_s=60.0).stdout
    return [float(line) for line in said.split()]


def _with_agent(
    system: System, program: str, script: str, argument: int
) -> tuple[str, ...]:
    """Return how to run a script beside the system that runs the agent in it."""
    inside = ("chroot", str(system.root), *_agent(program, "monitor"))
    argv = (*system.site.enter(), PYTHON, "-I", str(INSIDE / script))
    return (*argv, str(argument), *inside)


def _agent(program: str, action: str) -> tuple[str, ...]:
    environment = (f"{name}={value}" for name, value in PARAMETERS.items())
    return ("env", *environment, program, action)
