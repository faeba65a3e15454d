# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes the root directory of another system, for the nodes of the clusters to run.

The nodes write nothing in it: it is the lower layer of their disks. Who made it
removes it, with `rm -r`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.provision import packages
from tests.provision.commands import ProvisionError, output_of

SUITE = "trixie"
BUILDER = "mmdebstrap"
INCLUDED = (
    "corosync",
    "crmsh",
    "iproute2",
    "iptables",
    "iputils-arping",
    "iputils-ping",
    "pacemaker",
    "postgresql",
    "procps",
    "python3-psycopg2",
    "resource-agents",
    "util-linux",
)
TIMEOUT_S = 1800


def make_debian_13(directory: Path) -> None:
    """Install Debian 13 with Pacemaker and PostgreSQL in a new directory.

    Raises ProvisionError when the directory holds something, or nothing came of it.
    """
    if directory.exists() and any(directory.iterdir()):
        raise ProvisionError(f"{directory} is not empty: name a new directory")
    if os.geteuid() != 0:
        raise ProvisionError("only root can make the root directory of a system")
    packages.install_missing([BUILDER])
    print(f"Installing Debian 13 in {directory}", file=sys.stderr, flush=True)
    output_of(
        [
            BUILDER, "--variant=minbase", f"--include={','.join(INCLUDED)}",
            SUITE, str(directory.absolute()),
        ],
        timeout_s=TIMEOUT_S,
        environment=packages.environment(),
    )  # fmt: skip
