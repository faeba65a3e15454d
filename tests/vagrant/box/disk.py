# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes the disk image from the directory of the system.

No loop device and no mount: mke2fs fills the file system, and the sectors before it are
written as bytes.
"""

from __future__ import annotations

import os
from pathlib import Path

from tests.provision import packages
from tests.provision.commands import output_of
from tests.vagrant.box import boot_record

GIB = 2**30
SIZE_GIB = 4
TIMEOUT_S = 300.0
GRUB_IN_SYSTEM = Path("usr/lib/grub/i386-pc")
GRUB_MODULES = (
    *("biosdisk", "boot", "echo", "ext2", "linux", "normal", "part_msdos"),
    *("serial", "terminal", "configfile"),
)


def image_of(root: Path, scratch: Path) -> Path:
    """Return the compressed image of a disk with the system; ProvisionError."""
    raw = scratch / "disk.raw"
    _make_sparse_file(raw)
    _make_file_system(raw, root)
    _make_bootable(raw, root, scratch / "core.img")
    return _compressed(raw, scratch / "box.img")


def _make_sparse_file(raw: Path) -> None:
    with raw.open("wb") as file:
        file.truncate(SIZE_GIB * GIB)


def _make_file_system(raw: Path, root: Path) -> None:
    """Fill the partition, without what GRUB 2.06 cannot read.

    Nothing of it is left to be initialised by the guest, as would be done in each.
    """
    offset = boot_record.PARTITION_START * boot_record.SECTOR_BYTES
    _run(
        *("mke2fs", "-q", "-t", "ext4", "-L", "rootfs"),
        *("-O", "^metadata_csum_seed,^orphan_file"),
        *("-E", f"offset={offset},lazy_itable_init=0,lazy_journal_init=0"),
        *("-d", str(root), str(raw), f"{(SIZE_GIB * GIB - offset) // 1024}k"),
    )


def _make_bootable(raw: Path, root: Path, core: Path) -> None:
    grub = root / GRUB_IN_SYSTEM
    _run(
        *("grub-mkimage", "-O", "i386-pc", "-d", str(grub), "-o", str(core)),
        *("-p", "(hd0,msdos1)/boot/grub", *GRUB_MODULES),
    )
    sectors = SIZE_GIB * GIB // boot_record.SECTOR_BYTES
    boot = (grub / "boot.img").read_bytes()
    with raw.open("r+b") as file:
        file.write(boot_record.leading_sectors(boot, core.read_bytes(), sectors))


def _compressed(raw: Path, image: Path) -> Path:
    """Compress once, here, and fast.

    A box that is compressed as a whole is larger in all the places to which Vagrant and
    libvirt copy it, and takes longer; zlib takes seven times as long as zstd.
    """
    _run(
        *("qemu-img", "convert", "-c", "-W", "-m", str(2 * (os.cpu_count() or 1))),
        *("-O", "qcow2", "-o", "compression_type=zstd", str(raw), str(image)),
    )
    raw.unlink()
    return image


def _run(*argv: str) -> None:
    output_of(argv, timeout_s=TIMEOUT_S, environment=packages.environment())
