# SPDX-License-Identifier: GPL-2.0-or-later
"""`make install`: what it lays down, and that it works from there."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from tests.programs import PATH, must
from tests.provision.postgresql import CHECKOUT
from tests.stock.agents import Agent, call

OCF = "usr/lib/ocf"


def install(directory: Path, *options: str) -> Path:
    must(["make", "-C", str(CHECKOUT), "install", f"DESTDIR={directory}", *options])
    return directory / OCF


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_modes_are_right_whatever_the_umask(workspace: Path) -> None:
    before = os.umask(0o077)
    try:
        top = install(workspace / "new")
    finally:
        os.umask(before)
    assert mode_of(top / "resource.d/pgsr/pgsr") == 0o755
    for path in [top, *top.rglob("*")]:
        if path.is_dir():
            assert mode_of(path) == 0o755, path
        elif path.suffix == ".py":
            assert mode_of(path) == 0o644, path


def test_all_modules_and_no_bytecode_are_installed(workspace: Path) -> None:
    """Whether or not the checkout has been run from."""
    top = install(workspace)
    source = CHECKOUT / "resource-agents"
    wanted = {path.relative_to(source) for path in source.rglob("*.py")}
    wanted |= {Path("resource.d/pgsr/pgsr"), Path("resource.d/pgsr/.pgsql")}
    found = {path.relative_to(top) for path in top.rglob("*") if not path.is_dir()}
    assert found == wanted


def test_a_drop_in_answers_by_the_name_of_the_stock_agent(
    workspace: Path, ours: Agent
) -> None:
    top = install(workspace, "DROPIN=1")
    agent = ours._replace(program=top / "resource.d/heartbeat/pgsql")
    assert '<resource-agent name="pgsql"' in call(agent, "meta-data", {}).out
    assert '<resource-agent name="pgsr"' in call(ours, "meta-data", {}).out


def test_a_drop_in_keeps_the_stock_agent_where_the_cluster_does_not_look(
    workspace: Path,
) -> None:
    """Pacemaker lists no agent whose name begins with a dot."""
    directory = workspace / OCF / "resource.d/heartbeat"
    directory.mkdir(parents=True)
    (directory / "pgsql").write_text("the stock agent")
    for _ in range(2):
        install(workspace, "DROPIN=1")
    assert (directory / ".pgsql.stock").read_text() == "the stock agent"
    assert os.readlink(directory / "pgsql") == "../pgsr/.pgsql"
    assert sorted(os.listdir(directory)) == [".pgsql.stock", "pgsql"]


def test_a_cluster_that_runs_finds_an_agent_at_every_step_of_a_take_over(
    workspace: Path,
) -> None:
    agent = workspace / OCF / "resource.d/heartbeat/pgsql"
    agent.parent.mkdir(parents=True)
    agent.write_text("the stock agent")
    for name in ("cp", "ln", "mv"):
        see_first(agent, workspace / "tools" / name)
    install(workspace, "DROPIN=1", f"PATH={workspace / 'tools'}:{PATH}")
    assert agent.is_symlink()


def see_first(path: Path, tool: Path) -> None:
    """Make a tool that fails where the path is absent, and else is the real one."""
    tool.parent.mkdir(exist_ok=True)
    tool.write_text(f'#!/bin/sh\n[ -e {path} ] && exec /usr/bin/{tool.name} "$@"\n')
    tool.chmod(0o755)
