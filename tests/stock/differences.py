# SPDX-License-Identifier: GPL-2.0-or-later
"""Where our agent answers otherwise than the stock one in `rep_mode=none`, and why.

This is the whole list. A situation or an action that is not here has the same code.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tests.stock.situations import Answer

# In every situation. The guide for agents (ra-dev-guide) asks for "not implemented"
# where there are no roles, ocf-tester checks it, and Pacemaker never calls them there.
NO_ROLES = {"promote": 3, "demote": 3}

# In every situation. A notification tells a stand-alone server nothing, so nothing can
# be wrong with it.
NOTHING_TO_TELL = {"notify": 0}


class Difference(NamedTuple):
    """Why some answers differ, and our answers by situation and action."""

    why: str
    codes: Mapping[str, Mapping[str, Answer]]


RUNS = {"monitor": 0, "probe": 0, "status": 0}
RUNS_BADLY = {"monitor": 1, "probe": 1, "status": 0}
WORKS = {"validate-all": 0, "start": 0}
REFUSED = {"validate-all": 6, "start": 6}

DIFFERENCES = (
    Difference(
        "A running server is seen without programs, configuration or valid parameters."
        " The stock agent says that it does not run, so it would be started again.",
        {
            "no pg_ctl, running": RUNS,
            "no psql, running": RUNS,
            "no config, running": {"monitor": 0, "status": 0},
            "empty pgctl": RUNS,
            "empty psql": RUNS,
            "empty socketdir, running": RUNS,
            "unknown rep_mode, running": RUNS,
            "password alone": RUNS,
            "slave, no master_ip": RUNS,
            "slave, promotable": RUNS,
            "wrong user, running": RUNS_BADLY,
            "no such user, running": {**RUNS_BADLY, "status": 1},
        },
    ),
    Difference(
        "To start a server that runs needs nothing: there is nothing to do.",
        {
            "no pg_ctl, running": {"start": 0},
            "no config, running": {"start": 0},
        },
    ),
    Difference(
        "A start that cannot succeed fails with its reason. The stock agent waits until"
        " the operation times out, and is killed.",
        {
            "crashed, a zombie": {"start": 1},
            "broken configuration": {"start": 1},
            "wrong start_opt": {"start": 1},
            "port of nobody": {"start": 1},
            "unknown database": {"start": 1},
            "unknown database, stopped": {"start": 1},
            "failing query": {"start": 1},
            "failing query, stopped": {"start": 1},
            "monitoring by a stranger": {"start": 1},
            "wrong user, running": {"start": 1},
        },
    ),
    Difference(
        "A zombie is not alive: its number in the pid file does not make a server run.",
        {
            "crashed, a zombie": {"monitor": 7, "probe": 7, "status": 7, "stop": 0},
        },
    ),
    Difference(
        "psql is not used, so it need not be there.",
        {
            "no psql, stopped": WORKS,
            "no psql, running": WORKS,
            "empty psql": WORKS,
        },
    ),
    Difference(
        "socketdir may be empty: the server's own pid file says where its socket is.",
        {
            "empty socketdir, stopped": WORKS,
            "empty socketdir, running": WORKS,
        },
    ),
    Difference(
        "An empty pgport means the port that the server itself is set to.",
        {
            "empty pgport, stopped": {"start": 0},
            "empty pgport, running": {"monitor": 0, "probe": 0, "start": 0},
        },
    ),
    Difference(
        "An empty config means the default, an empty logfile that there is none.",
        {
            "empty config": WORKS,
            "empty logfile, stopped": {"start": 0},
        },
    ),
    Difference(
        "A monitor_user may have no password, as in later versions of the stock agent.",
        {"monitoring, no password": {**RUNS, **WORKS}},
    ),
    Difference(
        "A value that can never be right is refused at start and named; what runs is"
        " told and stopped nevertheless.",
        {
            "empty pgctl": REFUSED,
            "empty pgdata": REFUSED,
            "port not a number": {"monitor": 0, "probe": 0, **REFUSED},
            "stop_escalate a word": REFUSED,
            "empty rep_mode, stopped": {"stop": 0},
            "unknown rep_mode, running": {"stop": 0},
        },
    ),
    Difference(
        "The directory of the agent's files is created, with rep_mode=slave too.",
        {"slave, no tmpdir": {"start": 0}},
    ),
    Difference(
        "Whatever is in a command is written so that the server reads it back. The"
        " stock agent's file is broken by a quote, and its start hangs.",
        {"slave, a quote": {"start": 0}},
    ),
    Difference(
        "A line that the agent has put into the configuration is taken out when the"
        " mode has changed. The stock agent's start hangs when the file is gone.",
        {"slave before": {"start": 0}},
    ),
    Difference(
        "The database's user has to exist, and to own the data directory. The stock"
        " agent runs pg_ctl as root and lets that fail.",
        {
            "empty user": {"validate-all": 5, "start": 5},
            "user root, stopped": {"validate-all": 4, "start": 4},
        },
    ),
)


def everywhere(stock: Mapping[str, Answer]) -> dict[str, Answer]:
    """The stock agent's codes but for what differs in every situation."""
    return {**stock, **NO_ROLES, **NOTHING_TO_TELL}


def ours_where_stock_says(
    stock: Mapping[str, Answer], situation: str
) -> dict[str, Answer]:
    """Our exit codes in a situation, from those of the stock agent."""
    ours = everywhere(stock)
    for difference in DIFFERENCES:
        ours.update(difference.codes.get(situation, {}))
    return ours
