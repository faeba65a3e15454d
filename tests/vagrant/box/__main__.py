# SPDX-License-Identifier: GPL-2.0-or-later
"""Builds the box: `/usr/bin/python3 -m tests.vagrant.box --output dist/NAME.box`.

Beside the box are then a catalogue, NAME.json, for `vagrant box add NAME.json`, and the
digest of what it was built from: the same box is not built again. New versions of its
packages are no reason either; `--force` is.

Nothing but the standard library is imported here: it runs before `.venv` exists.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType

from tests.provision.commands import ProvisionError
from tests.vagrant.box import archive, disk, inputs, system


def main(arguments: list[str]) -> int:
    """Build the box unless it is there; the exit code, with the reason on stderr."""
    given = _parsed(arguments)
    signal.signal(signal.SIGTERM, _leave)
    try:
        _provide(given.output.absolute(), is_forced=given.force)
    except (ProvisionError, OSError, ValueError) as error:
        print(f"tests.vagrant.box: {error}", file=sys.stderr)
        return 1
    return 0


def _parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m tests.vagrant.box")
    parser.add_argument("--output", type=Path, required=True, metavar="NAME.box")
    parser.add_argument("--force", action="store_true", help="build it again")
    given = parser.parse_args(arguments)
    if given.output.suffix != ".box":
        parser.error(f"--output {given.output}: the name is to end with .box")
    return given


def _provide(box: Path, *, is_forced: bool) -> None:
    public_key = system.vagrant_public_key()
    digest = inputs.digest(public_key)
    catalogue, record = box.with_suffix(".json"), box.with_suffix(".inputs")
    if not is_forced and _is_built(digest, box, catalogue, record):
        print(f"{box} is there already")
        return
    inputs.check_machine()
    box.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=box.parent, prefix=".box-") as name:
        unfinished = _build(Path(name), public_key)
        # Whenever this is interrupted, no record is beside a box that is another one.
        record.unlink(missing_ok=True)
        unfinished.rename(box)
        catalogue.write_text(archive.catalogue(box, archive.version(time.time())))
        record.write_text(digest + "\n")
    print(f"built {box}: vagrant box add {catalogue}")


def _is_built(digest: str, box: Path, catalogue: Path, record: Path) -> bool:
    """Tell whether the box of these inputs is where its catalogue says."""
    if not all(path.is_file() for path in (box, catalogue, record)):
        return False
    is_same = record.read_text().strip() == digest
    return is_same and box.as_uri() in catalogue.read_text()


def _build(scratch: Path, public_key: str) -> Path:
    root, packed = scratch / "root", scratch / "packed.box"
    _tell("installing the system, which takes a minute or more")
    system.install(root, scratch, public_key)
    _tell("making the disk")
    image = disk.image_of(root, scratch)
    archive.pack(image, disk.SIZE_GIB, packed)
    return packed


def _tell(what: str) -> None:
    print(f"box: {what}", flush=True)


def _leave(number: int, _frame: FrameType | None) -> None:
    """End as an exception does, so that everything temporary is removed."""
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
