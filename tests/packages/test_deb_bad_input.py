# SPDX-License-Identifier: GPL-2.0-or-later
"""What goes wrong with packages: one of the two agents is there, and works."""

from __future__ import annotations

import pytest

from tests.packages import deb
from tests.packages.building import Packages
from tests.packages.deb import AGENT_PACKAGE, DROPIN_PACKAGE, NEW_LINK, STOCK
from tests.packages.stock_versions import NAME, StockVersions, digest
from tests.packages.system import System
from tests.packages.watching import AGENT, DROP_IN, answer

TAKE_OVER = "/usr/lib/pgsr/take-over"


def test_resource_agents_removed_by_force(taken_over: System) -> None:
    """Ours goes on; without it there is no agent, as without resource-agents."""
    deb.force_remove(taken_over, NAME)
    assert deb.is_ours(taken_over)
    deb.force_remove(taken_over, DROPIN_PACKAGE)
    assert not deb.is_there(taken_over, DROP_IN)
    assert not deb.diversions(taken_over)


def test_our_agent_removed_by_force(
    taken_over: System, stock: StockVersions, older: Packages
) -> None:
    """The stock agent is back before ours goes, and ours when it is installed again."""
    deb.force_remove(taken_over, AGENT_PACKAGE)
    assert deb.is_stock(taken_over, stock.present_agent)
    assert not deb.is_there(taken_over, AGENT)
    taken_over.run("dpkg", "--install", taken_over.bring(older.agent_deb))
    assert deb.is_ours(taken_over)


def test_both_removed_by_force(taken_over: System, stock: StockVersions) -> None:
    taken_over.run(
        *("dpkg", "--force-all", "--remove", AGENT_PACKAGE, DROPIN_PACKAGE),
    )
    assert deb.is_stock(taken_over, stock.present_agent)
    assert deb.is_clean(taken_over)


def test_a_diversion_of_the_administrator_is_left_alone(
    with_stock: System, stock: StockVersions, older: Packages
) -> None:
    elsewhere = "/usr/local/pgsql.of-the-distribution"
    with_stock.run(
        *("dpkg-divert", "--local", "--rename", "--divert", elsewhere, "--add", DROP_IN)
    )
    with_stock.write(DROP_IN, "#!/bin/sh\necho mine\n", 0o755)
    failed = with_stock.install(*older.debs, check=False)
    assert failed.returncode != 0
    assert "is diverted already, by LOCAL" in failed.stderr + failed.stdout
    assert with_stock.run(DROP_IN).stdout == "mine\n"
    assert elsewhere in deb.diversions(with_stock)
    with_stock.path(DROP_IN).unlink()
    with_stock.run("dpkg-divert", "--local", "--rename", "--remove", DROP_IN)
    with_stock.run("dpkg", "--configure", DROPIN_PACKAGE)
    assert deb.is_ours(with_stock)
    deb.remove(with_stock, DROPIN_PACKAGE)
    assert deb.is_stock(with_stock, stock.present_agent)


def test_a_refused_take_over_can_be_purged(with_stock: System, older: Packages) -> None:
    with_stock.run(
        *("dpkg-divert", "--local", "--no-rename", "--divert", "/srv/x", "--add"),
        DROP_IN,
    )
    assert with_stock.install(*older.debs, check=False).returncode != 0
    with_stock.apt("purge", DROPIN_PACKAGE)
    assert "/srv/x" in deb.diversions(with_stock)
    assert "<resource-agent" in with_stock.path(DROP_IN).read_text()


def test_a_changed_stock_agent_is_kept_and_given_back(
    with_stock: System, older: Packages
) -> None:
    with with_stock.path(DROP_IN).open("a") as file:
        file.write("# Changed here.\n")
    changed = digest(with_stock.path(DROP_IN))
    with_stock.install(*older.debs)
    assert deb.is_ours(with_stock)
    deb.remove(with_stock, DROPIN_PACKAGE)
    assert deb.is_stock(with_stock, changed)


def test_a_take_over_by_make_install_is_taken_along(
    with_stock: System, stock: StockVersions, older: Packages
) -> None:
    agent = with_stock.path(DROP_IN)
    agent.rename(agent.with_name(".pgsql.stock"))
    agent.symlink_to("../pgsr/.pgsql")
    with_stock.install(*older.debs)
    assert deb.is_ours(with_stock)
    deb.remove(with_stock, DROPIN_PACKAGE)
    assert deb.is_stock(with_stock, stock.present_agent)


def test_a_library_that_somebody_deleted_is_replaced_by_the_packaged_one(
    taken_over: System,
) -> None:
    taken_over.run("sh", "-c", "rm -rf /usr/lib/pgsr/library/*/")
    assert deb.is_ours(taken_over)
    taken_over.run("dpkg-reconfigure", "--frontend=noninteractive", AGENT_PACKAGE)
    module = deb.library(taken_over) / "pgsr/agent.py"
    module.write_text("This is no Python.")
    taken_over.run("dpkg-reconfigure", "--frontend=noninteractive", AGENT_PACKAGE)
    assert deb.is_ours(taken_over)


@pytest.mark.parametrize(
    "done",
    [
        pytest.param((), id="nothing"),
        pytest.param((f"cp -a {DROP_IN} {STOCK}",), id="the stock agent kept"),
        pytest.param(
            (
                f"cp -a {DROP_IN} {STOCK}",
                f"dpkg-divert --package {DROPIN_PACKAGE} --no-rename --divert {STOCK}"
                f" --add {DROP_IN}",
            ),
            id="diverted, not linked",
        ),
        pytest.param(
            (
                f"cp -a {DROP_IN} {STOCK}",
                f"dpkg-divert --package {DROPIN_PACKAGE} --no-rename --divert {STOCK}"
                f" --add {DROP_IN}",
                f"ln -s ../pgsr/.pgsql {NEW_LINK}",
            ),
            id="link made, not moved",
        ),
    ],
)
@pytest.mark.parametrize("afterwards", ["configured", "removed"])
def test_dpkg_interrupted_half_way(
    with_stock: System,
    stock: StockVersions,
    older: Packages,
    done: tuple[str, ...],
    afterwards: str,
) -> None:
    """Power fails in the postinst: what was done so far stays done."""
    with_stock.run("dpkg", "--install", with_stock.bring(older.agent_deb))
    with_stock.run("dpkg", "--unpack", with_stock.bring(older.dropin_deb))
    for command in ("mkdir -p /usr/lib/pgsr/stock", *done):
        with_stock.run(*command.split())
    assert deb.is_stock(with_stock, stock.present_agent)
    if afterwards == "configured":
        with_stock.run("dpkg", "--configure", "--pending")
        assert deb.is_ours(with_stock)
    deb.remove(with_stock, DROPIN_PACKAGE)
    assert deb.is_stock(with_stock, stock.present_agent)
    assert not deb.diversions(with_stock)
    assert not deb.is_there(with_stock, STOCK)


def test_a_full_disk_leaves_the_stock_agent(
    with_stock: System, stock: StockVersions, older: Packages
) -> None:
    with_stock.run("mkdir", "-p", "/usr/lib/pgsr/stock")
    with_stock.site.run(
        *("mount", "-t", "tmpfs", "-o", "size=4k", "tiny"),
        with_stock.root / "usr/lib/pgsr/stock",
    )
    failed = with_stock.install(*older.debs, check=False)
    assert failed.returncode != 0
    assert "No space left on device" in failed.stderr + failed.stdout
    assert deb.is_stock(with_stock, stock.present_agent)
    with_stock.site.run("umount", with_stock.root / "usr/lib/pgsr/stock")
    with_stock.run("dpkg", "--configure", "--pending")
    assert deb.is_ours(with_stock)


def test_a_full_disk_leaves_the_version_that_runs(
    taken_over: System, newer: Packages
) -> None:
    """The agent's library is made anew beside the old one, which runs until then."""
    library = taken_over.root / "usr/lib/pgsr/library"
    taken_over.run("cp", "-a", "/usr/lib/pgsr/library", "/srv/library")
    taken_over.site.run("mount", "-t", "tmpfs", "-o", "size=6m", "tiny", library)
    taken_over.run("cp", "-a", "/srv/library/.", "/usr/lib/pgsr/library")
    taken_over.run(
        "sh", "-c", "cat /dev/zero > /usr/lib/pgsr/library/filler || :", check=False
    )
    debs = map(taken_over.bring, newer.debs)
    failed = taken_over.run("dpkg", "--install", *debs, check=False)
    assert failed.returncode != 0
    assert "No space left on device" in failed.stderr + failed.stdout
    assert 'version="0.8.0"' in answer(taken_over, DROP_IN)
    taken_over.path("/usr/lib/pgsr/library/filler").unlink()
    taken_over.run("dpkg", "--configure", "--pending")
    assert 'version="0.9.0"' in answer(taken_over, DROP_IN)
    taken_over.site.run("umount", library)
