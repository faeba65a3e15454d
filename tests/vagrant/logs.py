# SPDX-License-Identifier: GPL-2.0-or-later
"""Fetch the logs of the machines that run: `make vm-logs`."""

from __future__ import annotations

import base64
import sys
from pathlib import Path

from tests.cluster.harness.machine import NoMachines
from tests.cluster.harness.vagrant_construction import machines
from tests.cluster.harness.vagrant_machine import VagrantMachine

DIRECTORY = Path(__file__).resolve().parents[2] / "dist" / "vm-logs"
FETCH_TIMEOUT_S = 300.0
COLLECT = """\
cd "$(mktemp -d)" && trap 'rm -rf "$PWD"' EXIT
crm_mon -1Afr > crm_mon.txt 2>&1
cibadmin --query > cib.xml 2>&1
journalctl --boot --no-pager > journal.txt 2>&1
for log in /var/log/corosync /var/log/pacemaker /var/lib/pgsql/server.log; do
    cp -r "$log" . 2>/dev/null
done
tar -cz . | base64
"""


def main() -> int:
    """Fetch them into dist/vm-logs; the exit code."""
    try:
        found = machines().machines
    except NoMachines as reason:
        print(f"vm-logs: {reason}", file=sys.stderr)
        return 1
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    for machine in found:
        if machine.is_on:
            print(_fetch(machine))
    return 0


def _fetch(machine: VagrantMachine) -> Path:
    packed = machine.run("sh", "-c", COLLECT, timeout_s=FETCH_TIMEOUT_S).stdout
    file = DIRECTORY / f"{machine.name}.tar.gz"
    file.write_bytes(base64.b64decode(packed))
    return file


if __name__ == "__main__":
    sys.exit(main())
