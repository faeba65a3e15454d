# SPDX-License-Identifier: GPL-2.0-or-later
"""Promoting a hot standby: by its trigger file where it has one, else by pg_ctl."""

from __future__ import annotations

from collections.abc import Callable

from pgsr import files
from pgsr.instance import Instance
from pgsr.ocf import AgentError, NotConfigured
from pgsr.postgres import control, datadir, postmaster, settings, sql
from pgsr.postgres.observe import session
from pgsr.state import ControlState
from pgsr.wait import share, until

# Major versions with promote_trigger_file (release notes 12 and 16).
_FIRST_WITH_SETTING, _LAST_WITH_SETTING = (12,), (15,)
# pg_ctl promote waits by default since this version, in looks 100 ms apart.
_FIRST_THAT_WAITS = (10,)
_ASK_SHARE = 0.2


def promote(instance: Instance) -> None:
    """Make the hot standby a primary; AgentError when it is none at the deadline.

    The control file says when: it is "in production" only once writes are allowed
    (StartupXLOG in xlog.c).  A full server gives no connection to ask.
    """
    if _trigger(instance, _ask_server) == instance.parameters.trigger_file:
        _pull_trigger(instance)
    else:
        _pg_ctl_promote(instance)
    instance.log.info("PostgreSQL promote command sent.")
    if not until(lambda: _is_in_production(instance) or None, instance.deadline):
        raise AgentError(
            "Can't promote PostgreSQL. It was told to leave recovery, but did not"
            " before the operation's timeout; see the server's log"
        )


def require_same_trigger_file(instance: Instance) -> None:
    """Refuse a standby that watches another trigger file than promote creates.

    Asked of the stopped server's configuration: ``postgres -C`` follows includes.
    """
    configured = _trigger(instance, _ask_configuration)
    wanted = instance.parameters.trigger_file
    if configured not in ("", wanted):
        raise NotConfigured(
            f"Parameter trigger_file={wanted}: the standby is configured to watch"
            f" {configured}; both must name the same file"
        )
    if datadir.version_of(instance.pgdata) > _LAST_WITH_SETTING:
        instance.log.info(
            "The parameter trigger_file has no effect: PostgreSQL 16 and later are"
            " promoted by pg_ctl promote."
        )


def _trigger(instance: Instance, ask: Callable[[Instance], str]) -> str:
    """Return the trigger file of the standby, empty if it has none or it is unknown.

    ``ask`` finds the setting that is not in recovery.conf.
    """
    version = datadir.version_of(instance.pgdata)
    if version < _FIRST_WITH_SETTING:
        return datadir.recovery_setting(instance.pgdata, "trigger_file")
    return ask(instance) if version <= _LAST_WITH_SETTING else ""


def _ask_server(instance: Instance) -> str:
    try:
        with session(instance, share(instance.deadline, _ASK_SHARE)) as query:
            return str(query("select current_setting('promote_trigger_file')")[0][0])
    except (sql.ConnectionFailed, sql.QueryFailed):
        return ""


def _ask_configuration(instance: Instance) -> str:
    return settings.ask(instance, "promote_trigger_file")


def _is_in_production(instance: Instance) -> bool:
    return control.state_of(instance.pgdata) is ControlState.IN_PRODUCTION


def _pull_trigger(instance: Instance) -> None:
    """Create the trigger file, and make the server look at it now.

    A standby that waits for WAL looks for the file every 5 seconds only
    (WaitForWALToBecomeAvailable in xlog.c); SIGHUP wakes it.
    """
    files.create(instance.parameters.trigger_file, instance.account, "")
    postmaster.reload(instance.pgdata)


def _pg_ctl_promote(instance: Instance) -> None:
    argv = [*instance.parameters.pgctl, "promote", "-D", instance.pgdata]
    if datadir.version_of(instance.pgdata) >= _FIRST_THAT_WAITS:
        argv.append("-W")
    code, said = instance.run(argv)
    if code:
        raise AgentError(f"Can't promote PostgreSQL. pg_ctl: {said}")
