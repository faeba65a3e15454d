# SPDX-License-Identifier: GPL-2.0-or-later
"""Packages of the agent in the forms that were not chosen, to compare with."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from tests.programs import must

NAME = "resource-agents-pgsr"
STUB = "usr/lib/ocf/resource.d/pgsr/pgsr"
COMPILE = "#!/bin/sh\nset -e\n/usr/bin/python3 -I -m compileall -q {library}\n"
CLEAN = (
    "#!/bin/sh\nset -e\n"
    "find {library} -name __pycache__ -type d -prune -exec rm -rf {{}} + || :\n"
)
CONTROL = f"""\
Package: {NAME}
Version: {{version}}
Architecture: all
Maintainer: PGSR maintainers <maintainers@pgsr.example>
Description: The agent in another form
"""


def build(source: Path, directory: Path, version: str) -> Mapping[str, Path]:
    """Return a package for dpkg in each form, by the name of the form."""
    return {
        form: _build(source, directory / f"{form}-{version}", version, library)
        for form, library in (
            ("directory", "/usr/lib/ocf/lib"),
            ("versioned", f"/usr/lib/ocf/lib/pgsr-{version}"),
        )
    }


def _build(source: Path, top: Path, version: str, library: str) -> Path:
    target = top / f"{library.lstrip('/')}/pgsr"
    shutil.copytree(source / "resource-agents/lib/pgsr", target)
    stub = top / STUB
    stub.parent.mkdir(parents=True)
    text = (source / "resource-agents/resource.d/pgsr/pgsr").read_text()
    begin, end = text.index("ROOT ="), text.index("from pgsr")
    path = f'sys.path.insert(0, "{library}")\n\n'
    stub.write_text(f"{text[:begin]}{path}{text[end:]}")
    stub.chmod(0o755)
    scripts = top / "DEBIAN"
    scripts.mkdir()
    (scripts / "control").write_text(CONTROL.format(version=version))
    for name, script in (("postinst", COMPILE), ("prerm", CLEAN)):
        (scripts / name).write_text(script.format(library=f"{library}/pgsr"))
        (scripts / name).chmod(0o755)
    package = top.parent / f"{top.name}.deb"
    must(["dpkg-deb", "--root-owner-group", "--build", str(top), str(package)])
    return package
