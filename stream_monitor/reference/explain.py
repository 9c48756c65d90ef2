"""A reference in words and figures, one row a column, for tables and JSON."""

from __future__ import annotations

import math

from scipy.special import kolmogi

from stream_monitor.reference.dependence import Dependence
from stream_monitor.reference.derived import Products
from stream_monitor.reference.model import (
    CategoricalColumn,
    NumericColumn,
    Reference,
    ReferenceColumn,
    Role,
    column_id,
)
from stream_monitor.statistics.sizes import effective_size

WINDOW = 1000
ALPHA = 0.001
_TOP = 3


def explain(reference: Reference) -> list[dict[str, object]]:
    """One row a column, in the reference's order, of plain JSON values.

    ``column``, ``role``, ``kind``, ``rows``, ``missing`` (share), ``distinct`` (points of the
    sample, or categories), ``values`` (range, or the most frequent categories with their
    shares), ``detectable`` and ``note`` (what a person should look at, or empty).

    ``detectable`` is the smallest two-sample Kolmogorov–Smirnov distance that a window of
    1,000 rows shows at level .001, by the asymptotic distribution; ``None`` for a
    categorical column.
    """
    return [
        _numeric(column) if isinstance(column, NumericColumn) else _categorical(column)
        for column in reference.columns
    ]


def labels_of(reference: Reference) -> dict[str, object]:
    """What is there of the reference's own labels, of plain JSON values.

    ``labelled`` (rows with a label and a prediction), ``baseline_error`` (the share of wrong
    predictions among them, or ``None``) and ``calibrated`` (rows that tell what a score is
    worth, 0 without a calibration: performance is not estimated then).
    """
    baseline, calibration = reference.baseline, reference.calibration
    return {
        "labelled": 0 if baseline is None else baseline.labelled,
        "baseline_error": reference.baseline_error,
        "calibrated": 0 if calibration is None else calibration.rows,
    }


def dependence_of(reference: Reference) -> dict[str, object] | None:
    """Which features are watched for moving together, of plain JSON values; ``None`` if none are.

    ``kind`` (``pairs`` or ``pca``), ``features`` (their names), ``components`` (how many lead; 0
    for pairs) and ``columns`` (the ids of the derived columns).
    """
    derived = reference.derived
    if derived is None:
        return None
    pairs = isinstance(derived, Products)
    return {
        "kind": str(Dependence.PAIRS if pairs else Dependence.PCA),
        "features": list(derived.standard.sources),
        "components": 0 if isinstance(derived, Products) else len(derived.variances),
        "columns": [column_id(Role.DEPENDENCE, name) for name in derived.inputs],
    }


def detectable_distance(reference_n: int, n: int = WINDOW, alpha: float = ALPHA) -> float:
    """The KS distance D of two samples whose asymptotic p-value is ``alpha``; at most 1.

    kolmogorov(√(nm/(n+m))·D) = α (Smirnov 1948).
    """
    return min(float(kolmogi(alpha)) / math.sqrt(effective_size(n, reference_n)), 1.0)


def _numeric(column: NumericColumn) -> dict[str, object]:
    note = ""
    if column.minimum == column.maximum:
        note = "constant: any other value is drift"
    elif column.missing > 0.5:
        note = "mostly missing"
    return _of_any(column) | {
        "distinct": column.grid.size,
        "values": f"{column.minimum:.6g} … {column.maximum:.6g}",
        "detectable": detectable_distance(column.grid.total),
        "note": note,
    }


def _categorical(column: CategoricalColumn) -> dict[str, object]:
    seen = int(column.counts.sum()) + column.other
    order = sorted(range(len(column.categories)), key=lambda i: -int(column.counts[i]))
    top = [f"{column.categories[i]} {column.counts[i] / max(seen, 1):.1%}" for i in order[:_TOP]]
    note = ""
    if column.other > seen / 2 or len(column.categories) > seen / 2 > 1:
        note = "nearly every row its own value: an identifier?"
    elif column.other:
        note = f"{column.other:,} rows have a rarer category than the ones kept"
    elif (column.counts > 0).sum() == 1:
        note = "constant: any other value is unseen"
    elif column.missing > 0.5:
        note = "mostly missing"
    return _of_any(column) | {
        "distinct": len(column.categories),
        "values": ", ".join(top) + (", …" if len(column.categories) > _TOP else ""),
        "detectable": None,
        "note": note,
    }


def _of_any(column: ReferenceColumn) -> dict[str, object]:
    return {
        "column": column.name,
        "role": str(column.role),
        "kind": str(column.kind),
        "rows": column.rows,
        "missing": column.missing,
    }
