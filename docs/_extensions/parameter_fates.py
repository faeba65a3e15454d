# SPDX-License-Identifier: GPL-2.0-or-later
"""What becomes of the parameters of other agents here, in words.

A parameter of the stock agent that is not in OF_STOCK is the same, default included.
The texts are reStructuredText in a table's cell.
"""

from __future__ import annotations

QUOTED = (
    "the same; quotes in it are written so that the server reads them back, so take out"
    " those that were there for the stock agent's sake"
)

OF_STOCK = {
    "pgctl": "the same; a name alone is one in ``/usr/bin``",
    "start_opt": (
        "split into words as a shell would, and nothing in it is expanded: a ``$(…)``"
        " that worked there is text here"
    ),
    "ctl_opt": "split likewise; ``-w``, ``-W`` and ``-t`` have no effect",
    "psql": "no effect: leave it, the way back needs it",
    "pgport": "the same; empty means the port that the server itself has",
    "pglibs": (
        "the default sets nothing; another value is for ``pg_ctl`` and the server, no"
        " more for the cluster's tools"
    ),
    "monitor_user": (
        "asks for the replication too, and so needs ``pg_monitor``; without the right"
        " there is a warning, and :parameter:`pgdba` asks"
    ),
    "monitor_password": "the same; not needed where ``.pgpass`` has it",
    "monitor_sql": "the same; no quote, ``$`` or backtick in it means anything",
    "config": (
        "the same: the stock agent's default is ``postgresql.conf`` in its default of"
        " :parameter:`pgdata`, ours is empty, which means the file in yours"
    ),
    "logfile": "the same; empty means none",
    "socketdir": "the same; empty means where the running server has it",
    "stop_escalate": (
        "the same; at most six tenths of the operation's timeout. A timeout of 10"
        " seconds or less does not mean an immediate shutdown"
    ),
    "rep_mode": (
        "the same values; ``async`` with an empty :parameter:`node_list`, which the"
        " stock agent refuses, is the PGSR method"
    ),
    "node_list": "the same; with ``sync`` it may be empty: all nodes of the cluster",
    "restore_command": QUOTED,
    "archive_cleanup_command": QUOTED,
    "recovery_end_command": QUOTED,
    "master_ip": "the same; the agent itself asks the primary there for its history",
    "repuser": "the same; the agent itself connects as that role too",
    "primary_conninfo_opt": "the same; options that libpq cannot read are refused",
    "restart_on_promote": (
        "the same; a former primary whose data differs is refused, since its timeline"
        " does not show it"
    ),
    "replication_slot_name": (
        "the same names; the slots are on all nodes, keep WAL from the beginning, and"
        " are not dropped at a start"
    ),
    "tmpdir": (
        "the same directory: our default is empty, which means that one. A symbolic"
        " link is refused, and so is a directory in which others may write"
    ),
    "xlog_check_count": (
        "the same number of looks, which follow each other within fractions of a"
        " second, not from monitor to monitor"
    ),
    "crm_attr_timeout": "the same; what fails is done by the next monitor",
    "stop_escalate_in_slave": "as :parameter:`stop_escalate`",
    "check_wal_receiver": "the same words; the server is asked, no list of processes",
}

REMOVE = "remove it"
ONLY_OURS = {
    "trigger_file": "remove it; it belongs to the PGSR method, which has no way back",
    "slot_retain_limit": REMOVE,
    "maxlag": REMOVE,
    "sync_strict": "remove it: commits no longer wait when the standby is lost",
    "sync_quorum": "remove it: one standby is synchronous again",
    "external_standby_node_list": (
        "remove it for 4.12; versions after 4.18 may have it: look at their meta-data"
    ),
}

OF_PAF = {
    "system_user": ":parameter:`pgdba`",
    "bindir": (
        ":parameter:`pgctl`, the program itself: ``BINDIR/pg_ctl``. The other programs"
        " are not needed"
    ),
    "pgdata": (
        ":parameter:`config`, where PAF's value is the directory of ``postgresql.conf``"
        " and not the data's: ``PGDATA/postgresql.conf``. Otherwise"
        " :parameter:`pgdata`"
    ),
    "datadir": ":parameter:`pgdata`",
    "pghost": (
        "a directory: :parameter:`socketdir`. An address: :parameter:`pghost`, which"
        " the server then listens on too, instead of ``listen_addresses``"
    ),
    "pgport": ":parameter:`pgport`",
    "maxlag": (
        ":parameter:`maxlag`, with ``rep_mode=async``. With ``sync`` it has no effect:"
        " only who has all commits is promoted"
    ),
    "recovery_template": (
        "PostgreSQL 11 and before: nothing, the agent writes ``recovery.conf`` itself."
        " What the template has besides ``primary_conninfo`` goes into"
        " :parameter:`restore_command` and the like"
    ),
    "start_opts": (
        ":parameter:`start_opt`, but for ``-c config_file=…``, which is"
        " :parameter:`config`"
    ),
}
