# SPDX-License-Identifier: GPL-2.0-or-later
"""A standby that never was a primary can have data that the new primary lacks, too."""

from __future__ import annotations

import pytest

from tests.postgres.managed import Group, cut_off
from tests.postgres.servers import be_quiet, write_rows


@pytest.mark.parametrize("names", [("node1", "node2", "node3")])
def test_a_standby_that_left_the_history_says_so_and_is_not_promoted(
    group: Group,
) -> None:
    group = group.having(rep_mode="async")
    group.begin()
    primary = group.primary()
    assert primary
    behind, ahead = (node for node in group.nodes if node != primary)
    be_quiet(primary, behind)
    cut_off(group, behind)
    write_rows(primary, 10)
    be_quiet(primary, ahead)
    group.fence(primary)
    # The better standby is out of the cluster just then, and its server goes on.
    group.cluster.power_off(ahead.name)
    group.change(promote=[behind])
    write_rows(behind, 1)
    group.cluster.power_on(ahead.name)
    group.cluster.set_node(ahead.name, role="Unpromoted")
    ahead.wait_for(
        "the status of a standby that left the history",
        lambda: group.monitor(ahead).code == 0 and group.status(ahead) == "HS:diverged",
    )
    group.monitor(behind)
    assert group.score(ahead) in (None, "-INFINITY")
    assert "restore a backup of the primary" in group.monitor(ahead).log
