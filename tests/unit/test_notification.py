# SPDX-License-Identifier: GPL-2.0-or-later
"""What Pacemaker says of a transition, and which notifications are of interest."""

from __future__ import annotations

import pytest

from pgsr.interest import is_idle
from pgsr.notification import parse


def said(moment: str = "", operation: str = "", **lists: str) -> dict[str, str]:
    """The environment of an action on node1."""
    prefix = "OCF_RESKEY_CRM_meta_notify_"
    return {
        "OCF_RESKEY_CRM_meta_on_node": "node1",
        f"{prefix}type": moment,
        f"{prefix}operation": operation,
        **{f"{prefix}{name}_uname": nodes for name, nodes in lists.items()},
    }


@pytest.mark.parametrize(
    ("environ", "is_of_interest"),
    [
        pytest.param(said("pre", "start", start="node2"), False, id="before a start"),
        pytest.param(said("pre", "stop", stop="node2"), False, id="before a stop"),
        pytest.param(said("pre", "demote", demote="node2"), False, id="before demote"),
        pytest.param(said("post", "demote", demote="node2"), False, id="after demote"),
        pytest.param(
            said("pre", "promote", promote="node2", unpromoted="node1 node2"),
            True,
            id="another is promoted",
        ),
        pytest.param(
            said("pre", "promote", promote="node2", slave="node1 node2"),
            True,
            id="another is promoted, in former words",
        ),
        pytest.param(
            said("pre", "promote", promote="node2", start="node1", unpromoted="node2"),
            True,
            id="another is promoted, this one just started",
        ),
        pytest.param(
            said("pre", "promote", promote="node1", unpromoted="node1 node2"),
            False,
            id="this one is promoted",
        ),
        pytest.param(
            said("pre", "promote", promote="node10", unpromoted="node1 node10"),
            True,
            id="a longer name is another node",
        ),
        pytest.param(
            said("pre", "promote", promote="node2", unpromoted="node2"),
            False,
            id="a single candidate",
        ),
        pytest.param(
            said("post", "promote", promote="node2", unpromoted="node1 node2"),
            True,
            id="another was promoted",
        ),
        pytest.param(
            said("post", "promote", promote="node1"), False, id="this one was promoted"
        ),
        pytest.param(said("post", "start", start="node2"), True, id="another started"),
        pytest.param(said("post", "start", start="node1"), False, id="this one did"),
        pytest.param(
            said("post", "start", start="node2", promote="node2"),
            False,
            id="another started and is promoted",
        ),
        pytest.param(said("post", "stop", stop="node2 "), True, id="another stopped"),
        pytest.param(said("post", "stop", stop=" "), False, id="nobody stopped"),
        pytest.param(said(), False, id="nothing is said"),
    ],
)
def test_most_notifications_are_of_no_interest(
    environ: dict[str, str], is_of_interest: bool
) -> None:
    assert parse(environ).is_of_interest == is_of_interest
    assert is_idle(["pgsr", "notify"], environ) == (not is_of_interest)


def test_only_a_notification_on_a_known_node_is_idle() -> None:
    assert not is_idle(["pgsr", "monitor"], said())
    assert not is_idle(["pgsr", "notify"], {})


@pytest.mark.parametrize(
    ("environ", "is_recovering", "is_handing_over", "is_stopping"),
    [
        pytest.param(
            said(demote="node1", stop="node1", start="node1", promote="node1"),
            *(True, False, False),
            id="a failed primary recovers in place",
        ),
        pytest.param(
            said(demote="node1", promote="node2"),
            *(False, True, False),
            id="a switch that leaves a standby",
        ),
        pytest.param(
            said(demote="node1", stop="node1", promote="node2"),
            *(False, True, True),
            id="a switch away from a node that is given up",
        ),
        pytest.param(
            said(demote="node1", stop="node1 node2", promote=" "),
            *(False, False, True),
            id="everything stops",
        ),
        pytest.param(said(), False, False, False, id="nobody is notified"),
    ],
)
def test_the_transition_tells_what_becomes_of_this_node(
    environ: dict[str, str],
    is_recovering: bool,
    is_handing_over: bool,
    is_stopping: bool,
) -> None:
    transition = parse(environ)
    assert transition.is_recovering("node1") == is_recovering
    assert transition.is_handing_over("node1") == is_handing_over
    assert transition.is_stopping("node1") == is_stopping
