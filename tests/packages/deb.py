# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests on Debian say in one word."""

from __future__ import annotations

from pathlib import Path

from tests.packages.stock_versions import NAME, digest
from tests.packages.system import System
from tests.packages.watching import AGENT, DROP_IN, OURS, answer

AGENT_PACKAGE, DROPIN_PACKAGE = "resource-agents-pgsr", "resource-agents-pgsr-dropin"
STOCK = "/usr/lib/pgsr/stock/pgsql"
NEW_LINK = "/usr/lib/ocf/resource.d/heartbeat/.pgsql.pgsr-new"


def is_ours(system: System) -> bool:
    """Tell whether ocf:heartbeat:pgsql is our agent, and answers."""
    path = system.path(DROP_IN)
    is_link = path.is_symlink() and f"link {path.readlink()}" == OURS
    return is_link and '<resource-agent name="pgsql"' in answer(system, DROP_IN)


def is_stock(system: System, agent_digest: str) -> bool:
    """Tell whether ocf:heartbeat:pgsql is this stock agent, as a file of its own."""
    path = system.path(DROP_IN)
    return not path.is_symlink() and digest(path) == agent_digest


def library(system: System) -> Path:
    """Return where the agent's library is that runs."""
    top = system.path("/usr/lib/pgsr/library")
    return top / (top / "active").readlink()


def is_there(system: System, path: str) -> bool:
    """Tell whether something is at a path, a link that leads nowhere too."""
    return system.path(path).exists() or system.path(path).is_symlink()


def diversions(system: System) -> str:
    """Return what dpkg knows of diversions of the stock agent."""
    return system.run("dpkg-divert", "--list", DROP_IN).stdout


def is_clean(system: System) -> bool:
    """Tell whether nothing is left of the take-over, and dpkg finds nothing changed."""
    left = [path for path in (STOCK, NEW_LINK) if is_there(system, path)]
    is_changed = system.run("dpkg", "--verify", NAME, check=False).stdout
    return not left and not is_changed and not diversions(system)


def remove(system: System, *names: str) -> None:
    """Remove packages, and what depends on them."""
    system.apt("remove", *names)


def force_remove(system: System, name: str) -> None:
    """Remove a package from under those that depend on it."""
    system.run("dpkg", "--force-depends", "--remove", name)


def agent_answers(system: System) -> bool:
    """Tell whether ocf:pgsr:pgsr answers."""
    return '<resource-agent name="pgsr"' in answer(system, AGENT)
