"""References made up, by hand and by hypothesis."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

from stream_monitor.reference import codec
from stream_monitor.reference.build import build
from stream_monitor.reference.data import assign_roles
from stream_monitor.reference.derived import Components, Derived, Products, Standard
from stream_monitor.reference.model import (
    CategoricalColumn,
    Former,
    Kind,
    NumericColumn,
    Reference,
    ReferenceColumn,
    Role,
    Task,
)
from stream_monitor.statistics.grid import Grid

FINITE = st.floats(allow_nan=False, allow_infinity=False)


COUNT = st.integers(0, 2**62)


SHARE = st.floats(0, 1)


GIVEN = (Role.FEATURE, Role.PREDICTION, Role.SCORE)


@st.composite
def numeric_columns(draw: st.DrawFn) -> NumericColumn:
    points = sorted(draw(st.sets(st.floats(allow_nan=False).map(lambda x: x + 0.0), max_size=12)))
    counts = draw(st.lists(COUNT, min_size=len(points), max_size=len(points)))
    grid = Grid(np.array(points, dtype=np.float64), np.array(counts, dtype=np.int64))
    return NumericColumn(
        role=draw(st.sampled_from(GIVEN)),
        name=draw(st.text()),
        grid=grid,
        rows=draw(COUNT),
        missing=draw(SHARE),
        minimum=draw(FINITE),
        maximum=draw(FINITE),
        mean=draw(FINITE),
        sd=draw(FINITE),
    )


@st.composite
def categorical_columns(draw: st.DrawFn) -> CategoricalColumn:
    categories = draw(st.lists(st.text(), unique=True, max_size=8))
    counts = draw(st.lists(COUNT, min_size=len(categories), max_size=len(categories)))
    return CategoricalColumn(
        role=draw(st.sampled_from(GIVEN)),
        name=draw(st.text()),
        kind=draw(st.sampled_from([Kind.CATEGORICAL, Kind.BOOLEAN])),
        categories=tuple(categories),
        counts=np.array(counts, dtype=np.int64),
        other=draw(COUNT),
        rows=draw(COUNT),
        missing=draw(SHARE),
    )


FORMER = st.builds(Former, st.text(), COUNT, st.text(), st.integers(0, 2**60))


@st.composite
def formulas(draw: st.DrawFn, columns: tuple[ReferenceColumn, ...]) -> Derived | None:
    """Formulas of some kind over the numeric features, or none where these are too few."""
    names = {c.name for c in columns if isinstance(c, NumericColumn) and c.role is Role.FEATURE}
    if len(names) < 2 or draw(st.booleans()):
        return None
    return formulas_of(tuple(sorted(names)), draw(st.integers(0, 9)), pairs=draw(st.booleans()))


def formulas_of(names: tuple[str, ...], seed: int, *, pairs: bool) -> Derived:
    random = np.random.default_rng(seed)
    count = len(names)
    low = random.normal(size=count)
    mean = low + random.random(count)
    standard = Standard(names, low, mean + 1.0, mean, random.random(count) + 0.1)
    if pairs:
        return Products(standard, np.array([[0, count - 1]]))
    return Components(standard, random.uniform(-1, 1, (count - 1, count)), np.ones(count - 1))


@st.composite
def references(draw: st.DrawFn) -> Reference:
    columns = tuple(draw(st.lists(st.one_of(numeric_columns(), categorical_columns()), max_size=4)))
    derived = draw(formulas(columns))
    for name in () if derived is None else derived.inputs:
        made = dataclasses.replace(draw(numeric_columns()), role=Role.DEPENDENCE, name=name)
        columns += (made,)
    rows = draw(COUNT)
    task = draw(st.sampled_from(Task))
    classes = tuple(draw(st.lists(st.text(), max_size=3)))
    positive = draw(st.none() | st.text())
    return Reference(
        model=draw(st.text()),
        columns=columns,
        rows=rows,
        task=task,
        classes=classes,
        positive=positive,
        source=draw(st.text()),
        created_ms=draw(st.integers(0, 2**60)),
        hash=codec.content_hash(columns, rows, task, classes, positive, derived=derived),
        derived=derived,
        former=tuple(draw(st.lists(FORMER, max_size=3))),
    )


def example(**changes: Any) -> Reference:
    random = np.random.default_rng(0)
    table = pa.table(
        {
            "x": random.normal(size=300),
            "c": ["u", "v", "w"] * 100,
            "prediction": random.integers(0, 2, 300),
            "score": random.random(300),
        }
    )
    options: dict[str, Any] = {"model": "m", "created_ms": 5, "source": "s"}
    return build(table=table, roles=assign_roles(table), **(options | changes))


def derived_example(seed: int = 0, *, pairs: bool = True) -> Reference:
    names = ("x", "y", "z")
    columns = tuple(
        NumericColumn(Role.FEATURE, name, Grid.from_sample([0.0]), 1, 0.0, 0.0, 0.0, 0.0, 0.0)
        for name in names
    )
    derived = formulas_of(names, seed, pairs=pairs)
    columns += tuple(
        dataclasses.replace(columns[0], role=Role.DEPENDENCE, name=name) for name in derived.inputs
    )
    return Reference(
        model="m",
        columns=columns,
        rows=1,
        task=Task.UNKNOWN,
        classes=(),
        positive=None,
        source="s",
        created_ms=0,
        hash="",
        derived=derived,
    )
