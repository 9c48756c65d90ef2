"""The demo as people run it: a process of its own, the embedded broker, the real worker."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from stream_monitor.cli.main import run

COMMAND = (sys.executable, "-m", "stream_monitor")


def demo(scenario: str, target: Path) -> tuple[int, str, dict[str, Any], float]:
    begun = time.monotonic()
    done = subprocess.run(
        [*COMMAND, "demo", "--scenario", scenario, "--json", str(target)],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    return done.returncode, done.stdout, json.loads(target.read_text()), time.monotonic() - begun


def test_the_demo_names_what_was_broken_and_nothing_else(tmp_path: Path) -> None:
    code, said, found, seconds = demo("drift", tmp_path / "demo.json")
    assert code == 0
    assert "found just what was broken" in said
    assert found["as_expected"] is True
    assert sorted(found["found"]["drifted"]) == ["income", "region"]
    assert found["found"]["missing"] == ["tenure_months"]
    assert found["events"] == 24_000
    assert found["late"] == 0
    assert seconds < 110


def test_a_demo_without_drift_raises_no_alert(tmp_path: Path) -> None:
    code, _, found, _ = demo("no-drift", tmp_path / "demo.json")
    assert code == 0
    assert found["alerts"] == []
    assert len(found["windows"]) == 12
    assert {window["status"] for window in found["windows"]} == {"ok"}


def test_the_demo_on_real_people_names_what_moved_since_the_survey(tmp_path: Path) -> None:
    code, _, found, _ = demo("employment", tmp_path / "demo.json")
    assert code == 0
    assert [window["rows"] for window in found["windows"]] == [1_500, 3_000, 4_500] + [6_000] * 9
    # Its share is off by .04 from the first; that is enough evidence within the third year.
    drifted = [window["drifted"] for window in found["windows"]]
    assert drifted[-1] == ["feature:ANC"]
    assert drifted == sorted(drifted)
    assert {column for columns in drifted for column in columns} == {"feature:ANC"}


def test_the_demo_of_late_labels_revises_each_report_when_they_come(tmp_path: Path) -> None:
    code, said, found, _ = demo("late-labels", tmp_path / "demo.json")
    assert code == 0
    assert said.count("the scores promise an accuracy of 0.8") == 3
    assert said.count("the estimate was off by") >= 3
    last = {window["end"]: window["labelled"] for window in found["revised"]}
    assert len(last) == 3
    labels = int(said.partition(" labels came later")[0].rpartition("\n")[2].replace(",", ""))
    assert sum(last.values()) == labels > 14_000


def test_an_unknown_scenario_is_refused_with_those_there_are() -> None:
    done = subprocess.run(
        [*COMMAND, "demo", "--scenario", "flood"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "no-drift" in done.stderr


def test_a_file_that_cannot_be_written_is_said_before_the_demo_begins(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["demo", "--json", str(tmp_path / "no" / "where")]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert "cannot be written: no such file or directory" in err
