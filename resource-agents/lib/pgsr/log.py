# SPDX-License-Identifier: GPL-2.0-or-later
"""The cluster's log, written the way the shell agents write it.

``ocf-shellfuncs`` (``ha_log``, ``ocf_exit_reason``) is the reference: the tag
``AGENT(RESOURCE)[PID]``, the level words, and the destinations that Pacemaker
names in the environment.  Log files and monitoring rules know that form.
"""

from __future__ import annotations

import os
import sys
import syslog
import time
from collections.abc import Mapping
from typing import NamedTuple

_PRIORITIES = {
    "ERROR": syslog.LOG_ERR,
    "WARNING": syslog.LOG_WARNING,
    "INFO": syslog.LOG_INFO,
    "DEBUG": syslog.LOG_DEBUG,
}


class Log(NamedTuple):
    """Where lines go.  Empty strings mean that a destination is not wanted."""

    tag: str
    facility: str
    file: str
    debug_file: str
    debug: bool
    exit_reason_prefix: str

    def error(self, message: str) -> None:
        """Log something that makes the action fail."""
        self._write("ERROR", message)

    def warning(self, message: str) -> None:
        """Log something that an administrator should look at."""
        self._write("WARNING", message)

    def info(self, message: str) -> None:
        """Log what was done or decided."""
        self._write("INFO", message)

    def details(self, message: str) -> None:
        """Log what only helps to find a fault, when Pacemaker runs in debug mode."""
        if self.debug:
            self._write("DEBUG", message)

    def exit_reason(self, reason: str, advice: str = "") -> None:
        """Give Pacemaker the reason of a failure; log it, with the advice.

        Pacemaker takes the *last* line of standard error with the prefix, so the
        reason is one line, and is not logged to standard error a second time.
        """
        line = " ".join(reason.split())
        if advice:
            self.error(f"{line}. {advice}")
        _write_stderr(f"{self.exit_reason_prefix}{line}\n")
        if not advice:
            self._write("ERROR", line, to_stderr=False)

    def _write(self, level: str, message: str, to_stderr: bool = True) -> None:
        line = f"{level}: {message}"
        if self.facility:
            _to_syslog(self.tag, self.facility, _PRIORITIES[level], line)
        stamp = time.strftime("%b %d %T ")
        if self.file and level != "DEBUG":
            _append(self.file, f"{stamp} {self.tag}:    {line}\n")
        if self.debug_file and self.debug_file != self.file:
            _append(self.debug_file, f"{self.tag}:\t{stamp}{line}\n")
        if to_stderr and not self.facility and not self.file:
            _write_stderr(f"{self.tag}: {line}\n")


def from_environment(
    environ: Mapping[str, str], program: str, resource: str, pid: int
) -> Log:
    """Return the log that ``environ`` asks for (the names are Pacemaker's)."""
    facility = environ.get("HA_LOGFACILITY", "")
    return Log(
        tag=f"{program}({resource})[{pid}]",
        facility="" if facility == "none" else facility,
        file=environ.get("HA_LOGFILE", ""),
        debug_file=environ.get("HA_DEBUGLOG", ""),
        debug=environ.get("HA_debug", "0") not in ("", "0"),
        exit_reason_prefix=environ.get("OCF_EXIT_REASON_PREFIX") or "ocf-exit-reason:",
    )


def _to_syslog(tag: str, facility: str, priority: int, line: str) -> None:
    number = getattr(syslog, f"LOG_{facility.upper()}", syslog.LOG_DAEMON)
    syslog.openlog(tag, 0, number)
    # A parameter may hold bytes that are no UTF-8; syslog() refuses their stand-ins.
    syslog.syslog(priority, line.encode("utf-8", "backslashreplace").decode())


def _append(path: str, line: str) -> None:
    """Append ``line``; a log that cannot be written must not stop a database."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOCTTY
    try:
        descriptor = os.open(path, flags, 0o640)
    except OSError:
        return
    try:
        os.write(descriptor, line.encode("utf-8", "backslashreplace"))
    except OSError:
        pass
    finally:
        os.close(descriptor)


def _write_stderr(text: str) -> None:
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except (OSError, ValueError):
        pass  # nobody listens any more; the exit code still says it
