# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes a machine ready: `/usr/bin/python3 -m tests.provision packages postgresql`."""

from __future__ import annotations

import signal
import sys
from types import FrameType

from tests.provision import packages, postgresql
from tests.provision.commands import ProvisionError

USAGE = "usage: python3 -m tests.provision packages|postgresql ..."


def main(arguments: list[str]) -> int:
    """Do what each argument names; the exit code, with the reason on stderr."""
    parts = {
        "packages": packages.install_missing,
        "postgresql": postgresql.installations,
    }
    if not arguments or not set(arguments) <= set(parts):
        print(USAGE, file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, _leave)
    try:
        for name in arguments:
            parts[name]()
    except ProvisionError as error:
        print(f"tests.provision: {error}", file=sys.stderr)
        return 1
    return 0


def _leave(number: int, _frame: FrameType | None) -> None:
    """End as an exception does, so that everything temporary is undone."""
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
