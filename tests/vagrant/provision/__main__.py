# SPDX-License-Identifier: GPL-2.0-or-later
"""Make this machine a node: `python3 -m provision SETTINGS`, as root."""

from __future__ import annotations

import sys

from . import cluster, database, family, fencing, shared_server
from .facts import observe
from .settings import parse
from .system import NotReady


def main(text: str) -> int:
    """Bring the machine into the state that the settings ask for; the exit code."""
    settings = parse(text)
    try:
        ours = family.of_this_machine()
        family.install(ours, settings)
        facts = observe(settings)
        cluster.prepare(settings, facts)
        fencing.prepare(ours, settings, facts)
        data = shared_server if settings.mode == "none" else database
        data.prepare(settings, facts)
        cluster.start()
        if settings.is_last:
            cluster.complete(settings, facts)
    except NotReady as reason:
        print(f"pgsr: {settings.name}: {reason}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
