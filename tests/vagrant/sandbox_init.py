# SPDX-License-Identifier: GPL-2.0-or-later
"""First process of the sandbox: mounts, the libvirt daemon, the command, the end.

It is the first process of a process namespace: orphans become its children, and when it
ends, the kernel ends all that is left. libvirt waits for programs that it has killed to
vanish, so orphans are reaped at once.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

HOME = Path("/run/pgsr-sandbox")
TEMPORARY = HOME / "tmp"
DISK_LIMIT = "size=8g,mode=755"
OWN_DIRECTORIES = ("/run", "/var/lib/libvirt", "/var/cache/libvirt", "/var/log/libvirt")
CONFIGURATION = Path("/etc/libvirt")
DEVICES = ("full", "net", "null", "random", "tty", "urandom", "zero")
READY_TIMEOUT_S = 30.0
LOOK_INTERVAL_S = 0.1
# Everything runs as root here, without a service manager, control groups or labels.
QEMU_CONF = """\
user = "root"
group = "root"
security_driver = "none"
cgroup_controllers = [ ]
namespaces = [ ]
stdio_handler = "file"
"""
LIBVIRTD_CONF = 'auth_unix_rw = "none"\n'


def main(command: list[str]) -> int:
    """Make the sandbox, run the command in it and return its exit code."""
    if os.getpid() != 1:
        print("sandbox_init: started by tests.vagrant.sandbox only", file=sys.stderr)
        return 2
    child = os.fork()
    if child == 0:
        _become(command)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda given, _frame: os.kill(child, given))
    return _reap_until_end_of(child)


def _become(command: list[str]) -> NoReturn:
    """Make the sandbox and become the command in it."""
    _mount()
    _run("ip", "link", "set", "lo", "up")
    _wait_until_ready(_start_libvirt())
    os.execvpe(command[0], command, _environment())


def _mount() -> None:
    """Give this process a file system in which it may change what libvirt uses."""
    _run("mount", "--make-rprivate", "/")
    _run("mount", "-t", "proc", "proc", "/proc")
    for directory in OWN_DIRECTORIES:
        Path(directory).mkdir(parents=True, exist_ok=True)
        _run("mount", "-t", "tmpfs", "-o", DISK_LIMIT, "pgsr-sandbox", directory)
    HOME.mkdir()
    TEMPORARY.mkdir()
    TEMPORARY.chmod(0o1777)
    Path("/run/lock").mkdir()
    _own_copy_of_configuration()
    _own_devices()


def _own_devices() -> None:
    """Leave /dev/kvm out: libvirt takes one that works for some processes only ill."""
    copy = HOME / "dev"
    copy.mkdir()
    for name in filter(lambda name: Path("/dev", name).exists(), DEVICES):
        source, target = Path("/dev", name), copy / name
        target.mkdir() if source.is_dir() else target.touch()
        _run("mount", "--rbind", str(source), str(target))
    (copy / "pts").mkdir()
    terminals = ("-t", "devpts", "-o", "newinstance,ptmxmode=0666", "devpts")
    _run("mount", *terminals, str(copy / "pts"))
    (copy / "ptmx").symlink_to("pts/ptmx")
    (copy / "shm").mkdir(mode=0o1777)
    (copy / "fd").symlink_to("/proc/self/fd")
    _run("mount", "--rbind", str(copy), "/dev")


def _own_copy_of_configuration() -> None:
    copy = HOME / "etc-libvirt"
    _run("cp", "--archive", str(CONFIGURATION), str(copy))
    (copy / "qemu.conf").write_text(QEMU_CONF)
    (copy / "libvirtd.conf").write_text(LIBVIRTD_CONF)
    for link in copy.glob("qemu/networks/autostart/*"):
        link.unlink()
    _run("mount", "--bind", str(copy), str(CONFIGURATION))


def _start_libvirt() -> subprocess.Popen[bytes]:
    with (HOME / "libvirtd.log").open("wb") as log:
        return subprocess.Popen(
            ["libvirtd"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _wait_until_ready(daemon: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_TIMEOUT_S
    asked = ["virsh", "--quiet", "--connect", "qemu:///system", "version"]
    while subprocess.run(asked, capture_output=True, check=False).returncode != 0:
        if daemon.poll() is not None or time.monotonic() > deadline:
            said = (HOME / "libvirtd.log").read_text(errors="replace")
            sys.exit(f"sandbox: libvirtd does not answer:\n{said}")
        time.sleep(LOOK_INTERVAL_S)


def _environment() -> Mapping[str, str]:
    """Return the command's environment: Vagrant keeps all that it writes in here."""
    return {
        **os.environ,
        "VAGRANT_HOME": str(HOME / "vagrant"),
        "VAGRANT_DOTFILE_PATH": str(HOME / "machines"),
        "VAGRANT_DEFAULT_PROVIDER": "libvirt",
        "VAGRANT_CHECKPOINT_DISABLE": "1",  # it asks a server for new versions
        "LIBVIRT_DEFAULT_URI": "qemu:///system",
        "LC_ALL": "C.UTF-8",
        "TMPDIR": str(TEMPORARY),  # not a mount on /tmp: the checkout may be below it
    }


def _reap_until_end_of(command: int) -> int:
    while True:
        pid, status = os.wait()
        if pid == command:
            return os.waitstatus_to_exitcode(status) & 0xFF


def _run(*argv: str) -> None:
    ended = subprocess.run(argv, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        sys.exit(f"sandbox: {' '.join(argv)}: {ended.stderr.strip()}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
