"""The quality checks of one column: how many rows are bad, and how many may be.

A share of bad rows is in alarm if it has risen by ``min_increase`` over the reference's own
*and* the one-sided test of :mod:`.shares` (Fisher's, exact for every count) gives at most
``alpha``. The reference's own share is, for each check:

- ``missing``: its rows without a usable value.
- ``non_finite`` (NaN, ±inf): a reference does not tell these from missing ones, so both
  together are tested against its rows without a usable value, and the rise is what the
  non-finite rows can account for: their own share, or the rise of both together if less.
- ``wrong_type``: none.
- ``out_of_range`` (numeric): none by construction; yet a fresh row falls outside the range of
  m rows with chance 2 / (m + 1), and the test takes that into account.
- ``unseen`` (categorical): its rows whose category has no other row, and those beyond the
  vocabulary's limit. Leave one row out, and it is such rows that the rest has not seen
  (Good, Biometrika 40, 1953).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from stream_monitor.detectors.shares import (
    least_rise,
    outside_limit,
    outside_p_value,
    rise_limit,
    rise_p_value,
)
from stream_monitor.reference.model import CategoricalColumn, Kind, NumericColumn, ReferenceColumn
from stream_monitor.summaries.facts import Facts


class Check(NamedTuple):
    """``bad`` of ``rows`` rows are in alarm above ``limit``; ``rise`` is over the reference."""

    bad: int
    rows: int
    reference_rows: int
    limit: int
    p_value: float
    rise: float


class Question(NamedTuple):
    """A column of a window, the level of each check, and the least rise that matters."""

    column: ReferenceColumn
    facts: Facts
    alpha: float
    min_increase: float


def check_missing(q: Question) -> Check | None:
    """Rows without a value, of all rows; ``None`` if there are none on a side, as below."""
    return _risen(q, q.facts.missing, q.facts.rows, unusable(q.column), q.column.rows)


def check_non_finite(q: Question) -> Check | None:
    """NaN and infinite rows, of all rows."""
    rows, gone = q.facts.rows, q.facts.missing
    bad = q.facts.nan + q.facts.infinite
    both = _risen(q, gone + bad, rows, unusable(q.column), q.column.rows)
    if both is None:
        return None
    return both._replace(
        bad=bad,
        limit=max(both.limit - gone, least_rise(rows, 0.0, q.min_increase) - 1),
        p_value=both.p_value if bad else 1.0,
        rise=max(0.0, min(bad / rows, both.rise)),
    )


def check_wrong_type(q: Question) -> Check | None:
    """Rows whose value is of another type, of all rows."""
    return _risen(q, q.facts.wrong_type, q.facts.rows, 0, q.column.rows)


def check_out_of_range(q: Question) -> Check | None:
    """Values beyond the least or greatest of the reference, of the usable ones."""
    rows, bad = q.facts.usable, q.facts.out_of_range
    reference_rows = q.column.rows - unusable(q.column)
    if rows < 1 or reference_rows < 1:
        return None
    limit = outside_limit(rows, reference_rows, q.alpha, q.min_increase)
    p_value = outside_p_value(bad, rows, reference_rows)
    return Check(bad, rows, reference_rows, limit, p_value, bad / rows)


def check_unseen(q: Question) -> Check | None:
    """Categories outside the vocabulary, of the usable values."""
    reference_rows = q.column.rows - unusable(q.column)
    return _risen(q, q.facts.unseen, q.facts.usable, fresh(q.column), reference_rows)


_EVERY: dict[str, Callable[[Question], Check | None]] = {
    "missing": check_missing,
    "non_finite": check_non_finite,
    "wrong_type": check_wrong_type,
}
#: The checks of a column by its kind; what is no boolean is of the wrong type, never unseen.
CHECKS: Mapping[Kind, Mapping[str, Callable[[Question], Check | None]]] = {
    Kind.NUMERIC: {**_EVERY, "out_of_range": check_out_of_range},
    Kind.CATEGORICAL: {**_EVERY, "unseen": check_unseen},
    Kind.BOOLEAN: _EVERY,
}


def unusable(column: ReferenceColumn) -> int:
    """How many rows of the reference have no usable value."""
    return round(column.missing * column.rows)


def fresh(column: ReferenceColumn) -> int:
    """How many rows of the reference its other rows have not seen the category of."""
    if isinstance(column, CategoricalColumn):
        return int(np.count_nonzero(column.counts == 1)) + column.other
    return 0


def problem_share(column: ReferenceColumn, facts: Facts) -> float | None:
    """The share of rows with any problem above what the reference has, in [0, 1].

    No usable value (any reason), less the reference's share of it; out of range; unseen, less
    the share of :func:`fresh` rows. ``None`` without rows.
    """
    if not facts.rows:
        return None
    gone = (facts.rows - facts.usable) / facts.rows - column.missing
    unseen = facts.unseen / facts.rows
    if not isinstance(column, NumericColumn):
        unseen -= fresh(column) / max(column.rows, 1)
    outside = facts.out_of_range / facts.rows
    return min(1.0, max(0.0, gone) + max(0.0, unseen) + outside)


def _risen(
    q: Question, bad: int, rows: int, reference_bad: int, reference_rows: int
) -> Check | None:
    if rows < 1 or reference_rows < 1:
        return None
    return Check(
        bad=bad,
        rows=rows,
        reference_rows=reference_rows,
        limit=rise_limit(rows, reference_bad, reference_rows, q.alpha, q.min_increase),
        p_value=rise_p_value(bad, rows, reference_bad, reference_rows),
        rise=max(0.0, bad / rows - reference_bad / reference_rows),
    )
