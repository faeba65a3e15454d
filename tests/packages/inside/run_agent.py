# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the agent one time after the other until its input ends, and prints how it went.

It says "ready" on standard error after the first run.

Run by path with the system's Python: the tests are not importable here. Arguments: the
exit code that is right, and the program with its arguments.
"""

import select
import subprocess
import sys


def main() -> None:
    """Print each wrong answer with what was said, and at the end the number of runs."""
    right, argv, runs = int(sys.argv[1]), sys.argv[2:], 0
    while not select.select([sys.stdin], [], [], 0)[0]:
        ended = subprocess.run(argv, capture_output=True, text=True, check=False)
        runs += 1
        if runs == 1:
            print("ready", file=sys.stderr, flush=True)
        if ended.returncode != right:
            said = " / ".join(ended.stderr.split("\n")[-4:])
            print(f"run {runs} ended with {ended.returncode}: {said}", flush=True)
    print(f"runs {runs}", flush=True)


main()
