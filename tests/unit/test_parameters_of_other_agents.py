# SPDX-License-Identifier: GPL-2.0-or-later
"""No parameter of another agent is left without a word in the documentation."""

from __future__ import annotations

import runpy
from pathlib import Path

EXTENSIONS = Path(__file__).resolve().parents[2] / "docs" / "_extensions"
FATES = runpy.run_path(str(EXTENSIONS / "parameter_fates.py"))
CHECKS = runpy.run_path(str(EXTENSIONS / "completeness.py"))
STOCK = CHECKS["parameters_of"](CHECKS["STOCK"])
PAF = CHECKS["parameters_of"](CHECKS["PAF"])


def test_every_parameter_of_the_stock_agent_is_here_and_differences_are_told() -> None:
    assert CHECKS["stock_gaps"](STOCK, FATES["OF_STOCK"]) == []
    assert CHECKS["only_ours_gaps"](STOCK, FATES["ONLY_OURS"]) == []


def test_every_parameter_of_paf_has_its_place() -> None:
    assert CHECKS["word_gaps"]("PAF", PAF, FATES["OF_PAF"]) == []


def test_a_parameter_that_we_lack_is_told() -> None:
    more = {**STOCK, "novelty": {"type": "string", "default": ""}}
    assert CHECKS["stock_gaps"](more, FATES["OF_STOCK"]) == [
        "we have no parameter novelty"
    ]


def test_another_default_without_a_word_is_told() -> None:
    changed = {**STOCK, "pgdata": {"type": "string", "default": "/srv/data"}}
    [said] = CHECKS["stock_gaps"](changed, FATES["OF_STOCK"])
    assert said.startswith("pgdata has another default or type")


def test_a_word_about_no_parameter_is_told() -> None:
    [said] = CHECKS["word_gaps"]("PAF", PAF, {**FATES["OF_PAF"], "bindirs": "?"})
    assert said == "PAF has no bindirs"
