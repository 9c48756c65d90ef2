"""What a reference is: a frozen sample of each column, under one content hash."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stream_monitor.reference.calibration import Baseline, Calibration
from stream_monitor.reference.derived import Derived
from stream_monitor.reference.strata import Strata
from stream_monitor.statistics.arrays import FloatArray
from stream_monitor.statistics.grid import Grid


class Role(StrEnum):
    """What a column is to the model."""

    FEATURE = "feature"
    PREDICTION = "prediction"
    SCORE = "score"
    DEPENDENCE = "dependence"  # computed from several features of a row


class Kind(StrEnum):
    """How a column is measured; boolean is a categorical of ``false`` and ``true``."""

    NUMERIC = "numeric"
    CATEGORICAL = "categorical"
    BOOLEAN = "boolean"


class Task(StrEnum):
    """What the model does, which decides the performance metrics."""

    BINARY = "binary"
    MULTICLASS = "multiclass"
    REGRESSION = "regression"
    UNKNOWN = "unknown"


def column_id(role: Role, name: str) -> str:
    """``feature:NAME``, ``dependence:NAME``, ``prediction`` or ``score``: no two are alike."""
    return f"{role}:{name}" if role in (Role.FEATURE, Role.DEPENDENCE) else str(role)


@dataclass(frozen=True)
class NumericColumn:
    """A numeric column: a sorted sample of its finite values, and facts of all rows.

    ``minimum`` and ``maximum`` are of all rows, not of the sample; a value outside them is
    out of range. ``missing`` is the share of rows without a usable value, in [0, 1].
    """

    role: Role
    name: str
    grid: Grid
    rows: int
    missing: float
    minimum: float
    maximum: float
    mean: float
    sd: float

    @property
    def id(self) -> str:
        return column_id(self.role, self.name)

    @property
    def kind(self) -> Kind:
        return Kind.NUMERIC


@dataclass(frozen=True)
class CategoricalColumn:
    """A categorical or boolean column: its frozen vocabulary and how often each value came.

    ``counts`` (int64, one a category) are of all rows; ``other`` counts the rows whose
    category did not fit into the vocabulary's limit.
    """

    role: Role
    name: str
    kind: Kind
    categories: tuple[str, ...]
    counts: NDArray[np.int64]
    other: int
    rows: int
    missing: float

    @property
    def id(self) -> str:
        return column_id(self.role, self.name)

    @cached_property
    def index(self) -> dict[str, int]:
        """The vocabulary as a look-up: category to its position."""
        return {category: i for i, category in enumerate(self.categories)}


ReferenceColumn = NumericColumn | CategoricalColumn


class Former(NamedTuple):
    """A reference that another has taken the place of: what the record keeps of it."""

    hash: str
    rows: int
    source: str
    created_ms: int


@dataclass(frozen=True)
class Reference:
    """All columns of one model, frozen; equal content has an equal ``hash`` (16 hex digits).

    ``positive`` is the positive class of a binary model; ``classes`` are the labels of a
    classifier, in the order of the confusion matrix. ``baseline`` is what labels among its rows
    say of a classifier, ``None`` where it has none; ``residuals`` are a frozen sample of a
    regression's errors, prediction − truth, of its rows with labels. ``derived`` has the formulas
    of its columns of the role dependence, in their order; ``None`` without any. ``strata`` are
    the columns' counts in each stratum of the season it was built with, ``None`` without one.
    ``former`` are those it has replaced, the newest first: the topic may have forgotten them.
    """

    model: str
    columns: tuple[ReferenceColumn, ...]
    rows: int
    task: Task
    classes: tuple[str, ...]
    positive: str | None
    source: str  # where the rows came from, for people
    created_ms: int  # for people; not part of the hash
    hash: str
    baseline: Baseline | None = None
    residuals: Grid | None = None
    derived: Derived | None = None
    strata: Strata | None = None
    former: tuple[Former, ...] = ()  # for people; not part of the hash

    @property
    def replaces(self) -> str | None:
        """The hash of the reference whose place it has taken, ``None`` if of none."""
        return self.former[0].hash if self.former else None

    def instead_of(self, other: Reference | None) -> Reference:
        """The same with ``other`` on record as replaced; equal content replaces nothing."""
        if other is None or other.hash == self.hash:
            return self if other is None else replace(self, former=other.former)
        gone = Former(other.hash, other.rows, other.source, other.created_ms)
        return replace(self, former=(gone, *other.former)[:MAX_FORMER])

    @cached_property
    def by_id(self) -> dict[str, ReferenceColumn]:
        return {column.id: column for column in self.columns}

    @property
    def features(self) -> tuple[ReferenceColumn, ...]:
        return tuple(column for column in self.columns if column.role is Role.FEATURE)

    def sources(self, column: ReferenceColumn) -> tuple[str, ...]:
        """The names of the features that a column is, or is computed from; none of other roles."""
        if column.role is Role.FEATURE:
            return (column.name,)
        if column.role is Role.DEPENDENCE and self.derived is not None:
            return self.derived.inputs[column.name]
        return ()

    @property
    def calibration(self) -> Calibration | None:
        """What its scores are worth; ``None`` without rows that have a score and a label."""
        return None if self.baseline is None else self.baseline.calibration

    @property
    def baseline_error(self) -> float | None:
        """The share of wrong predictions among its labelled rows; ``None`` without any."""
        return None if self.baseline is None else self.baseline.error

    @cached_property
    def prediction_edges(self) -> FloatArray:
        """At most 49 quantiles of the numeric predictions, ascending; none if they are classes."""
        column = self.by_id.get(str(Role.PREDICTION))
        if not isinstance(column, NumericColumn):
            return np.zeros(0)
        levels = np.arange(1, PREDICTION_BINS) / PREDICTION_BINS
        return np.unique(column.grid.points[column.grid.levels.searchsorted(levels)])


#: How many replaced references the record of one goes back.
MAX_FORMER = 20

#: Into how many bins numeric predictions are cut, of about equally many of the reference's rows.
PREDICTION_BINS = 50

#: Stands where a hash would, for a model that has no reference yet.
NO_REFERENCE = "none"
