# SPDX-License-Identifier: GPL-2.0-or-later
"""What the scenarios allow a cluster whose machine is busy with others too.

They tell one that works from one that does not. How quick it is, `make bench-failover`
measures on a quiet machine. A scenario that is to be stricter has its own limit; where
the nodes are slower, PGSR_PATIENCE multiplies them.
"""

UNDISTURBED_S = 2.0  # a client that commits every 5 ms may have to wait for the machine
UNSENT_S = 0.2  # a commit older than this had long been sent to an idle standby
POWER_CUT_LIMIT_S = 20.0
KILL_LIMIT_S = 30.0
HANG_LIMIT_S = 60.0
