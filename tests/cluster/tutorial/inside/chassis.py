#!/usr/bin/python3 -I
# SPDX-License-Identifier: GPL-2.0-or-later
"""What ipmi_sim(1) calls to learn of a node's power and to switch it.

Arguments: SOCKET NODE get|set [power|reset VALUE]. SOCKET is that of the power
switch of the nodes.
"""

import socket
import sys

SWITCHED = {("power", "0"): "off", ("power", "1"): "on", ("reset", "1"): "reboot"}


def ask(path: str, request: str) -> str:
    """Return the answer of the power switch."""
    with socket.socket(socket.AF_UNIX) as switch:
        switch.connect(path)
        switch.sendall(f"{request}\n".encode())
        return switch.makefile().read().strip()


def main() -> None:
    """Answer one request of the BMC."""
    path, node, verb, *words = sys.argv[1:]
    if verb == "get":
        print(f"power:{int(ask(path, f'status {node}') == 'on')}")
        return
    action = SWITCHED.get((words[0], words[1]))
    if action is not None and ask(path, f"{action} {node}") != "done":
        sys.exit(f"{node}: {action} failed")


if __name__ == "__main__":
    main()
