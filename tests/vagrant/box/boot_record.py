# SPDX-License-Identifier: GPL-2.0-or-later
"""The sectors before the partition: partition table and boot loader, as bytes.

They are what `grub-install` and a partitioning program would write, without a block
device for them to write to.
"""

from __future__ import annotations

import struct

SECTOR_BYTES = 512
PARTITION_START = 2048  # in sectors; the loader's core lies before it
CORE_START = 1
MOST_SECTORS = 2**32 - 1

_TABLE = 446
_SIGNATURE = b"\x55\xaa"
_LINUX = 0x83
_BOOTABLE = 0x80
_NO_CYLINDERS = b"\xfe\xff\xff"  # of use only to firmware that knows no sector numbers
# Where GRUB's boot sector is told what it cannot know (grub-core/boot/i386/pc/boot.S).
_SECTOR_OF_CORE = 0x5C
_BOOT_DRIVE = 0x64
_DRIVE_CHECK = 0x66
_DRIVE_OF_FIRMWARE = b"\xff"
_NO_CHECK = b"\x90\x90"
# The last entry of the list of blocks in the first sector of the core (diskboot.S).
_LAST_BLOCKS = SECTOR_BYTES - 12
_LOAD_SEGMENT = 0x820


def leading_sectors(boot_image: bytes, core_image: bytes, disk_sectors: int) -> bytes:
    """Return all that comes before the partition, which has the rest of the disk.

    ValueError when the images are not what GRUB makes, or do not fit.
    """
    core = _core(core_image)
    room = (PARTITION_START - CORE_START) * SECTOR_BYTES
    if len(core) > room:
        raise ValueError(f"GRUB's core has {len(core)} bytes, there is room for {room}")
    return _boot_sector(boot_image, disk_sectors) + core


def _boot_sector(image: bytes, disk_sectors: int) -> bytes:
    if len(image) != SECTOR_BYTES:
        raise ValueError(f"GRUB's boot sector has {len(image)} bytes, not 512")
    sector = bytearray(image)
    struct.pack_into("<Q", sector, _SECTOR_OF_CORE, CORE_START)
    sector[_BOOT_DRIVE : _BOOT_DRIVE + 1] = _DRIVE_OF_FIRMWARE
    sector[_DRIVE_CHECK : _DRIVE_CHECK + 2] = _NO_CHECK
    sector[_TABLE:] = _partition(disk_sectors) + bytes(3 * 16) + _SIGNATURE
    return bytes(sector)


def _partition(disk_sectors: int) -> bytes:
    count = disk_sectors - PARTITION_START
    if not 0 < count <= MOST_SECTORS:
        raise ValueError(f"no partition table for a disk of {disk_sectors} sectors")
    where = (PARTITION_START, count)
    return struct.pack(
        "<B3sB3sII", _BOOTABLE, _NO_CYLINDERS, _LINUX, _NO_CYLINDERS, *where
    )


def _core(image: bytes) -> bytes:
    """Return whole sectors; the first knows where the others are."""
    sectors = -(-len(image) // SECTOR_BYTES)
    if sectors < 2:
        raise ValueError(f"GRUB's core has only {len(image)} bytes")
    core = bytearray(image.ljust(sectors * SECTOR_BYTES, b"\0"))
    blocks = (CORE_START + 1, sectors - 1, _LOAD_SEGMENT)
    struct.pack_into("<QHH", core, _LAST_BLOCKS, *blocks)
    return bytes(core)
