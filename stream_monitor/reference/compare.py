"""How far two references of one model lie apart, column by column."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stream_monitor.reference.model import (
    CategoricalColumn,
    NumericColumn,
    Reference,
    ReferenceColumn,
)
from stream_monitor.statistics.arrays import FloatArray
from stream_monitor.statistics.grid import Grid


@dataclass(frozen=True, slots=True)
class Moved:
    """A column of both references, or of one of them (then ``distance`` is ``None``).

    ``distance`` in [0, 1]: of numeric columns the KS distance of the two samples, exact; of
    others the greatest change of a category's share among the usable values, those beyond a
    vocabulary's limit being one category. ``missing`` are shares of rows, ``None`` where the
    column is not there; ``mean`` is of numeric columns.
    """

    column: str
    kind: str
    distance: float | None
    missing_before: float | None
    missing_now: float | None
    mean_before: float | None
    mean_now: float | None


def compare(old: Reference, new: Reference) -> tuple[Moved, ...]:
    """All columns of both, what moved most first, those of one reference alone at the end.

    Raises ValueError for references of two models.
    """
    if old.model != new.model:
        raise ValueError(f"references of two models: {old.model} and {new.model}")
    names = dict.fromkeys([*old.by_id, *new.by_id])
    moved = [_moved(name, old.by_id.get(name), new.by_id.get(name)) for name in names]
    return tuple(sorted(moved, key=lambda m: -1.0 if m.distance is None else m.distance)[::-1])


def ks_distance(before: Grid, now: Grid) -> float:
    """max |F - G| of the ECDFs of two samples, in [0, 1]; exact, ties included."""
    points = np.union1d(before.points, now.points)
    return float(np.abs(_ecdf(before, points) - _ecdf(now, points)).max(initial=0.0))


def share_distance(before: CategoricalColumn, now: CategoricalColumn) -> float:
    """The greatest difference of a category's share of the usable values, in [0, 1]."""
    shares = [_shares(column) for column in (before, now)]
    names = shares[0].keys() | shares[1].keys()
    return max(abs(shares[0].get(name, 0.0) - shares[1].get(name, 0.0)) for name in names)


def _moved(name: str, before: ReferenceColumn | None, now: ReferenceColumn | None) -> Moved:
    distance = None
    if isinstance(before, NumericColumn) and isinstance(now, NumericColumn):
        distance = ks_distance(before.grid, now.grid)
    elif isinstance(before, CategoricalColumn) and isinstance(now, CategoricalColumn):
        distance = share_distance(before, now)
    kinds = dict.fromkeys(str(column.kind) for column in (before, now) if column is not None)
    return Moved(
        column=name,
        kind=" → ".join(kinds),
        distance=distance,
        missing_before=None if before is None else before.missing,
        missing_now=None if now is None else now.missing,
        mean_before=before.mean if isinstance(before, NumericColumn) else None,
        mean_now=now.mean if isinstance(now, NumericColumn) else None,
    )


def _ecdf(grid: Grid, points: FloatArray) -> FloatArray:
    levels = np.concatenate([[0.0], grid.levels])
    found: FloatArray = levels[grid.points.searchsorted(points, side="right")]
    return found


def _shares(column: CategoricalColumn) -> dict[str | None, float]:
    """Category to its share; ``None`` stands for all beyond the vocabulary."""
    usable = max(int(column.counts.sum()) + column.other, 1)
    found: dict[str | None, float] = {None: column.other / usable}
    counted = zip(column.categories, column.counts.tolist(), strict=True)
    return found | {name: count / usable for name, count in counted}
