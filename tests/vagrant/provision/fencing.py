# SPDX-License-Identifier: GPL-2.0-or-later
"""Fencing through a disk that all machines share: SBD, with the kernel's softdog.

It is the one way that both libvirt and VirtualBox can give: no machine has to reach its
host. A node asks another one to end through the disk; one that cannot read the disk and
does not see its peers, or hangs, is reset by its own watchdog.
"""

from __future__ import annotations

from pathlib import Path

from .facts import Facts
from .family import Family
from .settings import Settings
from .system import (
    COMMAND_TIMEOUT_S,
    changed,
    run,
    succeeds,
    wait_until,
    write,
)

WATCHDOG = "/dev/watchdog"
HEADER_TIMEOUT_S = 300.0


def prepare(family: Family, settings: Settings, facts: Facts) -> None:
    """Make the machine able to fence, and to be fenced."""
    disk = facts.fencing_disk
    _load_softdog()
    write(
        family.sbd_settings,
        f"SBD_DEVICE={disk}\nSBD_WATCHDOG_DEV={WATCHDOG}\n"
        f"SBD_WATCHDOG_TIMEOUT={facts.watchdog_s}\n"
        "SBD_PACEMAKER=yes\nSBD_STARTMODE=always\nSBD_DELAY_START=no\n",
    )
    if settings.is_first and not has_header(disk):
        timeouts = ("-1", str(facts.watchdog_s), "-4", str(facts.message_wait_s))
        run("sbd", "-d", disk, *timeouts, "create")
        changed(f"made {disk} the disk for fencing")
    wait_until("the disk for fencing", lambda: has_header(disk), HEADER_TIMEOUT_S)
    if not succeeds("systemctl", "--quiet", "is-enabled", "sbd"):
        run("systemctl", "--quiet", "enable", "sbd")
        changed("enabled sbd, which starts and ends together with the cluster")


def has_header(disk: str) -> bool:
    """Tell whether SBD knows the disk."""
    return succeeds("sbd", "-d", disk, "dump", timeout_s=COMMAND_TIMEOUT_S)


def _load_softdog() -> None:
    write("/etc/modules-load.d/pgsr.conf", "softdog\n")
    if not Path("/sys/module/softdog").exists():
        run("modprobe", "softdog")
        changed("loaded softdog")
