# SPDX-License-Identifier: GPL-2.0-or-later
"""Nothing in a tutorial escapes its test, and shown is what is seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cluster.tutorial.page import BadPage, Command, File, NotRun, steps
from tests.cluster.tutorial.shown import brought_up_to_date, is_same

TUTORIAL = Path(__file__).resolve().parents[2] / "docs/tutorial"
PAGES = sorted(TUTORIAL.glob("*.rst"))
PAGE = """\
Install it:

.. code-block:: console

   both# apt-get install \\
   >     corosync
   ...
   done

   node1# true

.. code-block:: ini
   :caption: ``/etc/some.conf`` on node2

   [part]
   name = value

.. code-block:: console
   :caption: on EL, not run

   both# dnf install corosync
"""


def page(directory: Path, text: str) -> Path:
    path = directory / "page.rst"
    path.write_text(text)
    return path


def test_a_page_is_followed_in_its_order(tmp_path: Path) -> None:
    text = "apt-get install \\\n    corosync"
    assert steps(page(tmp_path, PAGE)) == [
        Command("both", text, ("...", "done"), 6, "   "),
        Command("node1", "true", (), 10, "   "),
        File("/etc/some.conf", "node2", "[part]\nname = value\n"),
        NotRun("both# dnf install corosync\n"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(".. code-block:: sh\n\n   reboot\n", id="no session, no file"),
        pytest.param(
            ".. code-block:: python\n   :caption: ``/x`` on node1\n\n   x\n",
            id="a language that nobody follows",
        ),
        pytest.param(
            ".. code-block:: console\n\n   $ reboot\n", id="an unknown prompt"
        ),
        pytest.param(
            ".. code-block:: text\n   :caption: ``/x``\n\n   x\n",
            id="a file on no node",
        ),
        pytest.param("Type this::\n\n   reboot\n", id="a literal block"),
        pytest.param(".. literalinclude:: /x\n", id="a file of elsewhere"),
        pytest.param(".. parsed-literal::\n\n   reboot\n", id="a parsed literal"),
    ],
)
def test_an_example_that_would_escape_is_an_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadPage):
        steps(page(tmp_path, text))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_example_of_the_tutorial_is_clear(path: Path) -> None:
    found = steps(path)
    assert path.name == "index.rst" or any(isinstance(each, Command) for each in found)


@pytest.mark.parametrize(
    ("shown", "seen"),
    [
        pytest.param((), (), id="nothing"),
        pytest.param(("...",), ("a", "b"), id="all left out"),
        pytest.param(("a", "...", "d"), ("a", "b", "c", "d"), id="the middle left out"),
        pytest.param(("...", "b", "..."), ("a", "b", "c"), id="both ends left out"),
        pytest.param(
            ("Sat Nov 28 09:25:11 2026",),
            ("Sun Nov 29 10:00:00 2026",),
            id="another time",
        ),
        pytest.param(("10.2 s",), ("4.31 s",), id="another duration"),
        pytest.param(
            ("pgsr_node1=0/2000028",), ("pgsr_node1=0/30000F8",), id="another LSN"
        ),
        pytest.param(
            ("* db-status   : PRI",), ("* db-status \t: PRI",), id="other columns"
        ),
    ],
)
def test_what_differs_each_time_does_not_count(
    shown: tuple[str, ...], seen: tuple[str, ...]
) -> None:
    assert is_same(shown, seen)
    assert brought_up_to_date(shown, seen) is not None


@pytest.mark.parametrize(
    ("shown", "seen"),
    [
        pytest.param((), ("a",), id="more than is shown"),
        pytest.param(("a",), (), id="less than is shown"),
        pytest.param(("a", "...", "d"), ("a", "d", "e"), id="it goes on"),
        pytest.param(("...", "d"), ("d", "e"), id="it ends otherwise"),
        pytest.param(("b", "..."), ("a", "b"), id="it begins otherwise"),
        pytest.param(
            ("* Promoted: [ node1 ]",), ("* Promoted: [ node2 ]",), id="a node"
        ),
        pytest.param(
            ("db-status : HS:sync",), ("db-status : HS:async",), id="a status"
        ),
        pytest.param(("   0",), ("   1",), id="a lost row"),
        pytest.param(("Chassis Power is on",), ("Chassis Power is off",), id="a state"),
    ],
)
def test_what_matters_counts(shown: tuple[str, ...], seen: tuple[str, ...]) -> None:
    assert not is_same(shown, seen)


def test_an_output_is_brought_up_to_date_with_what_was_seen() -> None:
    shown = ("...", "took 3 s", "...")
    assert brought_up_to_date(shown, ("begin", "took 5 s", "end")) == (
        *("...", "took 5 s", "..."),
    )
