# SPDX-License-Identifier: GPL-2.0-or-later
"""First process of a node: mounts what a booted system has, then reaps orphans.

Arguments: ROOT HOSTNAME [SOURCE=TARGET ...], the last being bind mounts into ROOT.
It owns the node's mounts. It must not start the node's services: the harness does.

Nothing of the machine can be reached from here that would harm it: devices are a
chosen few, /proc/sys is read-only, and /proc/sysrq-trigger, with which Pacemaker
reboots a node in panic, is /dev/null.
"""

import os
import signal
import socket
import subprocess
import sys

DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
DEVICE_LINKS = {
    "ptmx": "pts/ptmx",
    "fd": "/proc/self/fd",
    "stdin": "fd/0",
    "stdout": "fd/1",
    "stderr": "fd/2",
}


def mount(*arguments: str) -> None:
    """Run mount(8)."""
    subprocess.run(["mount", *arguments], check=True, timeout=30)


def mount_kernel_files(root: str) -> None:
    """Give the node its own /proc and /sys."""
    mount("-t", "proc", "proc", f"{root}/proc")
    if os.path.exists(f"{root}/proc/sysrq-trigger"):
        mount("--bind", "/dev/null", f"{root}/proc/sysrq-trigger")
    mount("--bind", f"{root}/proc/sys", f"{root}/proc/sys")
    mount("-o", "remount,bind,ro", f"{root}/proc/sys")
    mount("-t", "sysfs", "-o", "ro", "sysfs", f"{root}/sys")


def mount_devices(root: str) -> None:
    """Give the node a /dev with the harmless devices only."""
    mount("-t", "tmpfs", "-o", "mode=755", "dev", f"{root}/dev")
    for name in DEVICES:
        with open(f"{root}/dev/{name}", "w", encoding="ascii"):
            pass
        mount("--bind", f"/dev/{name}", f"{root}/dev/{name}")
    for name, target in DEVICE_LINKS.items():
        os.symlink(target, f"{root}/dev/{name}")
    for name in ("pts", "shm"):
        os.mkdir(f"{root}/dev/{name}")
    mount("-t", "devpts", "-o", "newinstance,ptmxmode=666", "pts", f"{root}/dev/pts")
    mount("-t", "tmpfs", "-o", "mode=1777", "shm", f"{root}/dev/shm")


def mount_volatile_directories(root: str) -> None:
    """Mount the directories that are empty after every boot."""
    for name, mode in (("run", "755"), ("tmp", "1777")):
        mount("-t", "tmpfs", "-o", f"mode={mode}", name, f"{root}/{name}")
    os.mkdir(f"{root}/run/lock")


def main() -> None:
    """Boot the node."""
    root, hostname, *binds = sys.argv[1:]
    print(os.readlink("/proc/self"), flush=True)  # as the machine numbers it
    socket.sethostname(hostname)
    mount_kernel_files(root)
    mount_devices(root)
    mount_volatile_directories(root)
    for bind in binds:
        source, target = bind.split("=")
        os.makedirs(root + target, exist_ok=True)
        mount("--bind", source, root + target)
    os.chroot(root)
    os.chdir("/")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # orphans are reaped by the kernel
    print("booted", flush=True)
    while True:
        signal.pause()


if __name__ == "__main__":
    main()
