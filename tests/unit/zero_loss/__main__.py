# SPDX-License-Identifier: GPL-2.0-or-later
"""Live through many random histories: `make histories NUMBER=100000 FIRST=1`.

The tests live through some that are always the same. What takes many events in the
right order is found by many more, in each of which other events are frequent.
"""

from __future__ import annotations

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from random import Random, randrange

from tests.unit.zero_loss.histories import EVENTS, Loss, lived
from tests.unit.zero_loss.rules import Rules

LENGTHS = (60, 60, 120)
MOST_OFTEN = 6
CHUNK = 250


def told(seed: int) -> str:
    """Live through one history; return how a commit was lost in it, empty if none."""
    rng = Random(seed)
    names = [event.__name__ for event, _ in EVENTS]
    often = frozenset(rng.sample(names, rng.randint(0, MOST_OFTEN)))
    try:
        lived(seed, rng.choice(LENGTHS), Rules(), often)
    except Loss as loss:
        return str(loss)
    return ""


def main(argv: list[str]) -> int:
    """Live through as many histories as wanted, and tell of each loss."""
    parser = argparse.ArgumentParser(prog="make histories", description=__doc__)
    parser.add_argument("--number", type=int, default=100_000)
    parser.add_argument("--first", type=int, default=randrange(10**9))
    wanted = parser.parse_args(argv)
    seeds = range(wanted.first, wanted.first + wanted.number)
    print(f"{wanted.number} histories from seed {wanted.first} on", flush=True)
    losses = 0
    with ProcessPoolExecutor(os.cpu_count()) as workers:
        for loss in filter(None, workers.map(told, seeds, chunksize=CHUNK)):
            losses += 1
            print(loss, flush=True)
    print(f"{losses} of them lose a commit")
    return 1 if losses else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
