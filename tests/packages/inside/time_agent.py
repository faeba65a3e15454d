# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs a program so often, and prints how many milliseconds each run took.

Run by path with the system's Python. Arguments: how often, and the program with its
arguments.
"""

import subprocess
import sys
import time


def main() -> None:
    """Run; the first time, which fills caches, does not count."""
    runs, argv = int(sys.argv[1]), sys.argv[2:]
    for number in range(runs + 1):
        began = time.monotonic()
        subprocess.run(argv, capture_output=True, check=False)
        if number:
            print(1000 * (time.monotonic() - began), flush=True)


main()
