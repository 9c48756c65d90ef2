"""Scenarios on rows of a file."""

import numpy as np
import pyarrow as pa
import pytest

from stream_monitor.errors import DataError
from stream_monitor.scenarios.check import check
from stream_monitor.scenarios.prepare import Prepared, Tables, prepare
from tests.scenarios.shipped import written

TEXT = """\
story: s
model: rows
duration: 3h
base: {file: now.parquet, reference: then.parquet, interval: 5s, labels: {delay: 1m}}
settings: {window: 30m, slide: 5m}
timeline:
  drift: {inject: sudden_drift, at: 1h, feature: x, shift: 1}
  gone: {inject: data_quality, at: 2h, feature: c, missing: 0.3}
expect:
  found:
    - {family: drift, columns: ["feature:x"], by: 1h30m}
    - {family: quality, columns: ["missing:feature:c"], after: 2h, by: 2h30m}
"""


def rows(count: int, seed: int) -> pa.Table:
    rng = np.random.default_rng(seed)
    truth = rng.random(count) < 0.4
    score = np.clip(rng.normal(0.4 + 0.2 * truth, 0.1), 0, 1).round(4)
    return pa.table(
        {
            "x": rng.normal(size=count).round(4),
            "c": rng.choice(["a", "b", "d"], count),
            "prediction": np.where(score > 0.5, 1, 0),
            "score": score,
            "label": truth.astype(np.int64),
        }
    )


def prepared(text: str = TEXT, count: int = 3_000) -> Prepared:
    return prepare(written(text), 0, tables=Tables(rows(count, 1), rows(4_000, 2)))


def test_rows_of_a_file_are_broken_and_the_monitor_finds_it() -> None:
    checked = check(written(TEXT), prepared())
    assert [outcome for outcome in checked.outcomes if not outcome.holds] == []


def test_the_rows_are_those_of_the_file_but_for_what_is_injected() -> None:
    made, table = prepared(), rows(3_000, 1)
    assert len(made.stream) == 3 * 720
    assert set(np.diff(made.stream.times)) == {5_000}
    assert made.stream.features["x"][:720].tolist() == table["x"].to_pylist()[:720]
    moved = made.stream.features["x"][720:] - np.array(table["x"])[720:2160]
    assert np.allclose(moved, np.std(rows(4_000, 2)["x"].to_numpy()))
    assert made.stream.score is not None
    assert made.stream.score.tolist() == table["score"].to_pylist()[:2160]
    labels = made.stream.labels("rows")
    assert labels is not None
    assert len(labels) == 2160


def test_missing_values_of_a_file_stay_missing_when_it_drifts() -> None:
    table = rows(3_000, 1)
    gaps = pa.array([None if i % 7 == 0 else v for i, v in enumerate(table["x"].to_pylist())])
    with_gaps = table.set_column(0, "x", gaps)
    stream = prepare(written(TEXT), 0, tables=Tables(with_gaps, rows(4_000, 2))).stream
    assert [value is None for value in stream.features["x"].tolist()] == [
        i % 7 == 0 for i in range(2160)
    ]


def test_a_file_with_fewer_rows_ends_earlier() -> None:
    assert len(prepared(count=500).stream) == 500


def test_a_column_can_be_a_segment_and_an_injection_strike_one_value_of_it() -> None:
    text = TEXT.replace("interval: 5s", "interval: 5s, segments: [c]")
    text = text.replace("shift: 1}", "shift: 1, where: {c: a}}").partition("  gone:")[0]
    stream, table = prepared(text).stream, rows(3_000, 1)
    assert set(stream.features) == {"x"}
    assert stream.segments["c"].tolist() == table["c"].to_pylist()[:2160]
    moved = stream.features["x"] != np.array(table["x"])[:2160]
    of_a = stream.segments["c"] == "a"
    assert moved[720:].tolist() == of_a[720:].tolist()
    assert not moved[:720].any()
    with pytest.raises(DataError, match=r"No row of now\.parquet has the c z of an injection"):
        prepared(text.replace("{c: a}", "{c: z}"))
    with pytest.raises(DataError, match=r"now\.parquet has no column city for the segment"):
        prepared(text.replace("[c]", "[c, city]"))


def test_what_a_file_does_not_have_is_refused() -> None:
    with pytest.raises(DataError, match=r"now\.parquet has no feature y, which an injection names"):
        prepared(TEXT.replace("feature: x", "feature: y"))
    with pytest.raises(DataError, match="There is no column 'truth'"):
        prepared(TEXT.replace("interval: 5s", "interval: 5s, label: truth"))
    with pytest.raises(DataError, match="has no numbers to be moved"):
        prepared(TEXT.replace("feature: x", "feature: c"))
    with pytest.raises(DataError, match=r"The rows of now\.parquet are needed"):
        prepare(written(TEXT), 0)
