# SPDX-License-Identifier: GPL-2.0-or-later
"""What is looked at once on the machine, after its packages are there.

All texts that are written later follow from this and from the settings.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from .settings import Settings
from .system import NotReady, attempt, run

DEBIAN_PROGRAMS = Path("/usr/lib/postgresql")
# Serial number on libvirt, and size by which it is known on VirtualBox.
FENCING_DISK = ("pgsr-sbd", 16 << 20)
DATA_DISK = ("pgsr-data", 1 << 30)


class Facts(NamedTuple):
    """A machine, as far as its configuration depends on it."""

    bin_directory: str  # of PostgreSQL's programs
    major: int  # version of PostgreSQL
    is_emulated: bool  # the processor, by software, ten times slower
    fencing_disk: str  # device
    data_disk: str  # device; empty unless the mode has one

    @property
    def watchdog_s(self) -> int:
        """Return after how many seconds without a sign of life a node is reset."""
        return 10 if self.is_emulated else 5

    @property
    def message_wait_s(self) -> int:
        """Return when a node that was told to end has: twice that, by sbd(8)."""
        return 2 * self.watchdog_s

    @property
    def token_ms(self) -> int:
        """Return how long corosync waits for a silent node."""
        return 5_000 if self.is_emulated else 1_000

    @property
    def monitor_s(self) -> int:
        """Return how often a server is looked at; an emulated one has work enough."""
        return 9 if self.is_emulated else 3


def observe(settings: Settings) -> Facts:
    """Look at the machine; NotReady when something is missing."""
    programs = _bin_directory()
    return Facts(
        bin_directory=programs,
        major=_major(programs),
        is_emulated=attempt(("systemd-detect-virt", "--vm")).stdout.strip() == "qemu",
        fencing_disk=_shared_disk(*FENCING_DISK),
        data_disk=_shared_disk(*DATA_DISK) if settings.mode == "none" else "",
    )


def _bin_directory() -> str:
    found = DEBIAN_PROGRAMS.glob("*/bin/pg_ctl")
    newest = max(found, key=lambda program: int(program.parts[-3]), default=None)
    if newest is not None:
        return str(newest.parent)
    if Path("/usr/bin/pg_ctl").exists():
        return "/usr/bin"
    raise NotReady("PostgreSQL's pg_ctl is not where Debian or EL have it")


def _major(programs: str) -> int:
    said = run(f"{programs}/postgres", "--version")
    found = re.search(r"\) (\d+)", said)
    if found is None:
        raise NotReady(f"postgres --version said {said!r}")
    return int(found[1])


def _shared_disk(serial: str, size_bytes: int) -> str:
    """Return the device of a shared disk, by a name that stays."""
    for link in sorted(Path("/dev/disk/by-id").glob(f"*-{serial}")):
        return str(link)
    for device in Path("/sys/block").iterdir():
        if int((device / "size").read_text()) * 512 == size_bytes:
            return _lasting_name(device.name)
    raise NotReady(
        f"the machine has no disk {serial}, which its provider had to attach;"
        " `vagrant destroy -f` and `vagrant up` make the machines anew"
    )


def _lasting_name(device: str) -> str:
    for link in sorted(Path("/dev/disk/by-path").glob("*")):
        if link.resolve().name == device:
            return str(link)
    return f"/dev/{device}"
