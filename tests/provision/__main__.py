# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes a machine ready: `/usr/bin/python3 -m tests.provision packages postgresql`.

`builders` is what packages for users are built with, `trial` what they are tried with,
`vagrant` what virtual machines are made with.

`/usr/bin/python3 -m tests.provision trixie-root DIRECTORY` installs Debian 13 there.
"""

from __future__ import annotations

import signal
import sys
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Callable

from tests.provision import packages, postgresql, root
from tests.provision.commands import ProvisionError

USAGE = """\
usage: python3 -m tests.provision packages|postgresql|builders|trial|vagrant ...
       python3 -m tests.provision trixie-root DIRECTORY"""


def main(arguments: list[str]) -> int:
    """Do what each argument names; the exit code, with the reason on stderr."""
    steps = _steps(arguments)
    if not steps:
        print(USAGE, file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, _leave)
    try:
        for step in steps:
            step()
    except ProvisionError as error:
        print(f"tests.provision: {error}", file=sys.stderr)
        return 1
    return 0


def _steps(arguments: list[str]) -> list[Callable[[], object]]:
    """Return what is to be done; nothing when the arguments make no sense."""
    parts: dict[str, Callable[[], object]] = {
        "packages": packages.install_missing,
        "postgresql": postgresql.installations,
        "builders": partial(packages.install_missing, packages.BUILDERS),
        "trial": partial(packages.install_missing, packages.TRIAL),
        "vagrant": partial(packages.install_missing, packages.VAGRANT),
    }
    if arguments[:1] == ["trixie-root"] and len(arguments) == 2:
        return [partial(root.make_debian_13, Path(arguments[1]))]
    is_known = set(arguments) <= set(parts)
    return [parts[name] for name in arguments] if is_known else []


def _leave(number: int, _frame: FrameType | None) -> None:
    """End as an exception does, so that everything temporary is undone."""
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
