"""Reading data files, giving columns their roles, and rows as events."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stream_monitor.errors import DataError
from stream_monitor.reference.data import Roles, assign_roles, join_labels, read, to_batches


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def lines(path: Path, *rows: object) -> Path:
    return write(path, "".join(json.dumps(row) + "\n" for row in rows))


def test_the_three_formats_give_the_same_table(tmp_path: Path) -> None:
    rows = [{"x": 1.5, "n": i, "c": "ab"[i % 2], "b": i > 2, "gap": None} for i in range(5)]
    rows[3]["gap"] = 7
    table = pa.Table.from_pylist(rows)
    pq.write_table(table, str(tmp_path / "d.parquet"))
    jsonl = read(lines(tmp_path / "d.jsonl", *rows))
    csv = "x,n,c,b,gap\n" + "".join(
        f"{r['x']},{r['n']},{r['c']},{r['b']},{'' if r['gap'] is None else r['gap']}\n"
        for r in rows
    )
    assert read(tmp_path / "d.parquet").to_pydict() == table.to_pydict()
    assert jsonl.to_pydict() == table.to_pydict()
    assert read(write(tmp_path / "d.csv", csv)).to_pydict() == table.to_pydict()


@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl"])
def test_a_limit_reads_the_first_rows(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"d.{ending}"
    table = pa.table({"x": list(range(1000))})
    if ending == "parquet":
        pq.write_table(table, str(path), row_group_size=7)
    elif ending == "csv":
        write(path, "x\n" + "".join(f"{i}\n" for i in range(1000)))
    else:
        lines(path, *({"x": i} for i in range(1000)))
    assert read(path, limit=10)["x"].to_pylist() == list(range(10))
    assert read(path, limit=5000).num_rows == 1000


def test_a_csv_column_is_typed_by_all_rows_and_not_by_the_first_megabyte(tmp_path: Path) -> None:
    text = "a,b\n" + "1,some words\n" * 200_000 + "1.5,more\n"
    table = read(write(tmp_path / "d.csv", text))
    assert table["a"].type == pa.float64()
    assert table["a"].to_pylist()[-1] == 1.5


def test_empty_cells_of_a_csv_are_missing_and_quoted_ones_are_text(tmp_path: Path) -> None:
    table = read(write(tmp_path / "d.csv", 'a,b\n1,x\n,NA\n3,"NA"\nNaN,y\n'))
    assert table["a"].to_pylist() == [1, None, 3, None]
    assert table["b"].to_pylist() == ["x", None, "NA", "y"]


def test_reading_many_lines_tells_of_its_progress(tmp_path: Path) -> None:
    told: list[int] = []
    read(lines(tmp_path / "d.jsonl", *({"x": i} for i in range(2500))), advance=told.append)
    assert told == [1000, 1000]


def event(i: int, **features: object) -> dict[str, object]:
    return {"model": "m", "features": features, "prediction": i % 2, "timestamp": 10**12 + i}


def test_features_of_events_become_columns_and_their_own_fields_roles(tmp_path: Path) -> None:
    table = read(lines(tmp_path / "e.jsonl", event(0, a=1, score="x"), event(1, a=2, c="z")))
    roles = assign_roles(table)
    assert roles.features == ("a", "score", "c")
    assert (roles.prediction, roles.timestamp, roles.score) == ("prediction", "timestamp", None)
    assert table["c"].to_pylist() == [None, "z"]


def test_an_event_field_with_the_name_of_a_feature_gives_way(tmp_path: Path) -> None:
    table = read(lines(tmp_path / "e.jsonl", event(0, prediction=9.5), event(1, prediction=8.5)))
    roles = assign_roles(table)
    assert roles.features == ("prediction",)
    assert roles.prediction == "event.prediction"
    assert table["event.prediction"].to_pylist() == [0, 1]


def test_numbers_mixed_with_text_become_canonical_text(tmp_path: Path) -> None:
    rows = [{"v": v} for v in (1, 2.0, 2.5, "x", True, None)]
    assert read(lines(tmp_path / "d.jsonl", *rows))["v"].to_pylist() == [
        *("1", "2", "2.5", "x", "true"),
        None,
    ]


def test_numbers_too_large_for_an_integer_or_a_float_are_floats(tmp_path: Path) -> None:
    path = write(tmp_path / "d.jsonl", '{"v": 1%s}\n{"v": 2}\n{"v": NaN}\n' % ("0" * 400))
    values = read(path)["v"].to_pylist()
    assert values[:2] == [float("inf"), 2.0]
    assert np.isnan(values[2])


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("no.csv", None, "does not exist"),
        ("d.xlsx", b"x", "unknown ending"),
        ("d.csv", b"", "is empty"),
        ("d.csv", b"a,b\n", "has no rows"),
        ("d.csv", b"a,a\n1,2\n", "more than one column called 'a'"),
        ("d.csv", b"a,b\n1,2\n3\n", "cannot be read as CSV"),
        ("d.parquet", b"PAR1 nothing", "cannot be read as Parquet"),
        ("d.jsonl", b"\n \n", "has no rows"),
        ("d.jsonl", b'{"a": 1}\n\n{"a": \n', "line 3"),
        ("d.jsonl", b"[1]\n", "line 1: there is no JSON object"),
        ("d.jsonl", b'{"a": 1}\n{"features": {"a": 1}}\n', "line 2: events with features and"),
        ("d.jsonl", b'{"a": [1]}\n', "holds objects or lists"),
        ("d.jsonl", b'{"a": "\xff"}\n', "line 1: "),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(
    tmp_path: Path, name: str, content: bytes | None, sentence: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=sentence):
        read(path)


def table_of(*names: str) -> pa.Table:
    return pa.table({name: [0, 1] for name in names})


@pytest.mark.parametrize(
    ("names", "roles"),
    [
        (("a", "y_pred", "y_pred_proba", "y_true", "ts"), {"prediction": "y_pred"}),
        (("a", "Prediction", "pred"), {"prediction": "Prediction"}),
        (("a", "id", "prediction_id"), {"id": "prediction_id"}),
        (("a", "target", "probability"), {"label": "target", "score": "probability"}),
        (("a", "latency_ms", "model_version"), {"latency": "latency_ms"}),
    ],
)
def test_roles_are_guessed_by_name_and_reported(
    names: tuple[str, ...], roles: dict[str, str]
) -> None:
    found = assign_roles(table_of(*names))
    for role, name in roles.items():
        assert found.column(role) == name
        assert role in found.guessed
        assert name not in found.features


def test_what_is_given_is_not_guessed_and_features_are_the_rest() -> None:
    table = table_of("a", "b", "label", "pred", "prediction", "year")
    found = assign_roles(table, prediction="pred", ignore=["year"])
    assert found.prediction == "pred"
    assert found.features == ("a", "b", "prediction")
    assert found.guessed == ("label",)
    assert assign_roles(table, features=["label", "a"]).label is None
    assert assign_roles(table, features=["label", "a"]).features == ("label", "a")


def test_a_column_that_is_not_there_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(DataError, match=r"no column 'predicton'; did you mean 'prediction'\?"):
        assign_roles(table_of("a", "prediction"), score="predicton")
    with pytest.raises(DataError, match="the columns are a, b"):
        assign_roles(table_of("a", "b"), features=["zzzz"])


def test_a_column_with_two_roles_is_refused() -> None:
    with pytest.raises(DataError, match="'a' is given more than one role"):
        assign_roles(table_of("a", "b"), prediction="a", score="a")


def test_labels_are_joined_by_id_the_last_one_holding() -> None:
    table = pa.table({"id": [5, 6, 7], "x": [1.0, 2.0, 3.0]})
    labels = pa.table({"id": [7, 5, 5], "employed": [1, 0, 1]})
    assert join_labels(table, labels, "id", "employed")["employed"].to_pylist() == [1, None, 1]


def test_ids_of_unlike_types_are_joined_as_text_and_an_old_label_is_replaced() -> None:
    table = pa.table({"id": [5, 6], "y": [9, 9]})
    labels = pa.table({"id": pa.array(["6", "5"]).dictionary_encode(), "y": ["a", "b"]})
    joined = join_labels(table, labels, "id", "y")
    assert joined["y"].to_pylist() == ["b", "a"]
    assert joined.column_names == ["id", "y"]


def test_rows_become_events_in_their_order_with_offsets_and_even_times() -> None:
    n = 25
    table = pa.table(
        {
            "f": np.arange(n) / 2,
            "c": pa.array(["u", None] * 12 + ["v"]).dictionary_encode(),
            "prediction": [i % 2 for i in range(n)],
            "id": list(range(n)),
            "label": [None, 1] * 12 + [0],
        }
    )
    batches = list(
        to_batches(table, assign_roles(table), "m", start_ms=1000, interval_ms=2.5, chunk=10)
    )
    assert [len(batch) for batch in batches] == [10, 10, 5]
    assert np.concatenate([b.offsets for b in batches]).tolist() == list(range(n))
    times = np.concatenate([b.timestamps for b in batches])
    assert times.dtype == np.int64
    assert times.tolist() == [1000 + int(2.5 * i) for i in range(n)]
    first = batches[0]
    assert isinstance(first.features["f"], np.ndarray)
    assert first.features["f"].dtype == np.float64
    assert list(first.features["c"]) == ["u", None] * 5
    assert first.prediction_ids == [str(i) for i in range(10)]
    assert first.ground_truth == [None, 1] * 5
    assert first.score is None
    assert first.model == "m"


MOMENT = datetime(2021, 6, 1, 12, 30, tzinfo=UTC)
MS = 1_622_550_600_000


@pytest.mark.parametrize(
    "column",
    [
        pa.array([MS]),
        pa.array([float(MS)]),
        pa.array(["2021-06-01 12:30:00"]),
        pa.array(["2021-06-01T14:30:00+02:00"]),
        pa.array([MOMENT], pa.timestamp("us", "Europe/Vienna")),
        pa.array([MOMENT.replace(tzinfo=None)], pa.timestamp("s")),
    ],
)
def test_times_are_integers_timestamps_or_text(column: pa.Array) -> None:
    table = pa.table({"f": [1.0], "when": column})
    batch = next(to_batches(table, Roles(("f",), timestamp="when"), "m", start_ms=0, interval_ms=1))
    assert batch.timestamps.tolist() == [MS]


@pytest.mark.parametrize("value", ["yesterday", None, 1_622_550_600, True])
def test_a_row_without_a_readable_time_is_named(value: object) -> None:
    table = pa.table({"f": [1.0, 2.0], "t": pa.array([None if value is None else value] * 2)})
    with pytest.raises(DataError, match="Row 1: "):
        list(to_batches(table, Roles(("f",), timestamp="t"), "m", start_ms=0, interval_ms=1))
