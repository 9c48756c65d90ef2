"""From a table with times to the strata of its reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from stream_monitor.config.season import SeasonSettings
from stream_monitor.errors import DataError
from stream_monitor.reference.cells import numbers, places
from stream_monitor.reference.model import Kind, NumericColumn, ReferenceColumn
from stream_monitor.reference.sampling import drawn
from stream_monitor.reference.strata import MIN_ROWS, Strata, StratumCounts
from stream_monitor.statistics.arrays import FloatArray, IntArray
from stream_monitor.windows import calendar


def strata_of(
    columns: Sequence[ReferenceColumn],
    cells: Mapping[str, pa.ChunkedArray],
    times: IntArray,
    season: SeasonSettings,
    *,
    sample_size: int,
    seed: int,
) -> Strata | None:
    """The strata of a reference's columns; ``None`` for a season without strata.

    ``cells`` are the columns' values by the columns' ids; a column without values there has no
    strata. ``times``: int64 (rows,), ms since 1970 in UTC. Strata with fewer than 100 rows are
    left out. :class:`DataError` if none is left, or for another number of times than rows.
    """
    if season.by == "none":
        return None
    if any(len(column) != times.size for column in cells.values()):
        raise DataError("There are not as many times as rows.")
    names = calendar.strata(season)
    every = calendar.places(season, times)
    rows = np.bincount(every, minlength=len(names))
    kept = np.flatnonzero(rows >= MIN_ROWS)
    if not kept.size:
        raise DataError(
            f"No stratum of the season by {season.by} has {MIN_ROWS} rows (the largest has "
            f"{int(rows.max(initial=0)):,}): give more rows, or a season of fewer strata."
        )
    renumbered = np.full(len(names), -1, dtype=np.int64)
    renumbered[kept] = np.arange(kept.size)
    strata = renumbered[every]
    by_column = {
        column.id: _counts(column, cells[column.id], strata, kept.size, sample_size, seed)
        for column in columns
        if column.id in cells
    }
    return Strata(
        season=season,
        names=tuple(names[at] for at in kept.tolist()),
        rows=tuple(rows[kept].tolist()),
        by_column=by_column,
    )


def with_derived(
    strata: Strata,
    columns: Sequence[NumericColumn],
    values: Sequence[FloatArray],
    times: IntArray,
    *,
    sample_size: int,
    seed: int,
) -> Strata:
    """The strata with derived columns as well: of some rows the values, NaN for none, and times."""
    every = calendar.places(strata.season, times)
    place = {name: at for at, name in enumerate(strata.names)}
    names = calendar.strata(strata.season)
    renumbered = np.array([place.get(name, -1) for name in names], dtype=np.int64)
    counted = {
        column.id: _counted(column, made, renumbered[every], len(place), sample_size, seed)
        for column, made in zip(columns, values, strict=True)
    }
    return replace(strata, by_column={**strata.by_column, **counted})


def _counted(
    column: NumericColumn,
    values: FloatArray,
    strata: IntArray,
    s: int,
    sample_size: int,
    seed: int,
) -> StratumCounts:
    usable = np.isfinite(values)
    values, strata = values[usable] + 0.0, strata[usable]
    chosen = drawn(values, sample_size, seed, f"{column.role}:{column.name}")
    if chosen is not None:
        values, strata = values[chosen], strata[chosen]
    at = column.grid.points.searchsorted(values).astype(np.int64)
    inside = strata >= 0
    return StratumCounts.of(strata[inside], at[inside], s, column.grid.size)


def _counts(
    column: ReferenceColumn,
    cells: pa.ChunkedArray,
    strata: IntArray,
    s: int,
    sample_size: int,
    seed: int,
) -> StratumCounts:
    if isinstance(column, NumericColumn):
        return _counted(column, numbers(cells), strata, s, sample_size, seed)
    at = places(cells, column.categories, boolean=column.kind is Kind.BOOLEAN)
    inside = (strata >= 0) & (at >= 0)
    return StratumCounts.of(strata[inside], at[inside], s, len(column.categories) + 1)
