# SPDX-License-Identifier: GPL-2.0-or-later
"""What the harness does with virtual machines of libvirt, past their systems.

Everything goes through virsh(1), with the rights of whoever may use the daemon: no file
of a machine is touched by the harness itself.
"""

from __future__ import annotations

import os
from pathlib import Path
from xml.etree import ElementTree

from tests.cluster.harness import process

URI = os.environ.get("LIBVIRT_DEFAULT_URI", "qemu:///system")
POOL = "default"
TIMEOUT_S = 120.0
ALMOST_NOTHING = "1"  # byte per second; 0 would lift the limit


def virsh(*argv: str, check: bool = True) -> str:
    """Return what virsh says."""
    command = ("virsh", "--quiet", "--connect", URI, *argv)
    return process.run(command, timeout_s=TIMEOUT_S, check=check).stdout.strip()


def state(domain: str) -> str:
    """Return the state of a machine: running, paused or shut off, say."""
    return virsh("domstate", domain, check=False)


def start(domain: str) -> None:
    """Give a machine power."""
    virsh("start", domain)


def destroy(domain: str) -> None:
    """Take a machine's power away; it may be off already."""
    virsh("destroy", domain, check=False)


def suspend(domain: str) -> None:
    """Stop a machine's processor."""
    virsh("suspend", domain)


def resume(domain: str) -> None:
    """Let a machine's processor go on, if it is stopped."""
    virsh("resume", domain, check=False)


def set_cable(domain: str, network: str, position: str) -> None:
    """Plug a machine's cable to a network in ("up") or pull it ("down")."""
    for line in virsh("domiflist", domain).splitlines():
        interface, _, source, *_ = line.split()
        if source == network:
            virsh("domif-setlink", domain, interface, position)


def cut_disk(domain: str, serial: str) -> None:
    """Let nothing through to a disk any more: what a machine asks of it hangs."""
    _limit(domain, serial, ALMOST_NOTHING)


def give_disk_back(domain: str, serial: str) -> None:
    """End cut_disk."""
    _limit(domain, serial, "0")


def _limit(domain: str, serial: str, bytes_per_second: str) -> None:
    for device in devices_with_serial(virsh("dumpxml", domain), serial):
        limit = f"--total-bytes-sec={bytes_per_second}"
        virsh("blkdeviotune", domain, device, limit, "--live")


def devices_with_serial(domain_xml: str, serial: str) -> list[str]:
    """Return how a machine calls its disks with a serial number, vdb say."""
    return [
        target.get("dev", "")
        for disk in ElementTree.fromstring(domain_xml).findall("./devices/disk")
        if disk.findtext("serial") == serial
        for target in disk.findall("target")
    ]


def disk_files(domain_xml: str) -> list[tuple[str, bool]]:
    """Return the file of each disk of a machine, and whether others share it."""
    return [
        (source.get("file", ""), disk.find("shareable") is not None)
        for disk in ElementTree.fromstring(domain_xml).findall("./devices/disk")
        for source in disk.findall("source")
    ]


def make_overlay(name: str, backing: Path) -> None:
    """Make a volume that has what another one has, and takes what is written."""
    virsh("vol-delete", "--pool", POOL, name, check=False)
    shown = virsh("vol-info", "--bytes", "--pool", POOL, backing.name)
    capacity = next(
        line.split()[1] for line in shown.splitlines() if line.startswith("Capacity:")
    )
    virsh(
        *("vol-create-as", POOL, name, capacity, "--format", "qcow2"),
        *("--backing-vol", backing.name, "--backing-vol-format", "qcow2"),
    )
