# SPDX-License-Identifier: GPL-2.0-or-later
"""Run a command where virtual machines are of no concern to the machine itself.

`/usr/bin/python3 -m tests.vagrant.sandbox COMMAND ...` gives the command namespaces of
its own, with a libvirt daemon of its own in them: no network of the machine is touched,
none of its files is changed, and whatever the command leaves, virtual machines too,
ends together with it, however it ends. Its memory holds the disks.

Nothing but the standard library is imported here: it runs before `.venv` exists.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
NAMESPACES = ("--mount", "--net", "--pid", "--ipc", "--fork", "--kill-child=SIGKILL")
PYTHON = "/usr/bin/python3"


def main(command: list[str]) -> int:
    """Become the command inside; the exit code only when that cannot be."""
    if not command:
        print("usage: python3 -m tests.vagrant.sandbox COMMAND ...", file=sys.stderr)
        return 2
    if os.geteuid() != 0:
        print("sandbox: namespaces need root: run this as root", file=sys.stderr)
        return 1
    first = (PYTHON, "-m", "tests.vagrant.sandbox_init", *command)
    os.environ["PYTHONPATH"] = str(CHECKOUT)
    os.execvp("unshare", ["unshare", *NAMESPACES, "--", *first])
    raise AssertionError("a process that became another one went on")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
