# SPDX-License-Identifier: GPL-2.0-or-later
"""What the pages say to crmsh and to pcs is the same."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.cluster import languages
from tests.cluster.documentation import CRMSH
from tests.cluster.harness import record
from tests.cluster.harness.construction import constructed
from tests.cluster.harness.node import Node
from tests.cluster.languages import Pair

pytestmark = pytest.mark.namespaces_only

PAIRS = list(languages.pairs())


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    """A node with the agent and both languages; no cluster runs."""
    record.sweep()
    with constructed(f"test-{os.getpid()}-languages", count=1) as construction:
        [made] = construction.cluster.nodes
        made.boot_without_cluster()
        yield made


def test_every_way_to_set_up_has_a_configuration_for_pcs() -> None:
    assert {pair.page for pair in PAIRS} >= {
        "howto/set-up-managed.rst",
        "howto/set-up-method.rst",
        "howto/stand-alone.rst",
    }


@pytest.mark.parametrize(
    "pair", PAIRS, ids=lambda pair: f"{pair.page}-{pair.pcs.caption}"
)
def test_a_configuration_for_pcs_says_what_the_one_for_crmsh_says(
    node: Node, pair: Pair
) -> None:
    assert pair.crm.caption.startswith(CRMSH)
    first = languages.first_configuration(node)
    by_crm = languages.meaning_of_crm(node, pair.crm, first)
    by_pcs = languages.meaning_of_pcs(node, pair.pcs, first)
    assert by_crm
    assert by_pcs == by_crm
