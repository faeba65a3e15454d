# SPDX-License-Identifier: GPL-2.0-or-later
"""One state of running virtual machines, to which they can be brought back in seconds.

QEMU keeps no snapshot inside a disk that machines share. So the memory of all machines
is saved while none of them runs; their disks are left as they are then, and whatever
comes later is written into overlays, which are thrown away to go back.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.cluster.harness import libvirt
from tests.cluster.harness.vagrant_machine import VagrantMachine

OVERLAY = ".overlay"


class Snapshot:
    """The state of some machines at one moment."""

    def __init__(self, machines: Sequence[VagrantMachine], directory: Path) -> None:
        """Save the machines, which then are off until they are brought back."""
        self._machines = tuple(machines)
        self._directory = directory
        self._definitions: dict[str, str] = {}
        self._disks: dict[str, list[tuple[str, bool]]] = {}
        for machine in machines:
            libvirt.suspend(machine.domain)
        for machine in machines:
            definition = libvirt.virsh(
                "dumpxml", "--inactive", "--security-info", machine.domain
            )
            self._definitions[machine.domain] = definition
            self._disks[machine.domain] = libvirt.disk_files(definition)
            libvirt.virsh("save", machine.domain, str(self._memory(machine)))
            machine.connection.close()
        self._keep_shared_disks()

    def restore(self) -> None:
        """Bring the machines back, with disks that can be thrown away again."""
        self._end_all()
        for machine in self._machines:
            for file, is_shared in self._disks[machine.domain]:
                if not is_shared:
                    libvirt.make_overlay(Path(file).name + OVERLAY, Path(file))
            self._wake(machine, OVERLAY)
        self._go_on()

    def close(self) -> None:
        """Bring the machines back as they were, on their own disks."""
        self._end_all()
        for machine in self._machines:
            self._wake(machine, "")
            for file, is_shared in self._disks[machine.domain]:
                name = Path(file).name + ("" if is_shared else OVERLAY)
                if not is_shared:
                    libvirt.virsh(
                        "vol-delete", "--pool", libvirt.POOL, name, check=False
                    )
            self._memory(machine).unlink(missing_ok=True)
        self._go_on()

    def _memory(self, machine: VagrantMachine) -> Path:
        return self._directory / f"{machine.name}.memory"

    def _end_all(self) -> None:
        for machine in self._machines:
            machine.cut_power()
        for file in self._shared_files():
            kept = self._directory / Path(file).name
            libvirt.virsh(
                "vol-upload", "--pool", libvirt.POOL, Path(file).name, str(kept)
            )

    def _keep_shared_disks(self) -> None:
        for file in self._shared_files():
            kept = self._directory / Path(file).name
            libvirt.virsh(
                *("vol-download", "--pool", libvirt.POOL, "--sparse"),
                *(Path(file).name, str(kept)),
            )

    def _shared_files(self) -> list[str]:
        return sorted(
            {
                file
                for disks in self._disks.values()
                for file, is_shared in disks
                if is_shared
            }
        )

    def _wake(self, machine: VagrantMachine, suffix: str) -> None:
        """Restore a machine's memory, with its processor stopped, on these disks."""
        definition = self._on_disks(machine, self._definitions[machine.domain], suffix)
        memory = str(self._memory(machine))
        running = libvirt.virsh("save-image-dumpxml", "--security-info", memory)
        self._from_file("define", definition)
        changed = self._file(self._on_disks(machine, running, suffix))
        libvirt.virsh("restore", memory, "--xml", changed, "--paused")
        machine.is_hanging = False

    def _on_disks(self, machine: VagrantMachine, xml: str, suffix: str) -> str:
        for file, is_shared in self._disks[machine.domain]:
            if not is_shared:
                xml = xml.replace(f"'{file}'", f"'{file}{suffix}'")
        return xml

    def _from_file(self, command: str, xml: str) -> None:
        libvirt.virsh(command, self._file(xml))

    def _file(self, xml: str) -> str:
        file = self._directory / "domain.xml"
        file.write_text(xml, encoding="utf-8")
        return str(file)

    def _go_on(self) -> None:
        """Let all run on at once, and tell them the time: nobody else does."""
        for machine in self._machines:
            libvirt.resume(machine.domain)
        for machine in self._machines:
            machine.connection.open()
            machine.set_clock()
