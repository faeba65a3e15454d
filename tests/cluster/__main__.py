# SPDX-License-Identifier: GPL-2.0-or-later
"""Clusters by hand: `/usr/bin/python3 -m tests.cluster COMMAND`.

up                  bring a cluster up and leave it running
shell [NODE]        a shell on a node of a cluster that runs, or of a new one
status              what runs, and what the cluster shows
power off|on NODE   take a node's power away, or boot it
down                end what was left running
demo [--keep]       see tests/cluster/demo.py
chaos               faults at random, see tests/cluster/chaos

Without --name, which comes first, they mean the cluster that is running.
"""

from __future__ import annotations

import argparse
import os
import sys

from tests.cluster import demo
from tests.cluster.chaos import run as chaos
from tests.cluster.harness import keeper, method, record
from tests.cluster.harness.construction import construct
from tests.cluster.harness.machine import MACHINES, VAGRANT
from tests.cluster.harness.process import CommandFailed
from tests.cluster.harness.record import Record
from tests.cluster.harness.wait import NeverHappened

DEFAULT_NAMES = {"up": "hand", "shell": "hand", "demo": "demo"}
LOOK_AROUND = """\
The cluster stays up: {nodes}
  make shell NODE=node1                          a shell on a node
    crm_mon -1Afr                                what the cluster shows
    crm configure show                           its configuration
    less /var/log/pacemaker/pacemaker.log        its log
    su postgres -c psql                          the node's server
  {python} -m tests.cluster status
  {python} -m tests.cluster power off node1      and see what happens
  {python} -m tests.cluster down                 end it"""


def up(name: str) -> Record:
    """Bring a cluster up by the method and leave it running."""
    print("Bringing a cluster up ...", flush=True)
    construction = construct(name)
    try:
        method.start_cluster(construction.cluster)
    except BaseException:
        construction.close()
        raise
    keeper.leave_running(construction)
    entry = kept(name)
    assert entry is not None
    return entry


def kept(name: str | None) -> Record | None:
    """Return the cluster with that name, or any, among those left running."""
    entries = [entry for entry in record.kept() if name in (None, entry.name)]
    return entries[-1] if entries else None


def look_around(entry: Record) -> None:
    """Say what can be done with a cluster that stays up."""
    nodes = ", ".join(keeper.nodes(entry))
    print(LOOK_AROUND.format(nodes=nodes, python="/usr/bin/python3"))


def show(entry: Record) -> None:
    """Print the state of a cluster."""
    names = keeper.nodes(entry)
    print(f"{entry.name}: {', '.join(names)}; kept by process {entry.owner_pid}")
    for name in names:
        try:
            shown = keeper.run(entry, name, "crm_mon", "-1Afr")
        except (keeper.NotThere, CommandFailed, NeverHappened) as reason:
            print(reason)
            continue
        print(f"as {name} sees it:\n{shown}")


def down(name: str | None) -> None:
    """End the cluster with that name, or all left running; tests are left alone."""
    while entry := kept(name):
        record.take_down(entry)
        print(f"{entry.name} is down")
    for entry in record.read_all():
        if not entry.is_kept:
            print(f"{entry.name} is in use by process {entry.owner_pid}")


def execute(arguments: argparse.Namespace) -> int:
    """Do what the command line says; return the exit code."""
    for swept in record.sweep():
        print(f"removed what {swept} had left", file=sys.stderr)
    command, name = arguments.command, arguments.name
    if command == "demo":
        if MACHINES == VAGRANT:
            return demo.on_machines()
        chosen = name or DEFAULT_NAMES[command]
        return demo.main(chosen, is_kept=arguments.keep, look_around=look_around)
    if command == "down":
        down(name)
        return 0
    if command == "chaos":
        return chaos.main(name or "chaos", arguments.minutes, arguments.seed)
    entry = kept(name)
    if entry is None and command in DEFAULT_NAMES:
        entry = up(name or DEFAULT_NAMES[command])
    if entry is None:
        print("no cluster is up")
        return 1
    {
        "up": lambda: look_around(entry),
        "shell": lambda: keeper.become_shell(entry, arguments.node),
        "status": lambda: show(entry),
        "power": lambda: keeper.switch(entry, arguments.action, arguments.node),
    }[command]()
    return 0


def parse(argv: list[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog="python3 -m tests.cluster",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--name", help="the cluster's name")
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("up", "status", "down"):
        commands.add_parser(name)
    commands.add_parser("shell").add_argument("node", nargs="?", default="node1")
    power = commands.add_parser("power")
    power.add_argument("action", choices=("on", "off"))
    power.add_argument("node")
    commands.add_parser("demo").add_argument("--keep", action="store_true")
    random = commands.add_parser("chaos")
    random.add_argument("--minutes", type=float, default=10.0)
    random.add_argument("--seed", type=int)
    return parser.parse_args(argv)


def main() -> int:
    """Run one command."""
    arguments = parse(sys.argv[1:])
    if os.geteuid() != 0:
        print("tests.cluster: nodes are namespaces: run this as root", file=sys.stderr)
        return 1
    try:
        return execute(arguments)
    except (keeper.NotThere, CommandFailed, NeverHappened) as reason:
        print(f"tests.cluster: {reason}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
