# SPDX-License-Identifier: GPL-2.0-or-later
"""The closing line of all tests tells the truth."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import summary

REPORT = """<testsuites><testsuite name="pytest" errors="1" failures="2" skipped="3"
 tests="10"/></testsuites>"""


def test_errors_are_failures(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(REPORT)
    assert summary.counts_of(report) == summary.Counts(4, 3, 3)


@pytest.mark.parametrize("text", [None, "", "<testsuites>"])
def test_a_run_without_a_report_has_failed(tmp_path: Path, text: str | None) -> None:
    report = tmp_path / "report.xml"
    if text is not None:
        report.write_text(text)
    assert summary.counts_of(report).failed == 1


def test_the_line_adds_up_all_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reports = [tmp_path / "1.xml", tmp_path / "2.xml"]
    for report in reports:
        report.write_text(REPORT)
    with pytest.raises(SystemExit) as end:
        summary.main([*map(str, reports)])
    assert end.value.code == 1
    assert capsys.readouterr().out == "8 passed, 6 failed, 6 skipped\n"
