# SPDX-License-Identifier: GPL-2.0-or-later
"""What a server's configuration says, asked of the server program itself.

``postgres -C`` reads the files as a start would, with all that they include; no
server need run.  Each question is a process: not for a monitor.
"""

from __future__ import annotations

import os

from pgsr.instance import Instance
from pgsr.ocf import AgentError


def ask(instance: Instance, name: str) -> str:
    """Return a setting in its base unit; AgentError with the server's own words.

    It fails where the configuration is broken, where the version does not know the
    setting, and before PostgreSQL 9.2, which has no such option.
    """
    parameters = instance.parameters
    argv = [
        f"{os.path.dirname(os.path.realpath(parameters.pgctl[0]))}/postgres",
        *("-C", name, "-D", parameters.pgdata),
        *("-c", f"config_file={parameters.configuration_file}"),
        *parameters.start_opt,
    ]
    code, said = instance.run(argv)
    if code != 0:
        raise AgentError(f"Can't start PostgreSQL. {said}")
    # Complaints that do not matter may come before it.
    return said.splitlines()[-1] if said else ""
