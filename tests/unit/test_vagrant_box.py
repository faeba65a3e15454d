# SPDX-License-Identifier: GPL-2.0-or-later
"""The box of the virtual machines: its boot sectors, its papers and its packages."""

from __future__ import annotations

import json
import struct
import tarfile
from pathlib import Path

import pytest

from tests.provision.commands import ProvisionError
from tests.vagrant.box import archive, boot_record, contents, inputs

SECTOR = boot_record.SECTOR_BYTES
BOOT_IMAGE = bytes(range(256)) * 2
CORE_IMAGE = b"\xcc" * (3 * SECTOR + 1)
DISK_SECTORS = 8_388_608


def leading(core_image: bytes = CORE_IMAGE, disk_sectors: int = DISK_SECTORS) -> bytes:
    return boot_record.leading_sectors(BOOT_IMAGE, core_image, disk_sectors)


def test_the_only_partition_is_bootable_and_has_the_rest_of_the_disk() -> None:
    first, *others = (leading()[446 + 16 * n : 462 + 16 * n] for n in range(4))
    start, count = struct.unpack_from("<II", first, 8)
    assert (first[0], first[4]) == (0x80, 0x83)
    assert (start, start + count) == (2048, DISK_SECTORS)
    assert others == [bytes(16)] * 3


def test_the_boot_sector_ends_with_its_signature() -> None:
    assert leading()[510:512] == b"\x55\xaa"


def test_the_boot_sector_knows_where_the_core_begins() -> None:
    assert struct.unpack_from("<Q", leading(), 0x5C) == (1,)


def test_the_boot_sector_takes_the_drive_that_the_firmware_names() -> None:
    assert leading()[0x64] == 0xFF
    assert leading()[0x66:0x68] == b"\x90\x90"


def test_the_boot_sector_is_otherwise_as_grub_made_it() -> None:
    ours = leading()[:446]
    changed = {n for n in range(446) if ours[n] != BOOT_IMAGE[n]}
    assert changed <= {*range(0x5C, 0x65), 0x66, 0x67}


def test_the_first_sector_of_the_core_knows_where_the_others_are() -> None:
    where = struct.unpack_from("<QHH", leading(), 2 * SECTOR - 12)
    assert where == (2, 3, 0x820)


def test_the_core_follows_the_boot_sector_in_whole_sectors() -> None:
    core = leading()[SECTOR:]
    assert core == (
        CORE_IMAGE[: SECTOR - 12]
        + struct.pack("<QHH", 2, 3, 0x820)
        + CORE_IMAGE[SECTOR:].ljust(3 * SECTOR, b"\0")
    )


def test_a_core_may_fill_all_the_room_before_the_partition() -> None:
    assert len(leading(bytes(2047 * SECTOR))) == 2048 * SECTOR


@pytest.mark.parametrize(
    ("boot_image", "core_image", "disk_sectors", "reason"),
    [
        pytest.param(
            BOOT_IMAGE, bytes(2047 * SECTOR + 1), DISK_SECTORS, "room", id="long core"
        ),
        pytest.param(BOOT_IMAGE, b"\xcc", DISK_SECTORS, "only 1 bytes", id="no core"),
        pytest.param(b"", CORE_IMAGE, DISK_SECTORS, "has 0 bytes", id="no boot sector"),
        pytest.param(BOOT_IMAGE, CORE_IMAGE, 2048, "2048 sectors", id="small disk"),
        pytest.param(BOOT_IMAGE, CORE_IMAGE, 2**40, "sectors", id="too large a disk"),
    ],
)
def test_what_cannot_be_booted_is_refused(
    boot_image: bytes, core_image: bytes, disk_sectors: int, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        boot_record.leading_sectors(boot_image, core_image, disk_sectors)


def test_the_metadata_say_how_large_the_disk_is_and_for_which_provider() -> None:
    assert json.loads(archive.metadata(4)) == {
        "provider": "libvirt",
        "format": "qcow2",
        "virtual_size": 4,
    }


def test_the_catalogue_names_the_box_and_the_place_of_its_file() -> None:
    written = json.loads(archive.catalogue(Path("/a b/c.box"), "12.1.2"))
    provider = {"name": "libvirt", "url": "file:///a%20b/c.box"}
    assert written == {
        "name": "pgsr/debian-12",
        "versions": [{"version": "12.1.2", "providers": [provider]}],
    }


def test_a_later_build_has_a_higher_version() -> None:
    times_s = [0.0, 1.0, 86_399.0, 86_400.0, 1_764_310_594.0, 1_767_225_600.0]
    versions = [archive.version(time_s) for time_s in times_s]
    numbers = [[int(part) for part in each.split(".")] for each in versions]
    assert numbers == sorted(numbers)
    assert len(set(versions)) == len(times_s)


def test_an_archive_holds_the_metadata_the_vagrantfile_and_the_image(
    tmp_path: Path,
) -> None:
    image, box = tmp_path / "any.img", tmp_path / "any.box"
    image.write_bytes(b"a disk")
    archive.pack(image, 4, box)
    with tarfile.open(box) as packed:
        assert packed.getnames() == ["metadata.json", "Vagrantfile", "box.img"]


def test_the_box_has_all_that_the_provisioning_would_install() -> None:
    listed = json.loads(contents.PACKAGE_LISTS.read_text())["debian"]
    assert listed
    assert set(listed) | set(contents.BASE) == set(contents.packages_of_the_box())


def test_the_builder_names_no_package_of_the_cluster_itself() -> None:
    listed = json.loads(contents.PACKAGE_LISTS.read_text())["debian"]
    assert not set(listed) & set(contents.BASE)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(None, id="no file"),
        pytest.param("[", id="no JSON"),
        pytest.param("[]", id="no object"),
        pytest.param('{"el": []}', id="no such family"),
        pytest.param('{"debian": "corosync"}', id="no list"),
        pytest.param('{"debian": [1]}', id="no names"),
    ],
)
def test_a_list_of_packages_that_cannot_be_read_is_named(
    tmp_path: Path, text: str | None
) -> None:
    lists = tmp_path / "packages.json"
    if text is not None:
        lists.write_text(text)
    with pytest.raises(ProvisionError, match=str(lists)):
        contents.packages_of_a_node(lists)


def test_no_file_of_the_box_is_written_twice_or_outside_of_it() -> None:
    paths = [file.path for file in (*contents.EARLY_FILES, *contents.FILES)]
    assert len(set(paths)) == len(paths)
    assert not [path for path in paths if path.startswith("/") or ".." in path]


def test_a_digest_tells_which_part_a_byte_belongs_to() -> None:
    assert inputs.digest_of([b"ab", b"c"]) != inputs.digest_of([b"a", b"bc"])
    assert inputs.digest_of([b"ab", b"c"]) == inputs.digest_of([b"ab", b"c"])


def test_another_key_makes_another_box() -> None:
    assert inputs.digest("one") != inputs.digest("another")


def test_one_message_names_all_debian_packages_that_are_missing() -> None:
    present = set(inputs.PROGRAMS) - {"mke2fs", "mmdebstrap"}
    with pytest.raises(ProvisionError, match=r"packages e2fsprogs mmdebstrap$"):
        inputs.check(present, user_id=0)


def test_only_root_can_build_a_box() -> None:
    with pytest.raises(ProvisionError, match="run this as root"):
        inputs.check(inputs.PROGRAMS, user_id=1000)


def test_as_root_with_all_programs_a_box_can_be_built() -> None:
    inputs.check(inputs.PROGRAMS, user_id=0)
