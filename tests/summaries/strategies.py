"""The registry of every summary, with rows to make it of: what the laws run over."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from stream_monitor.events.batch import EventBatch
from stream_monitor.reference.derived import Components, Products, Standard
from stream_monitor.reference.model import (
    CategoricalColumn,
    Kind,
    NumericColumn,
    Reference,
    ReferenceColumn,
    Role,
    Task,
)
from stream_monitor.statistics.grid import Grid
from stream_monitor.summaries.model import ModelSummary
from stream_monitor.summaries.outcomes import answers, predictions_of
from stream_monitor.summaries.performance import PerformanceSummary
from stream_monitor.summaries.slices import SlicedTraffic, Slicing

Rows = list[Any]

GRID = Grid.from_sample([-1.0, 0.0, 0.0, 0.5, 2.0, 1e300])
OTHER_GRID = Grid.from_sample([-1.0, 0.0, 0.5])
CLASSES = ("no", "yes")

ODD_FLOATS = (
    math.inf,
    -math.inf,
    -0.0,
    0.0,
    5e-324,
    -5e-324,
    2.2250738585072014e-308,
    1e308,
    -1e308,
    1.7976931348623157e308,
)
ODD_VALUES: tuple[object, ...] = (
    None,
    math.nan,
    True,
    False,
    "x",
    "",
    "1.5",
    "true",
    2**53 + 1,
    10**400,
    [1],
    {},
)

floats = st.one_of(
    st.sampled_from(GRID.points.tolist()), st.sampled_from(ODD_FLOATS), st.floats(allow_nan=False)
)
short_texts = st.text(max_size=3)
values = st.one_of(floats, st.sampled_from(ODD_VALUES), st.integers(-3, 3), short_texts)
labels = st.one_of(st.sampled_from(["no", "yes", "maybe", "true", True, 1, 0.0]), values)


def numeric_column(role: Role, name: str, grid: Grid = GRID) -> NumericColumn:
    return NumericColumn(role, name, grid, 6, 0.0, -1.0, 3.0, 0.25, 1.0)


def categorical_column(
    role: Role, name: str, categories: Sequence[str], kind: Kind = Kind.CATEGORICAL
) -> CategoricalColumn:
    counts = np.ones(len(categories), dtype=np.int64)
    return CategoricalColumn(role, name, kind, tuple(categories), counts, 0, len(categories), 0.0)


def reference(digest: str, *columns: ReferenceColumn) -> Reference:
    return Reference("m", columns, 6, Task.BINARY, CLASSES, "yes", "test", 0, digest)


NUMBER = numeric_column(Role.FEATURE, "number")
NAME = categorical_column(Role.FEATURE, "name", ("a", "b", "1"))
FLAG = categorical_column(Role.FEATURE, "flag", ("false", "true"), Kind.BOOLEAN)
REFERENCE = reference(
    "0123456789abcdef",
    NUMBER,
    NAME,
    FLAG,
    categorical_column(Role.PREDICTION, "prediction", CLASSES),
    numeric_column(Role.SCORE, "score"),
)
REGRESSION = replace(REFERENCE, hash="00112233445566aa", task=Task.REGRESSION, classes=())
MULTICLASS = replace(
    REFERENCE,
    hash="aa00112233445566",
    task=Task.MULTICLASS,
    classes=("no", "yes", "1"),
    positive=None,
)
NUMBERS = replace(
    REGRESSION,
    hash="66554433221100aa",
    columns=(NUMBER, numeric_column(Role.PREDICTION, "prediction")),
)
STANDARD = Standard(
    ("number", "unknown"),
    np.array([-2.0, -3.0]),
    np.array([2.0, 5.0]),
    np.array([0.25, 0.5]),
    np.array([1.0, 1.5]),
)
PRODUCTS = replace(
    REFERENCE,
    hash="1122334455667788",
    columns=(
        *REFERENCE.columns,
        numeric_column(Role.FEATURE, "unknown"),
        numeric_column(Role.DEPENDENCE, "number*unknown"),
    ),
    derived=Products(STANDARD, np.array([[0, 1]])),
)
COMPONENTS = replace(
    PRODUCTS,
    hash="8877665544332211",
    columns=(
        *PRODUCTS.columns[:-1],
        numeric_column(Role.DEPENDENCE, "reconstruction"),
        numeric_column(Role.DEPENDENCE, "spread"),
    ),
    derived=Components(STANDARD, np.array([[0.6, 0.8]]), np.array([1.5])),
)
OTHER_REFERENCE = reference("fedcba9876543210", NUMBER)

scores = st.one_of(
    st.none(),
    st.dictionaries(st.sampled_from(["no", "yes", "other"]), values, max_size=3),
    st.sampled_from([[0.5], "x", 1.0]),
)
events = st.fixed_dictionaries(
    {},
    optional={
        "features": st.dictionaries(
            st.sampled_from(["number", "name", "flag", "unknown", "?"]), values, max_size=4
        ),
        "prediction": labels,
        "score": values,
        "scores": scores,
        "latency_ms": values,
        "ground_truth": labels,
        "prediction_ids": values,
        "model_versions": st.sampled_from(["1", "2", 3, "canary"]),
        "country": st.sampled_from(["de", "fr", "it", 7, None, [1]]),
    },
)
SLICING = Slicing(("country",), cap=2)


def batch_of(rows: Sequence[dict[str, Any]]) -> EventBatch:
    """Events as decoding lays them out: a column is None where no row has it."""

    def column(name: str) -> list[object] | None:
        if not any(name in row for row in rows):
            return None
        return [row.get(name) for row in rows]

    features = [row.get("features", {}) for row in rows]
    countries = column("country")
    return EventBatch(
        model="m",
        offsets=np.arange(len(rows)),
        timestamps=np.arange(len(rows)),
        features={
            name: [row.get(name) for row in features]
            for name in dict.fromkeys(name for row in features for name in row)
        },
        prediction=column("prediction"),
        score=column("score"),
        scores=column("scores"),
        latency_ms=column("latency_ms"),
        ground_truth=column("ground_truth"),
        prediction_ids=column("prediction_ids"),
        model_versions=column("model_versions"),
        segments={} if countries is None else {"country": countries},
    )


def performance_of(rows: Sequence[dict[str, Any]], of: Reference | None) -> PerformanceSummary:
    """What the events' labels tell, each some seconds after its prediction."""
    batch, n = batch_of(rows), len(rows)
    delays = np.array([float(len(row)) for row in rows])
    truths = answers(batch.ground_truth, n, of)
    return PerformanceSummary.of(truths, predictions_of(batch, of), of, delays)


def traffic_of(rows: Sequence[dict[str, Any]], of: Reference | None) -> SlicedTraffic:
    return ModelSummary.of(batch_of(rows), of, SLICING).traffic
