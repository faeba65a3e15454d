# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tables of other agents' parameters leave out; it knows nothing of Sphinx."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pgsr.declared import Parameters
from pgsr.parameters import Parameter, declarations

DATA = Path(__file__).parents[1] / "data"
STOCK = DATA / "stock-parameters.json"
PAF = DATA / "paf-parameters.json"

Contents = Mapping[str, Mapping[str, str]]


def parameters_of(path: Path) -> dict[str, dict[str, str]]:
    """Return type and default of each parameter of another agent, by name."""
    found: dict[str, dict[str, str]] = json.loads(path.read_text())["parameters"]
    return found


def ours() -> dict[str, Parameter[Any]]:
    """Return our parameters by name."""
    return {parameter.name: parameter for parameter in declarations(Parameters)}


def stock_gaps(theirs: Contents, fates: Mapping[str, str]) -> list[str]:
    """Return what is not said of the stock agent's parameters, and would have to be."""
    mine = ours()
    lacking = [f"we have no parameter {name}" for name in theirs if name not in mine]
    changed = [
        f"{name} has another default or type here, and no word is said about it"
        for name, content in theirs.items()
        if name in mine and name not in fates and _content(mine[name]) != content
    ]
    unknown = [f"the stock agent has no {name}" for name in fates if name not in theirs]
    return [*lacking, *changed, *unknown]


def only_ours_gaps(theirs: Contents, said: Mapping[str, str]) -> list[str]:
    """Return what is not said of the parameters that only we have."""
    only = [name for name in ours() if name not in theirs]
    return word_gaps("our agent alone", only, said)


def word_gaps(agent: str, has: Iterable[str], said: Mapping[str, str]) -> list[str]:
    """Return the parameters that nothing is said of, and words about none."""
    names = list(has)
    silent = [
        f"nothing is said of {name} of {agent}" for name in names if name not in said
    ]
    return [*silent, *(f"{agent} has no {name}" for name in said if name not in names)]


def _content(parameter: Parameter[Any]) -> dict[str, str]:
    return {"type": parameter.content, "default": parameter.default}
