# SPDX-License-Identifier: GPL-2.0-or-later
"""An agent killed before each of its effects leaves a state that the next understands.

strace kills the agent at the entry of its Nth system call that changes something:
files, processes, signals. What Pacemaker does after a killed action follows.
"""

from __future__ import annotations

import re
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.postgres.conftest import Pair
from tests.postgres.node import AGENT, Node
from tests.programs import run

EFFECTS = "unlink,unlinkat,mkdir,rename,fsync,fork,vfork,clone,clone3,pidfd_send_signal"
NEVER = 65_535  # the largest count that strace takes


class Effect(NamedTuple):
    """A system call of the agent: which one, and the how manieth of its kind.

    The server was told to end before those that are ``after_end``.
    """

    name: str
    number: int
    after_end: bool = False


NONE = Effect("unlink", NEVER)


def effects_of(node: Node, action: str, **changes: str) -> list[Effect]:
    """Run an action to its end, and return its effects in their order."""
    trace = node.top / "trace"
    assert not killed_before(node, action, NONE, trace, **changes)
    calls = re.findall(r"^(\w+)\((.*)", trace.read_text(), re.MULTILINE)
    seen: Counter[str] = Counter()
    effects: list[Effect] = []
    after_end = False
    for name, arguments in calls:
        seen[name] += 1
        effects.append(Effect(name, seen[name], after_end))
        after_end = after_end or "SIGINT" in arguments
    assert effects
    return effects


def killed_before(
    node: Node,
    action: str,
    effect: Effect,
    trace: Path = Path("/dev/null"),
    **changes: str,
) -> bool:
    """Run an action, killed at the entry of an effect; False if it had none such."""
    kill = f"--inject={effect.name}:signal=KILL:when={effect.number}"
    strace = ["strace", "--quiet=all", "-o", str(trace), f"--trace={EFFECTS}", kill]
    ended = run([*strace, str(AGENT), action], 60, node.environment(**changes))
    assert ended.code in (0, -signal.SIGKILL), ended
    return ended.code != 0


def see_that_it_is_understood(node: Node, effect: Effect) -> None:
    """Assert what holds in every state, whatever was interrupted."""
    if effect.after_end:
        node.wait_for("the server's end", lambda: not node.is_running())
    is_running = node.is_running()
    answer = node.agent("monitor")
    if is_running:
        assert node.start_flag.exists(), (
            "a used data directory is marked before its use"
        )
        is_standby = node.sql("select pg_is_in_recovery()")
        assert answer.code == (0 if is_standby else 8), answer
    else:
        assert answer.code == (0 if node.monitor_flag.exists() else 7), answer


def recover(node: Node, *actions: str) -> None:
    """Do what Pacemaker does next; all of it succeeds, and nothing runs at the end."""
    for action in actions:
        assert node.agent(action).code == 0, action
    node.cluster.set_node(node.name, role="Stopped")
    assert not node.is_running()
    assert node.probe().code == 7


def start_again(node: Node) -> None:
    """Start again: a data directory that was put to use is refused, with the reason."""
    was_used = node.start_flag.exists()
    answer = node.agent("start")
    assert answer.code == (1 if was_used else 0), answer
    if was_used:
        assert node.cluster.status(node.name) == "STOP:repressing start file exists"


def to_state1(_: Pair) -> None:
    """Do nothing: no action was called yet."""


def to_state2(pair: Pair) -> None:
    """node1 waits for its promotion."""
    pair.node1.operate("start")


def to_state4(pair: Pair) -> None:
    """node1 is the primary."""
    to_state2(pair)
    pair.node1.operate("promote")


@pytest.mark.parametrize(
    ("prepare", "action", "next_actions"),
    [
        pytest.param(to_state1, "start", ["stop"], id="start of a primary"),
        pytest.param(to_state2, "promote", ["demote", "stop"], id="first promotion"),
        pytest.param(to_state4, "demote", ["stop"], id="demotion"),
        pytest.param(to_state4, "stop", ["stop"], id="stop of a primary"),
        pytest.param(to_state2, "stop", ["stop"], id="stop before the promotion"),
    ],
)
def test_an_interrupted_primary_is_understood(
    pair: Pair,
    prepare: Callable[[Pair], None],
    action: str,
    next_actions: list[str],
) -> None:
    node, template = pair.node1, pair.node1.save()
    prepare(pair)
    for effect in effects_of(node, action):
        recover(node, *next_actions)
        node.restore_from(template)
        prepare(pair)
        killed_before(node, action, effect)
        see_that_it_is_understood(node, effect)
        recover(node, *next_actions)
        start_again(node)


def test_an_interrupted_start_of_a_standby_is_understood(replicating: Pair) -> None:
    node1, node2 = replicating.node1, replicating.node2
    node2.operate("stop")
    node2.start_flag.unlink()
    template = node2.save()
    for effect in effects_of(node2, "start"):
        recover(node2, "stop")
        node2.restore_from(template)
        killed_before(node2, "start", effect)
        see_that_it_is_understood(node2, effect)
        recover(node2, "stop")
        start_again(node2)
    assert node1.agent("monitor").code == 8


def test_an_interrupted_failover_is_understood(replicating: Pair) -> None:
    cluster, node1, node2 = replicating
    node1.kill_server()
    cluster.power_off("node1")
    node2.operate("stop")
    template = node2.save()
    node2.start_server()
    for effect in effects_of(node2, "promote"):
        recover(node2, "demote", "stop")
        node2.restore_from(template)
        node2.start_server()
        node2.write(node2.start_flag, "")
        killed_before(node2, "promote", effect)
        see_that_it_is_understood(node2, effect)
        assert node2.agent("promote").code == 0, "the next try goes on"
        assert node2.sql("select pg_is_in_recovery()") is False
