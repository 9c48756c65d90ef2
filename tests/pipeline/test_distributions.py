"""What a report shows of the distributions."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stream_monitor.pipeline.distributions import BINS, NAME, distributions_document
from stream_monitor.pipeline.effects import Stream
from stream_monitor.pipeline.engine import LocalEngine
from stream_monitor.reference.model import CategoricalColumn, Kind, NumericColumn, Role
from stream_monitor.reference.registry import References
from stream_monitor.summaries.categorical import CategoricalSummary
from stream_monitor.summaries.column import ColumnSummary
from stream_monitor.summaries.facts import Facts
from stream_monitor.summaries.numeric import NumericSummary
from tests.pipeline.events import SETTINGS, Event, log, reference

OF = reference()
X = next(c for c in OF.columns if isinstance(c, NumericColumn) and c.name == "x")
finite = st.floats(-1e6, 1e6, allow_nan=False)


def of_x(values: list[float]) -> dict[str, Any]:
    columns = {column.id: ColumnSummary.empty(column) for column in OF.columns}
    usable = Facts(rows=len(values))
    columns[X.id] = ColumnSummary(usable, NumericSummary.of(np.array(values, dtype=float), X.grid))
    found: dict[str, Any] = distributions_document(columns, OF)[X.id]
    return found


@given(st.lists(finite, max_size=50))
def test_the_counts_are_those_of_the_values_between_the_edges(values: list[float]) -> None:
    told = of_x(values)
    inner = told["edges"][1:-1]
    places = np.searchsorted(inner, np.array(values, dtype=float), side="left")
    assert told["counts"] == np.bincount(places, minlength=len(inner) + 1).tolist()
    assert sum(told["reference"]) == X.grid.total
    assert len(told["counts"]) == len(told["reference"]) == len(told["edges"]) - 1 <= BINS


@given(st.lists(finite, max_size=30), st.lists(finite, max_size=30))
def test_counts_of_windows_that_do_not_overlap_add(a: list[float], b: list[float]) -> None:
    both, one, other = of_x(a + b), of_x(a), of_x(b)
    assert both["counts"] == [x + y for x, y in zip(one["counts"], other["counts"], strict=True)]
    assert both["edges"] == one["edges"]


def test_of_many_categories_the_most_frequent_are_named_and_all_are_counted() -> None:
    names = tuple(f"c{i}" * 30 for i in range(50))
    counts = np.arange(50, dtype=np.int64)
    column = CategoricalColumn(Role.FEATURE, "k", Kind.CATEGORICAL, names, counts, 7, 1232, 0.0)
    of = CategoricalSummary.of(
        {names[49]: 5, names[0]: 2, "new": 3}, names, {name: i for i, name in enumerate(names)}
    )
    rows = Facts(rows=of.n)
    known = type(OF)(**{**OF.__dict__, "columns": (column,)})
    told = distributions_document({column.id: ColumnSummary(rows, of)}, known)[column.id]
    assert len(told["counts"]) == len(told["reference"]) == BINS
    assert told["categories"][0].startswith("c49")
    assert {len(name) for name in told["categories"]} == {NAME}
    assert (told["counts"][0], told["counts"][-2:]) == (5, [2, 3])
    assert sum(told["reference"]) == counts.sum() + 7


def test_a_report_has_them_and_grows_by_less_than_a_quarter() -> None:
    engine = LocalEngine(SETTINGS, References(OF))
    events = [Event(at_ms=at, x=float(at % 7)) for at in range(0, 90_000, 500)]
    said = [*engine.feed(0, log(events)), *engine.finish()]
    report = next(dict(each.document) for each in said if each.stream is Stream.REPORTS)
    whole = len(msgspec.json.encode(report))
    part = len(msgspec.json.encode(report["distributions"]))
    assert set(report["distributions"]) == {column.id for column in OF.columns}
    assert part < (whole - part) / 4
    assert json.dumps(report["distributions"], allow_nan=False)


def test_without_a_reference_there_are_none() -> None:
    assert distributions_document({}, None) == {}
