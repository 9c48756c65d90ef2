"""Recent events to the rows of a new reference."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from stream_monitor.errors import DataError
from stream_monitor.events.batch import EventBatch, RawColumn
from stream_monitor.events.labels import LabelBatch
from stream_monitor.joining.recent import Recent, options_of
from stream_monitor.reference.model import (
    CategoricalColumn,
    Kind,
    NumericColumn,
    Reference,
    Role,
    Task,
)
from tests.detectors.worlds import categorical, numeric, reference

OLD = reference(
    numeric("x", np.arange(1000.0)),
    categorical("code", {"1": 500, "2": 500}),
    categorical("yes", {"false": 5, "true": 5}, kind=Kind.BOOLEAN),
    categorical("pred", {"0": 600, "1": 400}, role=Role.PREDICTION),
    numeric("score", np.linspace(0, 1, 100), role=Role.SCORE),
    task=Task.BINARY,
    classes=("0", "1"),
    positive="1",
)


def events(first: int, rows: int, *, model: str = "fraud", **columns: RawColumn) -> EventBatch:
    """Rows from an offset on, one a millisecond; ``x`` is the offset."""
    offsets = np.arange(first, first + rows)
    features: dict[str, RawColumn] = {
        "x": offsets.astype(np.float64),
        "code": [1, "2"] * (rows // 2) + [1] * (rows % 2),
        "yes": [True] * rows,
    }
    return EventBatch(
        model=model,
        offsets=offsets,
        timestamps=offsets,
        features=features | columns,
        prediction=["1"] * rows,
        score=[0.5] * rows,
        prediction_ids=[f"id-{offset}" for offset in offsets.tolist()],
    )


def made(recent: Recent) -> Reference:
    return recent.build(created_ms=7, source="s", seed=0, **options_of(OLD))


def filled(batches: Sequence[tuple[int, EventBatch]], *, limit: int = 10_000) -> Recent:
    recent = Recent(OLD, 0, 10**9, limit)
    for partition, batch in batches:
        recent.add(partition, batch)
    return recent


def column(of: Reference, name: str) -> NumericColumn | CategoricalColumn:
    return of.by_id[f"feature:{name}"]


def labels(ids: Sequence[str], truths: Sequence[object], model: str = "fraud") -> LabelBatch:
    offsets = np.arange(len(ids))
    return LabelBatch(model, offsets, offsets, list(ids), list(truths))


def test_columns_kinds_and_classes_stay_as_they_were() -> None:
    new = made(filled([(0, events(0, 100))]))
    assert [(c.id, c.kind) for c in new.columns] == [(c.id, c.kind) for c in OLD.columns]
    assert [c.name for c in new.columns] == [c.name for c in OLD.columns]
    # One class alone was predicted: the model is a binary one all the same.
    assert (new.task, new.classes, new.positive) == (Task.BINARY, ("0", "1"), "1")
    code = column(new, "code")
    assert isinstance(code, CategoricalColumn)
    assert dict(zip(code.categories, code.counts.tolist(), strict=True)) == {"1": 50, "2": 50}
    assert (new.replaces, new.former[0].rows, new.created_ms) == (OLD.hash, OLD.rows, 7)


def test_only_events_of_the_model_and_the_time_have_a_part() -> None:
    recent = Recent(OLD, 10, 20, 100)
    recent.add(0, events(0, 50))
    recent.add(0, events(12, 5, model="another"))
    assert (recent.seen, recent.rows, recent.first_ms, recent.last_ms) == (10, 10, 10, 19)
    x = column(made(recent), "x")
    assert isinstance(x, NumericColumn)
    assert x.grid.points.tolist() == list(range(10, 20))


def test_values_that_are_none_of_the_kind_are_missing() -> None:
    odd: list[object] = [1.5, None, "text", float("inf"), True, 2, 3.0, float("nan"), [1], 4]
    new = made(filled([(0, events(0, 10, x=odd, yes=["TRUE", 0, None, "x"] + [True] * 6))]))
    x, yes = column(new, "x"), column(new, "yes")
    assert isinstance(x, NumericColumn)
    assert isinstance(yes, CategoricalColumn)
    assert x.grid.points.tolist() == [1.5, 2.0, 3.0, 4.0]
    assert x.missing == pytest.approx(0.6)
    assert yes.counts.tolist() == [1, 7]
    assert yes.missing == pytest.approx(0.2)


def test_a_sample_does_not_depend_on_how_the_topic_was_read() -> None:
    whole = filled([(p, events(0, 3000)) for p in (0, 1)], limit=500)
    rng = random.Random(3)
    parts = [(p, events(i, 100)) for p in (0, 1) for i in range(0, 3000, 100)]
    rng.shuffle(parts)
    cut = filled(parts, limit=500)
    assert (whole.seen, whole.rows) == (cut.seen, cut.rows) == (6000, 500)
    assert made(whole).hash == made(cut).hash
    assert made(whole).rows == 500


def test_a_sample_is_uniform_over_the_topic() -> None:
    recent = filled(
        [(p, events(i, 500)) for p in (0, 1) for i in range(0, 10_000, 500)], limit=2000
    )
    x = column(made(recent), "x")
    assert isinstance(x, NumericColumn)
    values = np.repeat(x.grid.points, x.grid.counts)
    counts, _ = np.histogram(values, bins=10, range=(0, 10_000))
    assert counts.sum() == 2000
    # 200 of each tenth, with a standard deviation of 13.
    assert np.abs(counts - 200).max() < 60


def test_rows_of_one_message_are_told_apart() -> None:
    batch = replace(events(0, 1000), offsets=np.zeros(1000, dtype=np.int64))
    assert filled([(0, batch)], limit=100).rows == 100
    x = column(made(filled([(0, batch)], limit=100)), "x")
    assert isinstance(x, NumericColumn)
    assert x.rows == x.grid.size == 100


def test_labels_find_their_events_and_the_first_counts() -> None:
    batch = replace(events(0, 4), ground_truth=["0", None, None, None])
    recent = filled([(0, batch)])
    recent.add_labels(labels(["id-0", "id-1", "gone"], ["1", 1.0, "0"]))
    recent.add_labels(labels(["id-1", "id-2"], ["0", "0"]))
    recent.add_labels(labels(["id-3"], ["0"], model="another"))
    found = made(recent).baseline
    assert found is not None
    # Predicted 1: one label 1 (id-1), two labels 0 (id-0 by its event, id-2).
    assert found.confusion[:2, :2].tolist() == [[0, 2], [0, 1]]
    assert found.labelled == 3


def test_without_labels_there_is_no_baseline() -> None:
    assert made(filled([(0, events(0, 10))])).baseline is None


def test_a_feature_that_no_longer_comes_has_to_be_ignored() -> None:
    batch = events(0, 100, x=[None] * 100)
    with pytest.raises(DataError, match=r"'x' has no finite number: leave it out \(--ignore x\)"):
        made(filled([(0, batch)]))
    recent = Recent(OLD, 0, 1000, 1000, ignore=("x",))
    recent.add(0, batch)
    assert "feature:x" not in made(recent).by_id


def test_without_events_there_is_no_reference() -> None:
    with pytest.raises(DataError, match="no event"):
        made(filled([]))


def test_a_regression_stays_one_whatever_its_predictions_look_like() -> None:
    old = reference(
        numeric("x", np.arange(10.0)),
        numeric("y", np.arange(10.0), role=Role.PREDICTION),
        task=Task.REGRESSION,
    )
    recent = Recent(old, 0, 1000, 1000)
    recent.add(0, replace(events(0, 100), prediction=[0, 1] * 50, ground_truth=[1, 1] * 50))
    new = recent.build(created_ms=0, source="s", seed=0, **options_of(old))
    assert (new.task, new.classes, new.baseline) == (Task.REGRESSION, (), None)


def test_the_options_are_read_off_the_old_reference() -> None:
    assert options_of(OLD) == {"sample_size": 5000, "max_categories": 1000}
    sampled = replace(numeric("x", np.arange(700.0)), rows=90_000)
    cut = categorical("c", {"a": 5, "b": 4}, other=3)
    assert options_of(reference(sampled, cut)) == {"sample_size": 700, "max_categories": 2}
    many = numeric("x", np.arange(6000.0))
    assert options_of(reference(many))["sample_size"] == 6000
