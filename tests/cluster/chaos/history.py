# SPDX-License-Identifier: GPL-2.0-or-later
"""What happened in a randomised run, told as it happens and kept when it failed."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from tests.cluster.harness.cluster import Cluster
from tests.cluster.harness.node import LOGS
from tests.cluster.harness.process import CommandFailed


class History:
    """Lines with the seconds since the beginning, and the time of the nodes' logs."""

    def __init__(self) -> None:
        self._began_at = time.time()
        self._lines: list[str] = []
        self._guard = threading.Lock()

    def tell(self, text: str) -> None:
        """Note something, and print it."""
        now = time.time()
        clock = time.strftime("%H:%M:%S", time.gmtime(now))
        line = f"{now - self._began_at:7.2f} s  {clock}.{now % 1 * 1000:03.0f}  {text}"
        with self._guard:
            self._lines.append(line)
            print(line, flush=True)

    def change(self, node: str, state: str) -> None:
        """Note that the cluster shows another state of a node."""
        self.tell(f"    {node}  {state}")

    def keep(self, directory: Path, cluster: Cluster, reason: str) -> None:
        """Write everything to a directory: this, and each node's logs and view."""
        directory.mkdir(parents=True, exist_ok=True)
        text = "\n".join((*self._lines, reason, ""))
        (directory / "history.txt").write_text(text, encoding="utf-8")
        for node in cluster.nodes:
            for name in LOGS:
                file = directory / f"{node.name}-{name}.log"
                file.write_text(node.log(name), encoding="utf-8")
            if node.is_on:
                view = directory / f"{node.name}-crm_mon.txt"
                try:
                    view.write_text(node.show(), encoding="utf-8")
                except CommandFailed as failure:
                    view.write_text(str(failure), encoding="utf-8")
