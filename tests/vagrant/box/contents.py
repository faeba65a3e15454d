# SPDX-License-Identifier: GPL-2.0-or-later
"""What is in the box: its packages, its files, and what starts at boot. Nothing acts.

Of the cluster it knows nothing: the packages of a node are in the list that the
provisioning in the machines reads too, so the two cannot differ.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from tests.provision.commands import ProvisionError

SUITE = "bookworm"
FAMILY = "debian"
PACKAGE_LISTS = Path(__file__).resolve().parents[1] / "provision" / "packages.json"
BASE = (
    "dbus",
    "grub-pc-bin",
    "initramfs-tools",
    "iproute2",
    "iputils-ping",
    "less",
    "linux-image-cloud-amd64",
    "netbase",
    "openssh-server",
    "procps",
    "python3",
    "rsync",
    "sudo",
    "systemd-sysv",
    "udev",
    "zstd",
)
# Not in the box: what nobody reads there. Licences stay.
NOT_UNPACKED = (
    "path-exclude=/usr/share/man/*",
    "path-exclude=/usr/share/locale/*",
    "path-exclude=/usr/share/doc/*",
    "path-include=/usr/share/doc/*/copyright",
)
# Each start of a program costs ten times what it costs elsewhere, and these do nothing
# for a node. The login manager stays: it hears the power button.
NEVER_STARTED = (
    "dev-hugepages.mount",
    "dev-mqueue.mount",
    "kmod-static-nodes.service",
    "modprobe@.service",
    "proc-sys-fs-binfmt_misc.automount",
    "sys-kernel-debug.mount",
    "sys-kernel-tracing.mount",
    "systemd-binfmt.service",
    "systemd-network-generator.service",
    "systemd-random-seed.service",
    "systemd-remount-fs.service",
    "systemd-update-utmp-runlevel.service",
    "systemd-update-utmp.service",
)


class GuestFile(NamedTuple):
    """A file of the box, owned by root."""

    path: str
    text: str
    mode: int = 0o644


NOTHING = "#!/bin/sh\nexit 0\n"
# In place before the packages of BASE and of the node are configured.
EARLY_FILES = (
    GuestFile(
        "etc/postgresql-common/createcluster.d/box.conf",
        "# A node gets its database from the provisioning.\n"
        "create_main_cluster = false\n",
    ),
    # An initramfs with exactly what the disk needs, by name: no search for devices.
    GuestFile("etc/initramfs-tools/conf.d/box", "MODULES=list\nCOMPRESS=zstd\n"),
    GuestFile(
        "usr/share/initramfs-tools/modules.d/box", "virtio_pci\nvirtio_blk\next4\n"
    ),
    GuestFile("etc/initramfs-tools/scripts/init-top/udev", NOTHING, 0o755),
    GuestFile("etc/initramfs-tools/scripts/init-bottom/udev", NOTHING, 0o755),
    # Whatever a package enabled is disabled at the end, unless it is named here.
    GuestFile(
        "etc/systemd/system-preset/00-box.preset",
        "enable box-hostkeys.service\n"
        "enable remote-fs.target\n"
        "enable ssh.service\n"
        "enable systemd-networkd.service\n"
        "enable systemd-networkd-wait-online.service\n"
        "disable *\n",
    ),
)

BOOT_MENU = """\
serial --unit=0 --speed=115200
terminal_output serial
set timeout=0
linux /vmlinuz root=/dev/vda1 rw rootflags=noatime console=ttyS0,115200 \
net.ifnames=0 mitigations=off quiet
initrd /initrd.img
boot
"""
# Of 250 devices, those that a node has any use for.
DEVICES = """\
[Service]
ExecStart=
ExecStart=-udevadm trigger --type=devices --action=add --subsystem-match=acpi \
--subsystem-match=block --subsystem-match=input --subsystem-match=net \
--subsystem-match=pci --subsystem-match=virtio
ExecStart=-udevadm trigger --action=add --name-match=/dev/ttyS0
"""
# Vagrant restarts networkd twice. Neither the connection that it does it through may
# suffer, nor an address that the cluster added.
MANAGEMENT_NETWORK = """\
[Match]
Name=eth0
[Network]
DHCP=ipv4
LinkLocalAddressing=no
IPv6AcceptRA=no
KeepConfiguration=yes
[DHCPv4]
ClientIdentifier=mac
UseHostname=no
"""
# Goes with the file that Vagrant writes for a machine's private network. A link that
# fails must keep its addresses, as it does where no daemon minds it: what becomes of
# them is for the cluster to decide.
PRIVATE_NETWORK = """\
[Network]
LinkLocalAddressing=no
IPv6AcceptRA=no
KeepConfiguration=yes
ConfigureWithoutCarrier=yes
IgnoreCarrierLoss=yes
"""
HOST_KEYS = """\
[Unit]
Description=Host keys of a machine's own, at its first boot
Before=ssh.service
ConditionPathExists=!/etc/ssh/ssh_host_ed25519_key
[Service]
Type=oneshot
ExecStart=/usr/bin/ssh-keygen -q -t ed25519 -N "" -f /etc/ssh/ssh_host_ed25519_key
[Install]
WantedBy=multi-user.target
"""
FILES = (
    GuestFile("boot/grub/grub.cfg", BOOT_MENU),
    GuestFile("etc/fstab", "# The boot menu says how / is mounted.\n"),
    GuestFile("etc/hostname", "box\n"),
    # Its own name too: a look-up in vain costs Vagrant seconds.
    GuestFile("etc/hosts", "127.0.0.1 localhost box\n"),
    GuestFile("etc/machine-id", ""),  # each machine makes its own; not a "first boot"
    # The host, in the network through which vagrant-libvirt reaches machines.
    GuestFile("etc/resolv.conf", "nameserver 192.168.121.1\n"),
    GuestFile("etc/ssh/sshd_config.d/box.conf", "PasswordAuthentication no\n"),
    GuestFile("etc/sudoers.d/vagrant", "vagrant ALL=(ALL) NOPASSWD:ALL\n", 0o440),
    GuestFile("etc/systemd/network/20-eth0.network", MANAGEMENT_NETWORK),
    GuestFile(
        "etc/systemd/network/50-vagrant-eth1.network.d/box.conf", PRIVATE_NETWORK
    ),
    GuestFile("etc/systemd/system/box-hostkeys.service", HOST_KEYS),
    GuestFile("etc/systemd/system/systemd-udev-trigger.service.d/box.conf", DEVICES),
)


def packages_of_the_box() -> list[str]:
    """Return the names of all packages that are asked for."""
    return sorted({*BASE, *packages_of_a_node(PACKAGE_LISTS)})


def packages_of_a_node(lists: Path) -> list[str]:
    """Return what the provisioning installs on Debian; ProvisionError when unclear."""
    try:
        names = json.loads(lists.read_text(encoding="utf-8"))[FAMILY]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ProvisionError(
            f"{lists} has no list of packages for {FAMILY!r}: {error!r}"
        ) from error
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ProvisionError(f"{lists}: {FAMILY!r} is to be a list of package names")
    return names
