"""The shipped extract: its shape, its order, and what is known to have changed in it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from stream_monitor import data
from stream_monitor.reference.build import build
from stream_monitor.reference.codec import decode, encode
from stream_monitor.reference.data import assign_roles, join_labels, plain, read, to_batches
from stream_monitor.reference.model import CategoricalColumn, Reference, Task


@pytest.fixture(scope="module")
def reference() -> Reference:
    table = read(data.path("employment_reference.parquet"))
    roles = assign_roles(table, label="employed")
    assert set(roles.guessed) == {"prediction", "score", "id"}
    return build("employment", table, roles, created_ms=0, source="employment_reference.parquet")


def test_the_files_belong_together_and_are_small() -> None:
    names = [f"employment_{part}.parquet" for part in ("reference", "analysis", "labels")]
    assert sum(data.path(name).stat().st_size for name in names) < 1_000_000
    analysis, labels = read(data.path(names[1])), read(data.path(names[2]))
    assert analysis["id"].to_pylist() == labels["id"].to_pylist()
    assert labels["year"].to_pylist() == sorted(labels["year"].to_pylist())
    assert set(labels["year"].to_pylist()) == {2016, 2017, 2018}
    with pytest.raises(ValueError, match="employment_labels"):
        data.path("no.parquet")


def test_the_reference_has_what_the_survey_has(reference: Reference) -> None:
    assert len(reference.features) == 16
    assert (reference.task, reference.classes, reference.positive) == (
        Task.BINARY,
        ("0", "1"),
        "1",
    )
    kinds = [column.name for column in reference.features if column.kind == "numeric"]
    assert kinds == ["AGEP"]
    assert decode(encode(reference)).hash == reference.hash


def test_ancestry_is_what_changed_by_2018(reference: Reference) -> None:
    table = read(data.path("employment_analysis.parquet"))
    years = np.array(read(data.path("employment_labels.parquet"))["year"].to_pylist())
    values = {}
    for column in reference.features:
        if not isinstance(column, CategoricalColumn):
            continue
        texts = np.array(plain(table[column.name]).to_pylist())[years == 2018]
        window = np.array([(texts == category).sum() for category in column.categories])
        values[column.name] = stats.chi2_contingency([column.counts, window]).pvalue
    assert min(values, key=values.__getitem__) == "ANC"
    assert values["ANC"] < 1e-10


def test_the_analysis_replays_with_its_labels(reference: Reference) -> None:
    table = join_labels(
        read(data.path("employment_analysis.parquet")),
        read(data.path("employment_labels.parquet")),
        "id",
        "employed",
    )
    roles = assign_roles(table, label="employed")
    assert roles.features == tuple(column.name for column in reference.features)
    rows = right = 0
    for batch in to_batches(table, roles, "employment", start_ms=0, interval_ms=100):
        assert batch.ground_truth is not None
        assert batch.prediction is not None
        rows += len(batch)
        right += int((np.asarray(batch.prediction) == np.asarray(batch.ground_truth)).sum())
    assert rows == 18_000
    assert right / rows == pytest.approx(0.8307, abs=0.0001)
