# SPDX-License-Identifier: GPL-2.0-or-later
"""Text of corosync.conf, for machines and for namespaces; it only computes.

It is here because the provisioning runs on the machines, without the rest of the tests.
"""

from __future__ import annotations

from collections.abc import Mapping

CLUSTER_NAME = "pgsr"


def corosync_conf(addresses: Mapping[str, str], token_ms: int) -> str:
    """Return corosync.conf for the nodes, in the order of their numbers.

    Corosync refuses options and braces that are not on lines of their own. Of two
    nodes one alone may begin, because the method starts the primary's node first; the
    other is fenced then, before anything starts.
    """
    alone = "  two_node: 1\n  wait_for_all: 0\n"
    two_node = alone if len(addresses) == 2 else ""
    entries = enumerate(addresses.items(), start=1)
    nodes = "".join(
        f"  node {{\n    name: {name}\n    nodeid: {number}\n"
        f"    ring0_addr: {address}\n  }}\n"
        for number, (name, address) in entries
    )
    return (
        "totem {\n  version: 2\n"
        f"  cluster_name: {CLUSTER_NAME}\n"
        "  transport: knet\n  crypto_cipher: none\n  crypto_hash: none\n"
        f"  token: {token_ms}\n}}\n"
        f"nodelist {{\n{nodes}}}\n"
        f"quorum {{\n  provider: corosync_votequorum\n{two_node}}}\n"
        "logging {\n  to_syslog: no\n  to_logfile: yes\n"
        "  logfile: /var/log/corosync/corosync.log\n  timestamp: hires\n}\n"
    )
