# SPDX-License-Identifier: GPL-2.0-or-later
"""First process of a cluster's own namespaces.

The nodes are namespaces inside these. This process ends when its standard input does,
that is when the harness ends, however it ends; the kernel then ends every process of
every node and drops all mounts and networks. It must not do anything else.
"""

import os
import signal
import sys


def main() -> None:
    """Report the process id as the machine sees it, then live as long as stdin."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # orphans are reaped by the kernel
    print(os.readlink("/proc/self"), flush=True)
    sys.stdin.buffer.read()


if __name__ == "__main__":
    main()
