# SPDX-License-Identifier: GPL-2.0-or-later
"""Has a Debian with the packages of a tutorial look as an EL after `dnf install`.

EL starts nothing that it installs, makes no database and no cluster. Its PostgreSQL has
its programs in /usr/bin and its data in /var/lib/pgsql/data.
"""

from __future__ import annotations

from pathlib import Path

from tests.cluster.tutorial.machines import EmptyMachine, bring

SERVICES = ("corosync", "pacemaker", "pcsd", "pcsd-ruby", "postgresql")
STARTS_AT_BOOT = "/etc/systemd/system/multi-user.target.wants"
PROGRAMS = ("initdb", "pg_ctl", "postgres")
DEBIAN_BIN = "/usr/lib/postgresql/15/bin"
HOME = "/var/lib/pgsql"


def make_like_el(machine: EmptyMachine, agent: Path) -> None:
    """Give a machine the layout of EL, and the package of the agent."""
    for service in SERVICES:
        machine.file(f"{STARTS_AT_BOOT}/{service}.service").unlink(missing_ok=True)
    bring(machine, agent)
    for command in (
        ("dpkg", "--install", f"/root/{agent.name}"),
        ("pg_dropcluster", "15", "main"),
        ("install", "-d", "-o", "postgres", "-g", "postgres", "-m", "700", HOME),
        ("usermod", "--home", HOME, "postgres"),
        ("ln", "-s", *(f"{DEBIAN_BIN}/{name}" for name in PROGRAMS), "/usr/bin"),
    ):
        machine.site.run("chroot", machine.root, *command)
