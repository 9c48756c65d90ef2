"""Small worlds to judge: references, batches and settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stream_monitor.detectors.verdict import Verdict
from stream_monitor.events.batch import EventBatch, RawColumn
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

HASH = "0123456789abcdef"


def numeric(
    name: str, values: ArrayLike, *, role: Role = Role.FEATURE, missing: int = 0
) -> NumericColumn:
    """A numeric column of the values, with ``missing`` more rows that have none."""
    sample = np.asarray(values, dtype=np.float64)
    rows = len(sample) + missing
    scale = float(np.abs(sample).max()) or 1.0  # so that nothing overflows
    return NumericColumn(
        role=role,
        name=name,
        grid=Grid.from_sample(sample),
        rows=rows,
        missing=missing / rows,
        minimum=float(sample.min()),
        maximum=float(sample.max()),
        mean=float((sample / scale).mean()) * scale,
        sd=float((sample / scale).std()) * scale,
    )


def categorical(
    name: str,
    counts: Mapping[str, int],
    *,
    role: Role = Role.FEATURE,
    kind: Kind = Kind.CATEGORICAL,
    other: int = 0,
    missing: int = 0,
) -> CategoricalColumn:
    """A categorical column of counted categories."""
    rows = sum(counts.values()) + other + missing
    return CategoricalColumn(
        role=role,
        name=name,
        kind=kind,
        categories=tuple(counts),
        counts=np.array(list(counts.values()), dtype=np.int64),
        other=other,
        rows=rows,
        missing=missing / rows,
    )


def reference(
    *columns: ReferenceColumn,
    task: Task = Task.UNKNOWN,
    classes: tuple[str, ...] = (),
    positive: str | None = None,
) -> Reference:
    """A reference of these columns."""
    return Reference(
        model="fraud",
        columns=columns,
        rows=max((column.rows for column in columns), default=0),
        task=task,
        classes=classes,
        positive=positive,
        source="test",
        created_ms=0,
        hash=HASH,
    )


def batch(
    rows: int,
    features: Mapping[str, RawColumn] | None = None,
    *,
    prediction: RawColumn | None = None,
    score: RawColumn | None = None,
    truth: RawColumn | None = None,
    latency_ms: RawColumn | None = None,
    ids: Sequence[str] | None = None,
) -> EventBatch:
    """A batch of so many rows."""
    numbers = np.arange(rows, dtype=np.int64)
    return EventBatch(
        model="fraud",
        offsets=numbers,
        timestamps=numbers,
        features=features or {},
        prediction=prediction,
        score=score,
        ground_truth=truth,
        latency_ms=latency_ms,
        prediction_ids=ids,
    )


def window(against: Reference | None, rows: int, **columns: RawColumn) -> ModelSummary:
    """The summary of rows that have these features and nothing else."""
    return ModelSummary.of(batch(rows, columns), against)


def only(verdicts: Sequence[Verdict], monitor: str, column: str = "") -> Verdict:
    """The one verdict of a monitor about a column."""
    (found,) = [v for v in verdicts if v.monitor == monitor and v.column == column]
    return found


def normal(seed: int, rows: int, mean: float = 0.0, sd: float = 1.0) -> NDArray[np.float64]:
    """Normal values."""
    return np.random.default_rng(seed).normal(mean, sd, rows)
