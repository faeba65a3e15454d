# SPDX-License-Identifier: GPL-2.0-or-later
"""Looks at a path all the time, until its input ends, and prints each state it was in.

It says "ready" on standard error after the first look.

Run by path with the system's Python: the tests are not importable here.
"""

import os
import select
import sys
from stat import S_ISLNK

LOOKS = 200  # between two looks at the input


def state(path: str) -> str:
    """Return what is there: nothing, a link with where to, or a file with its size."""
    try:
        found = os.lstat(path)
        return (
            f"link {os.readlink(path)}"
            if S_ISLNK(found.st_mode)
            else (f"file {found.st_size}")
        )
    except FileNotFoundError:
        return "absent"
    except OSError:  # it was a link, and is a file by now
        return state(path)


def main() -> None:
    """Print each new state, and at the end how often it was looked at."""
    path, last, looks = sys.argv[1], "", 0
    while not (looks % LOOKS == 0 and select.select([sys.stdin], [], [], 0)[0]):
        now = state(path)
        looks += 1
        if looks == 1:
            print("ready", file=sys.stderr, flush=True)
        if now != last:
            print(now, flush=True)
            last = now
    print(f"looks {looks}", flush=True)


main()
