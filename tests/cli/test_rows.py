"""Rows of a file as events: labels, times, and the order of both."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import pytest

from stream_monitor.cli.main import run
from stream_monitor.cli.output import Output
from stream_monitor.cli.rows import RowOptions, Rows, Time, labelled_rows
from stream_monitor.errors import DataError

pytestmark = pytest.mark.usefixtures("alone")

START = 1_700_000_000_000


def read(text: str, name: str = "d.csv", model: str = "m", **options: Any) -> Rows:
    Path(name).write_text(text)
    known = {"prediction": "p"}
    return RowOptions(**options).read(
        Path(name), model, Output(), default_start=lambda span: START, known=known
    )


def times(rows: Rows) -> list[int]:
    return [int(at) for batch in rows.batches("m") for at in batch.timestamps]


def test_without_times_a_row_follows_each_interval() -> None:
    rows = read("a\n1\n2\n3\n")
    assert times(rows) == [START, START + 1000, START + 2000]
    assert (rows.first_ms, rows.last_ms, len(rows)) == (START, START + 2000, 3)
    rows = read("a\n1\n2\n3\n", start_ms=START + 7, interval_ms=10)
    assert times(rows) == [START + 7, START + 17, START + 27]


def test_the_default_start_is_told_the_span() -> None:
    Path("d.csv").write_text("a\n1\n2\n3\n")
    spans: list[int] = []

    def start(span: int) -> int:
        spans.append(span)
        return START

    RowOptions(interval_ms=60_000).read(Path("d.csv"), "m", Output(), default_start=start)
    assert spans == [120_000]


def test_times_of_the_file_are_kept_and_put_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    rows = read(f"a,timestamp\n1,{START + 5000}\n2,{START}\n3,{START + 900}\n", interval_ms=1000)
    assert times(rows) == [START, START + 900, START + 5000]
    (batch,) = rows.batches("m")
    assert list(batch.features["a"]) == [2, 3, 1]
    assert list(batch.features) == ["a"]
    err = capsys.readouterr().err
    assert "the rows are not in the order of their times; they are taken in that order" in err
    assert "--interval is not used: the times are in column timestamp" in err


def test_with_a_start_the_times_of_the_file_are_shifted() -> None:
    text = "a,ts\n1,2020-05-01T00:00:00Z\n2,2020-05-01T00:00:01.500Z\n"
    assert times(read(text, start_ms=START)) == [START, START + 1500]


def test_labels_are_found_by_the_id_both_files_share() -> None:
    Path("l.csv").write_text("id,truth\n2,0\n1,1\n9,1\n")
    rows = read("id,a,p\n1,5,1\n2,6,1\n3,7,0\n", labels=Path("l.csv"))
    (batch,) = rows.batches("m")
    assert batch.ground_truth is not None
    assert list(batch.ground_truth) == [1, 0, None]
    assert labelled_rows(rows) == 2
    assert rows.roles.prediction == "p"
    assert rows.roles.features == ("a",)
    assert labelled_rows(read("a\n1\n")) is None


def test_a_known_column_that_has_a_role_already_stays_what_it_is() -> None:
    assert read("a,p\n1,2\n", label="p").roles.prediction is None
    assert read("a,p\n1,2\n", features=("p",)).roles.features == ("p",)


def test_of_recorded_events_those_of_the_model_are_taken() -> None:
    events = [
        {"model": model, "timestamp": START + i, "features": {"a": i}, "prediction": 1}
        for i, model in enumerate(["m", "other", "m"])
    ]
    text = "".join(json.dumps(event) + "\n" for event in events)
    assert times(read(text, "d.jsonl")) == [START, START + 2]
    with pytest.raises(DataError, match="no event of the model x; there are m, other"):
        read(text, "d.jsonl", model="x")


def test_only_the_first_rows_are_read_with_a_limit() -> None:
    assert len(read("a\n1\n2\n3\n", limit=2)) == 2


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"labels": Path("l.csv")}, "--labels needs --id"),
        ({"labels": Path("l.csv"), "id_": "a"}, "--labels needs --label: one of t, u."),
        ({"interval_ms": 0}, "rows need some time between them"),
        ({"interval_ms": 10**14}, "later than the year 5138"),
    ],
)
def test_options_that_do_not_do_are_an_error_of_use(options: dict[str, Any], sentence: str) -> None:
    Path("l.csv").write_text("a,t,u\n1,0,0\n")
    with pytest.raises(click.UsageError, match=sentence):
        read("a\n1\n2\n", **options)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"id_": "b", "label": "t"}, "l.csv has no column 'b' to find the labels by"),
        ({"id_": "a", "label": "x"}, "l.csv has no column 'x' to take the labels from"),
    ],
)
def test_columns_that_the_labels_lack_are_an_error(options: dict[str, Any], sentence: str) -> None:
    Path("l.csv").write_text("a,t\n1,0\n")
    with pytest.raises(DataError, match=sentence):
        read("a,b\n1,2\n", labels=Path("l.csv"), **options)


def test_a_time_is_rfc_3339_or_now() -> None:
    assert Time().convert("2024-01-01T00:00:00Z", None, None) == 1_704_067_200_000
    assert Time().convert("now", None, None) > 1_704_067_200_000


def test_what_is_no_time_is_an_error_of_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["replay", "d.csv", "--model", "m", "--start", "yesterday"]) == 2
    assert "'yesterday' is no time; write 2024-01-31T12:00:00Z or now" in capsys.readouterr().err
