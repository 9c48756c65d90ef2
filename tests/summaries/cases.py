"""The summaries that the laws run over, each with how its rows are drawn."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from stream_monitor.reference.model import (
    Reference,
    ReferenceColumn,
    Role,
)
from stream_monitor.summaries.categorical import CategoricalSummary
from stream_monitor.summaries.class_loss import ClassLossSummary
from stream_monitor.summaries.column import ColumnSummary
from stream_monitor.summaries.confusion import ConfusionSummary
from stream_monitor.summaries.facts import Facts
from stream_monitor.summaries.latency import LatencySummary
from stream_monitor.summaries.model import ModelSummary
from stream_monitor.summaries.model_samples import ModelSamples
from stream_monitor.summaries.numeric import NumericSummary
from stream_monitor.summaries.outcomes import predictions_of
from stream_monitor.summaries.performance import PerformanceSummary
from stream_monitor.summaries.population import PopulationSummary
from stream_monitor.summaries.residuals import ResidualSummary
from stream_monitor.summaries.sample import CountedSample
from stream_monitor.summaries.scored import ScoredSummary
from stream_monitor.summaries.slices import SlicedTraffic
from stream_monitor.summaries.traffic import TrafficSummary
from tests.summaries.strategies import (
    CLASSES,
    COMPONENTS,
    FLAG,
    GRID,
    MULTICLASS,
    NAME,
    NUMBER,
    NUMBERS,
    OTHER_GRID,
    OTHER_REFERENCE,
    PRODUCTS,
    REFERENCE,
    REGRESSION,
    SLICING,
    Rows,
    batch_of,
    events,
    floats,
    numeric_column,
    performance_of,
    short_texts,
    traffic_of,
    values,
)


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
