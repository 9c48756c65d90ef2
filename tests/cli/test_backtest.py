"""``stream-monitor backtest``: windows, findings, and what goes wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stream_monitor import data
from stream_monitor.cli.main import run

pytestmark = pytest.mark.usefixtures("alone")

REFERENCE = str(data.path("employment_reference.parquet"))
ANALYSIS = str(data.path("employment_analysis.parquet"))
LABELS = str(data.path("employment_labels.parquet"))


def judged(command: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert run([*command.split(), "--json", "-"]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def test_the_shipped_data_drifts_and_that_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    build = ["reference", "build", REFERENCE, "--model", "employment", "--label", "employed"]
    assert run(build) == 0
    capsys.readouterr()
    command = ["backtest", ANALYSIS, "--reference", "employment.reference"]
    command += ["--labels", LABELS, "--label", "employed", "--json", "out.json"]
    assert run(command) == 0
    out, err = capsys.readouterr()
    assert all(line.startswith("judging rows: ") for line in err.splitlines())
    assert "18,000 rows, 18,000 with a label, 2024-01-01T00:00:00Z to 2024-01-01T04:59:59Z" in out
    assert "60 windows of 1h every 5m: 36 alarm, 24 ok" in out
    assert "alerts that would have been sent" in out
    assert "Every verdict is in out.json." in out
    document = json.loads(Path("out.json").read_text())
    assert list(document) == [
        *("model", "reference_hash", "rows", "windows", "alerts", "summary"),
    ]
    assert (document["model"], document["rows"], len(document["windows"])) == (
        *("employment", 18_000, 60),
    )
    ends = [report["window"]["end_ms"] for report in document["windows"]]
    assert ends == sorted(ends)
    assert document["windows"][30]["confusion"]["labelled"] == 3600
    first = document["summary"]["columns"][0]
    assert first["column"] == "feature:RELP"
    assert first["first_alarm"] == "2024-01-01T01:55:00Z"
    assert [path.name for path in sorted(Path().iterdir())] == ["employment.reference", "out.json"]


def test_the_summary_counts_what_the_windows_say(
    small: str, capsys: pytest.CaptureFixture[str]
) -> None:
    document = judged(f"{small} --window 2m --slide 1m", capsys)
    windows = document["windows"]
    assert document["summary"]["windows"] == {"alarm": 5, "ok": 4, "thin": 1}
    columns = {column["column"]: column for column in document["summary"]["columns"]}
    assert next(iter(columns)) == "feature:x"
    x = [
        (v["state"], v["effect"], report["window"])
        for report in windows
        for v in report["verdicts"]
        if v["column"] == "feature:x" and v["monitor"] == "evidence"
    ]
    moved = [(effect, window) for state, effect, window in x if state == "alarm"]
    largest, window = max(moved, key=lambda each: each[0])
    assert columns["feature:x"]["in_alarm"] >= len(moved) >= 4
    assert columns["feature:x"]["alarms"]["drift evidence"] == len(moved)
    assert columns["feature:x"]["largest_effect"] == largest
    assert columns["feature:x"]["largest_effect_window"] == window
    assert columns["feature:x"]["first_alarm"] == "2024-01-01T00:06:00Z"
    assert columns["feature:c"]["in_alarm"] == 0
    assert columns["feature:c"]["first_alarm"] is None
    drift = [alert for alert in document["alerts"] if alert["family"] == "drift"]
    assert {alert["alert_id"] for alert in drift} == {drift[0]["alert_id"]}
    assert drift[0]["status"] == "started"


def test_two_runs_write_the_same_document(small: str) -> None:
    for name in ("a.json", "b.json"):
        assert run([*small.split(), "--window", "2m", "--slide", "1m", "--json", name]) == 0
    assert Path("a.json").read_bytes() == Path("b.json").read_bytes()


def test_the_prediction_is_the_column_that_it_was_in_the_reference(
    small: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(small.split()) == 0
    assert "roles: prediction y; features 2" in capsys.readouterr().out


def test_the_configuration_counts_and_an_option_overrides_it(
    small: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("monitor.yaml").write_text("models: {m: {window: 4m, slide: 2m, min_samples: 300}}")
    windows = judged(small, capsys)["windows"]
    assert [report["rows"] for report in windows] == [120, 240, 240, 240, 240]
    assert {report["status"] for report in windows} == {"thin"}
    windows = judged(f"{small} --window 2m", capsys)["windows"]
    assert [report["rows"] for report in windows] == [120] * 5


def test_where_nothing_could_be_judged_it_says_why(
    small: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*small.split(), "--window", "10s", "--slide", "10s"]) == 0
    out = capsys.readouterr().out
    assert "60 windows of 10s every 10s: 60 thin" in out
    assert "No alert would have been sent." in out
    assert "No window held min_samples = 100 rows, so nothing was judged" in out


def test_columns_that_only_one_side_has_are_said(
    small: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("other.csv").write_text("x,z\n" + "0.5,1\n" * 200)
    assert run(["backtest", "other.csv", "--reference", "m.reference"]) == 0
    err = capsys.readouterr().err
    assert "other.csv lacks c, prediction of the reference, judged as missing in every row" in err
    assert "not in the reference, so not judged: z" in err


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        ("no.csv --reference m.reference", 3, "no.csv does not exist"),
        ("now.csv", 2, "Missing option '--reference'"),
        ("now.csv --reference no.reference", 3, "no.reference cannot be read: no such file"),
        ("far.csv --reference m.reference", 3, "far.csv has none of the 2 features"),
        ("now.csv --reference m.reference --window 7m", 2, "--window and --slide do not do"),
        ("now.csv --reference m.reference --slide 0s", 2, "--slide 0ms: allowed is a duration"),
        ("now.csv --reference m.reference --window odd", 2, "'odd' is no duration"),
        ("now.csv --reference m.reference --prediction p", 3, "There is no column 'p'"),
        # Before anything is read: it would be a pity about the work.
        ("no.csv --reference m.reference --json no/where", 3, "no/where cannot be written"),
        ("no.csv --reference m.reference --report no/where", 3, "no/where cannot be written"),
        ("no.csv --reference m.reference --report .", 3, ". is a folder"),
        ("now.csv --reference m.reference --config no.yaml", 2, "no.yaml cannot be read"),
    ],
)
def test_what_goes_wrong_is_one_sentence_and_an_exit_code(
    small: str, options: str, code: int, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("far.csv").write_text("q\n1\n")
    assert run(["backtest", *options.split()]) == code
    assert sentence in capsys.readouterr().err
