# SPDX-License-Identifier: GPL-2.0-or-later
"""Installs the system of the box in a directory, and makes it ready for Vagrant.

Mounts and processes of the installation are in namespaces: they end with it, however it
ends, and what removes the directory never finds one of the host's directories in it.
"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterable
from pathlib import Path

from tests.provision import packages
from tests.provision.commands import ProvisionError, output_of
from tests.vagrant.box import contents

INSTALL_TIMEOUT_S = 1800.0
STEP_TIMEOUT_S = 60.0
VAGRANT_LIBRARIES = Path("/usr/share/rubygems-integration/all/gems")
NAMESPACES = (
    *("setpriv", "--pdeathsig", "KILL", "--"),
    *("unshare", "--mount", "--pid", "--mount-proc", "--fork"),
    *("--kill-child=SIGKILL", "--"),
)
# "vagrant", for a console when the network is what is broken; ssh takes no password.
PASSWORD = (
    "$6$vagrant$aYdZwu4306HGdE39rROOrbSnB8G1Jser5zc9VMESSr8PouIZdgoO."
    "OYQsFTOHXRXSYzB1oCD7571llAG6WR15."
)


def install(root: Path, scratch: Path, public_key: str) -> None:
    """Install everything in the new directory `root`; ProvisionError when it fails."""
    early = scratch / "early"
    write(early, contents.EARLY_FILES)
    output_of(
        [*NAMESPACES, *installation(root, early)],
        timeout_s=INSTALL_TIMEOUT_S,
        environment=packages.environment(),
    )
    # A link would lead out of the directory.
    (root / "etc" / "resolv.conf").unlink(missing_ok=True)
    write(root, contents.FILES)
    _add_user(root, public_key)
    _choose_what_starts(root)
    _forget(root)


def installation(root: Path, early: Path) -> list[str]:
    """Return the command that installs the packages."""
    no_fsync = "force-unsafe-io"  # what is left of a failure is thrown away
    dpkg_options = [f"--dpkgopt={each}" for each in (no_fsync, *contents.NOT_UNPACKED)]
    return [
        *("mmdebstrap", "--mode=root", "--variant=minbase"),
        '--aptopt=Acquire::Languages "none"',
        '--aptopt=APT::Install-Recommends "false"',
        *dpkg_options,
        f"--essential-hook=sync-in {shlex.quote(str(early))} /",
        f"--include={','.join(contents.packages_of_the_box())}",
        *(contents.SUITE, str(root)),
    ]


def write(root: Path, files: Iterable[contents.GuestFile]) -> None:
    """Write files below `root`, with the directories that they need."""
    for file in files:
        path = root / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.text, encoding="utf-8")
        path.chmod(file.mode)


def vagrant_public_key() -> str:
    """Return the key that every Vagrant knows; ProvisionError when there is none."""
    found = sorted(VAGRANT_LIBRARIES.glob("vagrant-*/keys/vagrant.pub"))
    if not found:
        raise ProvisionError(
            f"no vagrant-*/keys/vagrant.pub in {VAGRANT_LIBRARIES}: "
            "install the Debian package vagrant"
        )
    return found[-1].read_text(encoding="utf-8")


def _add_user(root: Path, public_key: str) -> None:
    _inside(
        *(root, "useradd", "--create-home", "--shell", "/bin/bash"),
        *("--password", PASSWORD, "vagrant"),
    )
    key = contents.GuestFile("home/vagrant/.ssh/authorized_keys", public_key, 0o600)
    write(root, [key])
    (root / key.path).parent.chmod(0o700)
    _inside(root, "chown", "--recursive", "vagrant:", "/home/vagrant/.ssh")


def _choose_what_starts(root: Path) -> None:
    _inside(root, "systemctl", "--quiet", "preset-all")
    _inside(root, "systemctl", "--quiet", "mask", *contents.NEVER_STARTED)
    _inside(root, "systemctl", "--quiet", "set-default", "multi-user.target")


def _forget(root: Path) -> None:
    """Remove what each machine makes for itself, and spare it work of a first boot."""
    for file in [*root.glob("etc/ssh/ssh_host_*"), *root.glob("var/log/**/*.log")]:
        file.unlink()
    (root / "var/lib/dbus/machine-id").unlink(missing_ok=True)
    shutil.rmtree(root / "var/lib/apt/lists", ignore_errors=True)
    # Newer than /usr: nothing that packages configure is to be configured once more.
    write(
        root,
        [contents.GuestFile(name, "") for name in ("etc/.updated", "var/.updated")],
    )


def _inside(root: Path, *argv: str) -> None:
    output_of(
        ["chroot", str(root), *argv],
        timeout_s=STEP_TIMEOUT_S,
        environment=packages.environment(),
    )
