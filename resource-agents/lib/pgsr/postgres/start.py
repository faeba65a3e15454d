# SPDX-License-Identifier: GPL-2.0-or-later
"""Starting a server, and saying why when it does not start."""

from __future__ import annotations

import math
import os
import re
import shlex
import time

from pgsr import files, process
from pgsr.account import acting_as
from pgsr.instance import Instance
from pgsr.ocf import AgentError, PermissionDenied
from pgsr.postgres import datadir, postmaster
from pgsr.postgres.observe import observe
from pgsr.state import Server, Service
from pgsr.wait import now, until

# pg_ctl shows the server's progress in postmaster.pid since this version.
_FIRST_WITH_STATUS = (10,)
_REASON_LINES = 3
_LOOK_INTERVAL_S = 0.05


def launch(instance: Instance) -> None:
    """Start the server and leave it to itself; AgentError when pg_ctl cannot."""
    _prepare(instance)
    code, said = instance.run([*_call(instance), "-W", "start"])
    if code:
        raise AgentError(f"Can't start PostgreSQL. pg_ctl: {said}")
    instance.log.info("PostgreSQL start command sent.")


def start(instance: Instance) -> Server:
    """Start the server and return its state once it takes connections.

    What a monitor would complain of is told at once: monitor_sql is run too.

    pg_ctl waits beside the agent (-w): it is the parent of the postmaster and
    notices its death.  The agent looks for itself, because pg_ctl looks only every
    100 ms and did not look at all between two seconds before version 10.
    """
    _prepare(instance)
    began = time.time()
    log_size = _size(instance.parameters.logfile)
    argv = command(instance)
    with process.running(argv, instance.account, instance.environment()) as pg_ctl:
        instance.log.info("PostgreSQL start command sent.")
        seen = until(
            lambda: _look(instance, pg_ctl), instance.deadline, _LOOK_INTERVAL_S
        )
        said = pg_ctl.said()
    if isinstance(seen, Server):
        return _confirmed(instance, seen)
    words = last_words(instance, log_size, began) or " ".join(said.split())
    if seen is None:
        raise AgentError(f"PostgreSQL did not take connections in time: {words}")
    raise AgentError(f"Can't start PostgreSQL. {words}", _where_to_look(instance))


def _confirmed(instance: Instance, server: Server) -> Server:
    if server.service is Service.FAILS:
        raise AgentError(f"PostgreSQL was started, but does not work: {server.reason}")
    instance.log.info("PostgreSQL is started.")
    return server


def command(instance: Instance) -> list[str]:
    """Return the call of pg_ctl.

    pg_ctl hands the server's options to /bin/sh: each one is quoted for it, so that
    nothing in them is expanded.
    """
    seconds = max(1, math.ceil(instance.deadline - now()))
    return [*_call(instance), "-w", "-t", str(seconds), "start"]


def _call(instance: Instance) -> list[str]:
    parameters = instance.parameters
    options = ["-c", f"config_file={parameters.configuration_file}"]
    if parameters.pghost:
        options += ["-h", parameters.pghost]
    options += parameters.start_opt
    return [
        *parameters.pgctl,
        *parameters.ctl_opt,
        *("-D", parameters.pgdata),
        *("-l", parameters.logfile or "/dev/null"),
        *("-o", " ".join(map(shlex.quote, options))),
    ]


def last_words(instance: Instance, log_size: int, began: float) -> str:
    """Return the last lines that the server wrote to its log since ``began``.

    They are in ``logfile``, or, with the logging collector, in the newest file of
    the log directory.
    """
    # As the database's user: a link must not show what only root may read.
    with acting_as(instance.account):
        text = _read_from(instance.parameters.logfile, log_size)
        if not text.strip():
            text = _newest_log(instance.pgdata, began)
    return telling_part(text)


def telling_part(log: str) -> str:
    """Return the lines that say why a server died, level and message of each.

    A fatal error may only refer to what was wrong, said before at a lower level.
    """
    lines = [" ".join(line.split()) for line in log.splitlines() if line.strip()]
    levels = "FATAL|PANIC|ERROR|HINT|DETAIL"
    if any(re.search(r"FATAL: .*(contains errors|create any)", line) for line in lines):
        levels += "|LOG|WARNING"
    pattern = rf"\b(?:{levels}): .*"
    telling = [found.group() for line in lines for found in re.finditer(pattern, line)]
    return " | ".join((telling or lines)[-_REASON_LINES:])


def _where_to_look(instance: Instance) -> str:
    logfile = instance.parameters.logfile
    if logfile in ("", "/dev/null"):
        return "Set the parameter logfile to see all that the server says at start"
    return f"See {logfile} for the whole"


def _look(instance: Instance, pg_ctl: process.Child) -> Server | str | None:
    """Return the server once it answers, a word when it died, else None."""
    code = pg_ctl.exit_code()
    if code:
        return "died"
    said = postmaster.read_pid_file(instance.pgdata)
    has_status = datadir.version_of(instance.pgdata) >= _FIRST_WITH_STATUS
    if has_status and not (said and said.status in ("ready", "standby")):
        return None
    server = observe(instance, instance.deadline, is_check=True)
    return server if _is_up(server, bool(said and said.status == "standby")) else None


def _is_up(server: Server, is_warm_standby: bool) -> bool:
    is_busy = server.service is Service.BUSY and is_warm_standby
    return server.service in (Service.ANSWERS, Service.FAILS) or is_busy


def _prepare(instance: Instance) -> None:
    parameters, account = instance.parameters, instance.account
    logfile = parameters.logfile
    if logfile and not files.can_append(logfile, account):
        raise PermissionDenied(
            f"PostgreSQL can't write to the log file: {logfile}; {account.name} must"
            " be able to create it and to append to it"
        )
    _prepare_directories(instance)


def _prepare_directories(instance: Instance) -> None:
    """Create the directories under /run that a reboot takes away."""
    parameters, account = instance.parameters, instance.account
    directory = parameters.socketdir
    if directory:
        files.ensure_directory(directory, account, 0o2775)
        if not files.can_create_in(directory, account):
            raise PermissionDenied(f"{account.name} can't create files in {directory}")
    statistics = datadir.setting(parameters.configuration_file, "stats_temp_directory")
    if statistics:
        absolute = os.path.join(parameters.pgdata, statistics)
        files.ensure_directory(absolute, account, 0o700)


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _read_from(path: str, offset: int) -> str:
    if path in ("", "/dev/null"):
        return ""
    try:
        with open(path, "rb") as file:
            file.seek(max(offset, _size(path) - 65536))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""


def _newest_log(pgdata: str, began: float) -> str:
    candidates = [
        entry
        for name in ("log", "pg_log")
        if os.path.isdir(f"{pgdata}/{name}")
        for entry in os.scandir(f"{pgdata}/{name}")
        if entry.is_file(follow_symlinks=False) and entry.stat().st_mtime >= began - 1
    ]
    newest = max(candidates, key=lambda entry: entry.stat().st_mtime, default=None)
    return _read_from(newest.path, 0) if newest else ""
