# SPDX-License-Identifier: GPL-2.0-or-later
"""What is in the packages: the same bytes each time, and what linters say of them."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from pgsr import __version__
from tests.packages import building
from tests.packages.building import Packages
from tests.packages.stock_versions import digest
from tests.programs import PATH, must, run
from tests.provision.postgresql import CHECKOUT

LINT = CHECKOUT / "packaging/lint"
LINT_TIMEOUT_S = 120
UTF_8 = {"PATH": PATH, "LC_ALL": "C.UTF-8"}
MANUAL_PAGES = {
    "ocf_pgsr_pgsr",
    "pgsr-operation",
    "pgsr-replication",
    "pgsr-setup",
    "pgsr-troubleshooting",
}
DEB_DEPENDS = {
    "resource-agents-pgsr": "python3 (>= 3.9), python3-psycopg2,"
    " resource-agents | resource-agents-base,"
    " pacemaker (>= 2.0) | pacemaker-remote (>= 2.0)",
    "resource-agents-pgsr-dropin": f"resource-agents-pgsr (= {__version__}-1),"
    " resource-agents | resource-agents-base",
}
RPM_REQUIRES = {
    "resource-agents-pgsr": {
        "python3 >= 3.9",
        "python3-psycopg2",
        "resource-agents",
        "(pacemaker >= 2.0 or pacemaker-remote >= 2.0)",
        "coreutils",
        "findutils",
    },
    "resource-agents-pgsr-dropin": {
        f"resource-agents-pgsr = {__version__}",
        "resource-agents",
        "coreutils",
    },
}


def field(deb: Path, name: str) -> str:
    return must(["dpkg-deb", "--field", str(deb), name]).strip()


def unpacked(deb: Path, directory: Path) -> Path:
    must(["dpkg-deb", "--extract", str(deb), str(directory)])
    return directory


def test_the_same_source_gives_the_same_bytes_anywhere(
    built: Packages, tmp_path: Path
) -> None:
    before = os.umask(0o077)
    try:
        source = building.source_tree(tmp_path / "another" / "place")
        again = building.build(source, tmp_path / "output")
    finally:
        os.umask(before)
    for first, second in zip(built[1:], again[1:]):
        assert digest(Path(first)) == digest(Path(second)), first


def test_the_version_is_that_of_the_agent_everywhere(built: Packages) -> None:
    assert {field(deb, "Version") for deb in built.debs} == {f"{__version__}-1"}
    query = ["rpm", "--query", "--queryformat=%{VERSION}-%{RELEASE}\n", "--package"]
    found = must([*query, *map(str, built.rpms)]).split()
    assert set(found) == {f"{__version__}-1"}
    changelog = (CHECKOUT / "packaging/changelog.yaml").read_text()
    assert re.findall(r"semver: (\S+)", changelog)[0] == f"{__version__}-1"


def test_debs_depend_on_what_agents_of_the_field_depend_on(built: Packages) -> None:
    found = {field(deb, "Package"): field(deb, "Depends") for deb in built.debs}
    assert found == DEB_DEPENDS


def test_rpms_depend_on_what_agents_of_the_field_depend_on(built: Packages) -> None:
    for package in built.rpms:
        name = must(["rpm", "--query", "--queryformat=%{NAME}", "-p", str(package)])
        lines = must(["rpm", "--query", "--requires", "-p", str(package)]).splitlines()
        ours = {line.strip() for line in lines if not is_implied(line)}
        assert ours == RPM_REQUIRES[name]


def is_implied(requirement: str) -> bool:
    """Tell whether rpm adds this by itself: its own features, and a shell."""
    return requirement.startswith("rpmlib(") or requirement.strip() == "/bin/sh"


def test_all_files_belong_to_root_and_may_be_read_by_all(
    built: Packages, tmp_path: Path
) -> None:
    for number, deb in enumerate(built.debs):
        for path in unpacked(deb, tmp_path / str(number)).rglob("*"):
            found = path.lstat()
            assert (found.st_uid, found.st_gid) == (0, 0), path
            is_program = path.is_dir() or path.read_bytes().startswith(b"#!")
            assert stat.S_IMODE(found.st_mode) == (0o755 if is_program else 0o644), path


def test_rpm_and_deb_have_the_same_files(built: Packages, tmp_path: Path) -> None:
    top = unpacked(built.agent_deb, tmp_path)
    in_deb = {f"/{path.relative_to(top)}" for path in files(top)}
    listed = must(["rpm", "--query", "--list", "-p", str(built.agent_rpm)])
    in_rpm = set(listed.splitlines())
    only_in_deb = {name for name in in_deb - in_rpm if "changelog" not in name}
    assert only_in_deb == set()
    assert not [name for name in in_rpm - in_deb if name.endswith((".py", ".gz"))]


def files(top: Path) -> Iterator[Path]:
    return (path for path in top.rglob("*") if path.is_file())


def test_every_module_is_there_and_no_bytecode(built: Packages, tmp_path: Path) -> None:
    top = unpacked(built.agent_deb, tmp_path)
    source = CHECKOUT / "resource-agents/lib"
    wanted = {path.relative_to(source) for path in source.rglob("*.py")}
    library = top / "usr/lib/ocf/lib"
    assert {path.relative_to(library) for path in files(library)} == wanted


def test_manual_pages_are_there_and_render(built: Packages, tmp_path: Path) -> None:
    pages = unpacked(built.agent_deb, tmp_path) / "usr/share/man/man7"
    names = {path.name.removesuffix(".7.gz") for path in pages.iterdir()}
    assert names == MANUAL_PAGES
    for page in pages.iterdir():
        shown = run(["man", "--warnings", "-l", str(page)], 60, UTF_8)
        assert shown.code == 0
        assert "system message" not in shown.out.lower(), page


def test_every_directory_of_documents_is_the_package_s(built: Packages) -> None:
    listed = must(["rpm", "--query", "--list", "-p", str(built.agent_rpm)]).split()
    documents = {Path(name) for name in listed if "/share/doc/" in name}
    owned = Path("/usr/share/doc/resource-agents-pgsr")
    assert owned / "howto/switchover.txt" in documents
    missing = {path.parent for path in documents - {owned}} - documents
    assert missing == set()


def test_lintian_has_nothing_to_say(built: Packages) -> None:
    options = ["--fail-on=error,warning", "--allow-root", "--tag-display-limit=0"]
    suppressed = f"--suppress-tags-from-file={LINT / 'lintian-suppressed'}"
    said = run(["lintian", *options, suppressed, *map(str, built.debs)], LINT_TIMEOUT_S)
    assert said.code == 0, said.out
    assert not re.findall(r"^[EW]: .*", said.out, re.M)


@pytest.mark.parametrize("which", ["agent_rpm", "dropin_rpm"])
def test_rpmlint_has_nothing_to_say(built: Packages, which: str) -> None:
    configuration = f"--config={LINT / 'rpmlint.toml'}"
    package = str(getattr(built, which))
    said = run(["rpmlint", configuration, package], LINT_TIMEOUT_S)
    assert said.code == 0, said.out
    assert " 0 errors, 0 warnings" in said.out, said.out
