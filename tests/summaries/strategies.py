"""The registry of every summary, with rows to make it of: what the laws run over."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
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
from stream_monitor.summaries.categorical import CategoricalSummary
from stream_monitor.summaries.class_loss import ClassLossSummary
from stream_monitor.summaries.column import ColumnSummary
from stream_monitor.summaries.confusion import ConfusionSummary
from stream_monitor.summaries.facts import Facts
from stream_monitor.summaries.latency import LatencySummary
from stream_monitor.summaries.model import ModelSummary
from stream_monitor.summaries.model_samples import ModelSamples
from stream_monitor.summaries.numeric import NumericSummary
from stream_monitor.summaries.outcomes import answers, predictions_of
from stream_monitor.summaries.performance import PerformanceSummary
from stream_monitor.summaries.population import PopulationSummary
from stream_monitor.summaries.residuals import ResidualSummary
from stream_monitor.summaries.sample import CountedSample
from stream_monitor.summaries.scored import ScoredSummary
from stream_monitor.summaries.slices import SlicedTraffic, Slicing
from stream_monitor.summaries.traffic import TrafficSummary

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
ODD_VALUES = (None, math.nan, True, False, "x", "", "1.5", "true", 2**53 + 1, 10**400, [1], {})

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


@dataclass(frozen=True, repr=False)
class Case:
    """How one summary is made and used; the laws need no more.

    ``bare`` is the part that subtracts (the whole by default); ``subtract`` is None where
    there is no inverse; ``unlike`` gives a summary that must be refused, or is None where
    there are no parameters.
    """

    name: str
    kind: type
    rows: st.SearchStrategy[Rows]
    empty: Callable[[], Any]
    of: Callable[[Rows], Any]
    from_state: Callable[[bytes], Any]
    unlike: Callable[[], Any] | None
    merge: Callable[[Any, Any], Any] = lambda a, b: a.merge(b)
    subtract: Callable[[Any, Any], Any] | None = lambda a, b: a.subtract(b)
    bare: Callable[[Any], Any] = lambda a: a

    def __repr__(self) -> str:
        return self.name


def _column_case(name: str, column: ReferenceColumn, unlike: ReferenceColumn) -> Case:
    return Case(
        name=name,
        kind=ColumnSummary,
        rows=st.lists(values, max_size=30),
        empty=lambda: ColumnSummary.empty(column),
        of=lambda rows: ColumnSummary.of(rows, len(rows), column),
        from_state=lambda data: ColumnSummary.from_state(data, column),
        unlike=lambda: ColumnSummary.empty(unlike),
        bare=lambda a: a.bare(),
    )


def _model_case(name: str, of: Reference | None, unlike: Reference) -> Case:
    return Case(
        name=name,
        kind=ModelSummary,
        rows=st.lists(events, max_size=12),
        empty=lambda: ModelSummary.empty(of),
        of=lambda rows: ModelSummary.of(batch_of(rows), of, SLICING),
        from_state=lambda data: ModelSummary.from_state(data, of),
        unlike=lambda: ModelSummary.empty(unlike),
        bare=lambda a: a.bare(),
    )


def _performance_case(name: str, of: Reference | None) -> Case:
    return Case(
        name=name,
        kind=PerformanceSummary,
        rows=st.lists(events, max_size=12),
        empty=lambda: PerformanceSummary.empty(of),
        of=lambda rows: performance_of(rows, of),
        from_state=lambda data: PerformanceSummary.from_state(data, of),
        unlike=lambda: PerformanceSummary.empty(replace(REFERENCE, classes=("yes", "no"))),
    )


def _population_case(name: str, of: Reference | None, unlike: Reference | None) -> Case:
    return Case(
        name=name,
        kind=PopulationSummary,
        rows=st.lists(events, max_size=12),
        empty=lambda: PopulationSummary.empty(of),
        of=lambda rows: PopulationSummary.of(predictions_of(batch_of(rows), of), of),
        from_state=lambda data: PopulationSummary.from_state(data, of),
        unlike=lambda: PopulationSummary.empty(unlike),
    )


CASES = (
    Case(
        name="facts",
        kind=Facts,
        rows=st.lists(st.integers(0, 4), max_size=20),
        empty=Facts,
        of=lambda rows: Facts.of_codes(
            np.array(rows, dtype=np.uint8), len(rows), out_of_range=rows.count(0)
        ),
        from_state=Facts.from_state,
        unlike=None,
        merge=lambda a, b: a + b,
        subtract=lambda a, b: a - b,
    ),
    Case(
        name="sample of hashes",
        kind=CountedSample,
        rows=st.lists(short_texts, max_size=30),
        empty=lambda: CountedSample.empty(5, keep_texts=False),
        of=lambda rows: CountedSample.of(rows, 5),
        from_state=lambda data: CountedSample.from_state(data, 5, keep_texts=False),
        unlike=lambda: CountedSample.empty(6, keep_texts=False),
        subtract=None,
    ),
    Case(
        name="sample of texts",
        kind=CountedSample,
        rows=st.lists(short_texts, max_size=30),
        empty=lambda: CountedSample.empty(5, keep_texts=True),
        of=lambda rows: CountedSample.of_counts(Counter(rows), 5),
        from_state=lambda data: CountedSample.from_state(data, 5, keep_texts=True),
        unlike=lambda: CountedSample.empty(5, keep_texts=False),
        subtract=None,
    ),
    Case(
        name="numeric",
        kind=NumericSummary,
        rows=st.lists(floats, max_size=40),
        empty=lambda: NumericSummary.empty(GRID),
        of=lambda rows: NumericSummary.of(np.array(rows, dtype=np.float64), GRID),
        from_state=lambda data: NumericSummary.from_state(data, GRID),
        unlike=lambda: NumericSummary.empty(OTHER_GRID),
    ),
    Case(
        name="categorical",
        kind=CategoricalSummary,
        rows=st.lists(st.one_of(st.sampled_from(NAME.categories), short_texts), max_size=30),
        empty=lambda: CategoricalSummary.empty(NAME.categories),
        of=lambda rows: CategoricalSummary.of(Counter(rows), NAME.categories, NAME.index),
        from_state=lambda data: CategoricalSummary.from_state(data, NAME.categories),
        unlike=lambda: CategoricalSummary.empty(("a", "1", "b")),
        bare=lambda a: a.bare(),
    ),
    Case(
        name="latency",
        kind=LatencySummary,
        rows=st.lists(st.one_of(values, st.floats(1e-4, 1e10)), max_size=40),
        empty=LatencySummary.empty,
        of=lambda rows: LatencySummary.of(rows, len(rows)),
        from_state=LatencySummary.from_state,
        unlike=None,
    ),
    Case(
        name="confusion",
        kind=ConfusionSummary,
        rows=st.lists(st.tuples(*[st.sampled_from([None, "no", "yes", "x", "y"])] * 2)),
        empty=lambda: ConfusionSummary.empty(CLASSES),
        of=lambda rows: ConfusionSummary.of(
            [label for label, _ in rows], [prediction for _, prediction in rows], CLASSES
        ),
        from_state=lambda data: ConfusionSummary.from_state(data, CLASSES),
        unlike=lambda: ConfusionSummary.empty(("yes", "no")),
    ),
    Case(
        name="scored",
        kind=ScoredSummary,
        rows=st.lists(
            st.tuples(
                st.sampled_from([None, "no", "yes", "x"]), st.one_of(values, st.floats(0, 1))
            ),
            max_size=40,
        ),
        empty=ScoredSummary.empty,
        of=lambda rows: ScoredSummary.of(
            [label for label, _ in rows], [score for _, score in rows], CLASSES, "yes"
        ),
        from_state=ScoredSummary.from_state,
        unlike=None,
    ),
    Case(
        name="class loss",
        kind=ClassLossSummary,
        rows=st.lists(
            st.tuples(
                st.integers(0, 3),
                st.tuples(*[st.floats(0, 1) | st.sampled_from([math.nan, 2.0, -0.1])] * 3),
            ),
            max_size=40,
        ),
        empty=ClassLossSummary.empty,
        of=lambda rows: ClassLossSummary.of_places(
            np.array([place for place, _ in rows], dtype=np.int64),
            np.array([scores for _, scores in rows], dtype=np.float64).reshape(-1, 3),
        ),
        from_state=ClassLossSummary.from_state,
        unlike=None,
    ),
    Case(
        name="residuals",
        kind=ResidualSummary,
        rows=st.lists(st.tuples(values, values), max_size=40),
        empty=ResidualSummary.empty,
        of=lambda rows: ResidualSummary.of([y for y, _ in rows], [p for _, p in rows], len(rows)),
        from_state=ResidualSummary.from_state,
        unlike=None,
    ),
    _column_case("numeric column", NUMBER, numeric_column(Role.FEATURE, "number", OTHER_GRID)),
    _column_case("categorical column", NAME, NUMBER),
    _column_case("boolean column", FLAG, NAME),
    Case(
        name="model samples",
        kind=ModelSamples,
        rows=st.lists(events, max_size=12),
        empty=ModelSamples.empty,
        of=lambda rows: ModelSummary.of(batch_of(rows), REFERENCE, SLICING).samples,
        from_state=lambda data: ModelSamples.from_state(data, REFERENCE),
        unlike=None,
        subtract=None,
    ),
    _population_case("population", REFERENCE, MULTICLASS),
    _population_case("population of many classes", MULTICLASS, None),
    _population_case("population of a regression", NUMBERS, REGRESSION),
    _population_case("population without a reference", None, REFERENCE),
    _performance_case("performance", REFERENCE),
    _performance_case("performance of many classes", MULTICLASS),
    _performance_case("performance of a regression", REGRESSION),
    _performance_case("performance without a reference", None),
    Case(
        name="traffic",
        kind=TrafficSummary,
        rows=st.lists(events, max_size=12),
        empty=lambda: TrafficSummary.empty(REFERENCE),
        of=lambda rows: traffic_of(rows, REFERENCE).total,
        from_state=lambda data: TrafficSummary.from_state(data, REFERENCE),
        unlike=lambda: TrafficSummary.empty(None),
    ),
    Case(
        name="sliced traffic",
        kind=SlicedTraffic,
        rows=st.lists(events, max_size=12),
        empty=lambda: SlicedTraffic.empty(REFERENCE),
        of=lambda rows: traffic_of(rows, REFERENCE),
        from_state=lambda data: SlicedTraffic.from_state(data, REFERENCE),
        unlike=lambda: SlicedTraffic.empty(None),
        subtract=None,
    ),
    _model_case("model", REFERENCE, OTHER_REFERENCE),
    _model_case("model of a regression", REGRESSION, OTHER_REFERENCE),
    _model_case("model with products", PRODUCTS, REFERENCE),
    _model_case("model with components", COMPONENTS, PRODUCTS),
    _model_case("model without a reference", None, REFERENCE),
)
