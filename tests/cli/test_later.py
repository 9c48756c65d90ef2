"""Labels that come later than their events: times, ids, and what backtest says of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest

from stream_monitor import data
from stream_monitor.cli.later import Later, labels_of, latest_label_ms, unlabelled
from stream_monitor.cli.main import run
from stream_monitor.cli.output import Output
from stream_monitor.cli.rows import RowOptions, Rows
from stream_monitor.config.duration import DAY, HOUR
from stream_monitor.scenarios.delays import LabelDelay

pytestmark = pytest.mark.usefixtures("alone")

START = 1_700_000_000_000
REFERENCE = str(data.path("employment_reference.parquet"))
ANALYSIS = str(data.path("employment_analysis.parquet"))
LABELS = str(data.path("employment_labels.parquet"))


def rows_of(text: str, **options: Any) -> Rows:
    Path("d.csv").write_text(text)
    return RowOptions(**options).read(
        Path("d.csv"), "m", Output(), default_start=lambda span: START
    )


def later_of(rows: Rows, delay: LabelDelay) -> Later:
    return labels_of(rows, "m", delay, Output())


TEXT = "a,label\n" + "".join(f"{i},{i % 2}\n" for i in range(200))


def test_events_go_without_their_truth_and_are_called_by_their_row() -> None:
    (batch,) = unlabelled(rows_of(TEXT), "m")
    assert batch.ground_truth is None
    assert batch.prediction_ids == [f"m-{i}" for i in range(1, 201)]
    assert list(batch.features) == ["a"]


def test_ids_of_the_file_are_kept_and_only_the_missing_ones_made() -> None:
    rows = rows_of("id,a,label\nx,1,0\n,2,1\ny,3,1\n")
    (batch,) = unlabelled(rows, "m")
    assert batch.prediction_ids == ["x", "m-2", "y"]
    labels = later_of(rows, LabelDelay(0)).labels
    assert labels.prediction_ids == ["x", "m-2", "y"]


def test_labels_come_in_the_order_of_their_times_each_with_its_own_truth() -> None:
    rows = rows_of(TEXT)
    delay = LabelDelay(60_000, never=0.25, seed=4)
    later = later_of(rows, delay)
    labels = later.labels
    assert (np.diff(labels.timestamps) >= 0).all()
    assert len(labels) + later.never == 200
    assert 20 < later.never < 80
    drawn = delay.times(START + 1000 * np.arange(200))
    for id_, at, truth in zip(
        labels.prediction_ids, labels.timestamps.tolist(), labels.ground_truth, strict=True
    ):
        row = int(id_.removeprefix("m-")) - 1
        assert drawn.comes[row]
        assert at == drawn.at[row]
        assert truth == row % 2


def test_rows_without_a_label_are_not_labels_that_never_come() -> None:
    later = later_of(rows_of("a,label\n1,0\n2,\n3,1\n"), LabelDelay(0, never=0.0))
    assert later.labels.prediction_ids == ["m-1", "m-3"]
    assert later.never == 0
    assert later_of(rows_of("a,label\n1,0\n2,\n3,1\n"), LabelDelay(0, never=1.0)).never == 2


def test_ids_that_repeat_are_warned_of(capsys: pytest.CaptureFixture[str]) -> None:
    later_of(rows_of("id,a,label\nx,1,0\nx,2,1\n"), LabelDelay(0))
    assert "1 rows have the id of a row before them" in capsys.readouterr().err


def test_no_label_lies_in_the_future_when_it_is_sent() -> None:
    now = START + HOUR
    rows = rows_of(TEXT, interval_ms=1000)
    later = later_of(rows, LabelDelay(2 * HOUR))
    assert int(later.labels.timestamps[-1]) > now
    for speed in (0.0, 0.5, 1.0, 2.0, 3600.0):
        times = later.at_most(latest_label_ms(rows, speed, now)).labels.timestamps
        sent = now + ((times - rows.first_ms) / speed if speed else 0 * times)
        assert (times <= sent + 1).all(), speed
        assert (np.diff(times) >= 0).all()
    past = later.at_most(latest_label_ms(rows, 0.0, now + DAY)).labels
    assert past.timestamps.tolist() == later.labels.timestamps.tolist()


def test_a_label_may_be_as_late_as_the_last_event() -> None:
    rows = rows_of(TEXT)
    assert latest_label_ms(rows, 0.0, START - HOUR) == rows.last_ms


def test_labels_are_needed_to_come_later() -> None:
    with pytest.raises(click.UsageError, match="name their column by --label, or their file"):
        later_of(rows_of("a\n1\n"), LabelDelay(5))
    with pytest.raises(click.UsageError, match="later than the year 5138"):
        later_of(rows_of(TEXT, start_ms=99 * 10**12), LabelDelay(36_525 * DAY))


@pytest.fixture
def employment(capsys: pytest.CaptureFixture[str]) -> list[str]:
    build = ["reference", "build", REFERENCE, "--model", "employment", "--label", "employed"]
    assert run(build) == 0
    capsys.readouterr()
    command = ["backtest", ANALYSIS, "--reference", "employment.reference", "--labels", LABELS]
    return [*command, "--label", "employed", "--limit", "9000"]


def judged(command: list[str], capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert run([*command, "--json", "-"]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def of_performance(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Its figures, without those of the delays and those that go on from window to window."""
    return [
        verdict
        for verdict in report["verdicts"]
        if verdict["family"] == "performance"
        and not verdict["monitor"].startswith(("delay", "degradation"))
    ]


def test_when_all_labels_have_come_the_windows_say_what_they_say_with_labels_at_once(
    employment: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    once = judged(employment, capsys)
    later = judged([*employment, "--label-later", "40m"], capsys)
    assert later["labels"]["came"] == 9000
    assert later["labels"]["never_came"] == 0
    assert later["labels"]["windows_revised"] > len(later["windows"]) // 2
    assert [w["report_id"] for w in later["windows"]] == [w["report_id"] for w in once["windows"]]
    for at_once, in_the_end in zip(once["windows"], later["windows"], strict=True):
        assert in_the_end["labelled"] == at_once["labelled"] == at_once["rows"]
        assert in_the_end["confusion"] == at_once["confusion"]
        assert in_the_end["status"] == at_once["status"]
        assert of_performance(in_the_end) == of_performance(at_once)
        drift = [
            [v for v in report["verdicts"] if v["family"] != "performance"]
            for report in (at_once, in_the_end)
        ]
        assert drift[0] == drift[1]
    assert once["summary"] == later["summary"]


def test_labels_that_never_come_are_missing_in_the_end(
    employment: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--label-later", "40m", "--label-never", "0.2"]
    document = judged([*employment, *options], capsys)
    assert document["labels"]["came"] + document["labels"]["never_came"] == 9000
    assert document["labels"]["revisions"] >= document["labels"]["windows_revised"]
    for report in document["windows"]:
        assert 0.7 < report["labelled"] / report["rows"] < 0.9
    other = judged([*employment, *options, "--label-seed", "1"], capsys)
    assert other["labels"]["came"] != document["labels"]["came"]


def test_it_tells_how_many_windows_were_reported_again(
    employment: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*employment, "--label-later", "40m"]) == 0
    out, err = capsys.readouterr()
    assert all(line.startswith("judging rows: ") for line in err.splitlines())
    assert "9,000 labels came on their own, 0 never: " in out
    assert " windows were reported again" in out


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        ("--label l --label-never 0.2", 2, "--label-never needs --label-later"),
        ("--label l --label-seed 1", 2, "--label-seed needs --label-later"),
        ("--label-later 1h", 2, "name their column by --label, or their file by --labels"),
        ("--label l --label-later soon", 2, "'soon' is no duration"),
        ("--label l --label-later 1h --label-never 2", 2, "Invalid value for '--label-never'"),
        ("--label l --label-later 1h --label-seed -1", 2, "Invalid value for '--label-seed'"),
    ],
)
@pytest.mark.parametrize("command", ["backtest d.csv --reference m.reference", "replay d.csv"])
def test_what_goes_wrong_is_one_sentence_and_an_exit_code(
    command: str, options: str, code: int, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("d.csv").write_text("a,p,l\n" + "1,0,1\n2,1,0\n" * 50)
    assert (
        run(["reference", "build", "d.csv", "--model", "m", "--prediction", "p", "--ignore", "l"])
        == 0
    )
    capsys.readouterr()
    model = "" if command.startswith("backtest") else "--model m"
    assert run(f"{command} {model} {options}".split()) == code
    out, err = capsys.readouterr()
    assert sentence in err
    assert not out


def test_a_configuration_that_reads_no_labels_is_refused(
    employment: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("monitor.yaml").write_text("labels: {join: false}")
    assert run([*employment, "--label-later", "1h"]) == 2
    assert "set labels.join: true" in capsys.readouterr().err
