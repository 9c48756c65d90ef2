"""Whether a reference needs a season: what in a table with times comes again each day or week."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stream_monitor.config.duration import HOUR, MINUTE
from stream_monitor.config.season import By, SeasonSettings
from stream_monitor.reference.cells import numbers, places
from stream_monitor.reference.model import Kind, NumericColumn, ReferenceColumn
from stream_monitor.reference.strata import MIN_ROWS
from stream_monitor.statistics.arrays import FloatArray, IntArray
from stream_monitor.statistics.repeats import deviations, in_periods, repeat_p_values
from stream_monitor.windows import calendar

BoolArray = NDArray[np.bool_]

#: Less cannot show that a day, or a week, repeats.
MIN_DAYS, MIN_WEEKDAYS = 7, 28
MAX_DAYS = 400
"""Of the newest rows; older ones are not looked at."""
LEVEL = 0.02
"""Of the test; seven days cannot show less than 1/64."""
_CUTS = 9  # points at which a distribution is looked at: deciles, or the most frequent values
_DAY, _WEEK = 24, 168  # in hours
_MONDAY = 3 * _DAY  # from 1970-01-01, a Thursday, back to Monday


@dataclass(frozen=True)
class Found:
    """One column by one division of time.

    ``stratum`` is the one farthest from all others; by ``hour_of_week``, from the same hour of
    the other days. ``distance``: how far, in KS distance at nine deciles or change of a share;
    looked for in one half of the periods and measured in the other, and the other way round, so
    that it is not larger by chance. 0 without strata of 50 rows in each half. ``p_value``: of
    "nothing repeats", or by ``hour_of_week`` "weekdays are alike at the same hour"; corrected
    for the number of columns.
    """

    column: str
    by: By
    stratum: str | None
    distance: float
    p_value: float

    def matters(self, least: float) -> bool:
        """Whether it is a season, and at least so far."""
        return self.p_value <= LEVEL and self.distance >= least


@dataclass(frozen=True)
class Seasons:
    """``found``: largest distance first. ``days``: how many the rows are of, 400 at the most."""

    found: tuple[Found, ...]
    days: int

    def needed(self, least: float) -> By | None:
        """The season that is needed; ``none``, or ``None`` for too few days to tell."""
        if self.days < MIN_DAYS:
            return None
        by = {found.by for found in self.found if found.matters(least)}
        if not by:
            return "none"
        # At one hour weekdays differ wherever weekdays do: alone, they need no hours.
        if by <= {"weekday", "hour_of_week"}:
            return "weekday" if "weekday" in by else "hour_of_week"
        return "hour" if by == {"hour"} else "hour_of_week"

    def told(self, least: float) -> str:
        """What to do, in a sentence."""
        enough = f"give at least {MIN_DAYS} days for hours / {MIN_WEEKDAYS // 7} weeks for weekdays"
        by = self.needed(least)
        days = f"{self.days} day{'s' * (self.days != 1)}"
        if by is None:
            return f"Too little data: {days}; {enough}."
        weekly = "" if self.days >= MIN_WEEKDAYS else f" Of weekdays {days} cannot tell: {enough}."
        if by == "none":
            return f"No season is needed: nothing of {least:g} or more comes again.{weekly}"
        most = next(one for one in self.found if one.matters(least))
        return (
            f"A season is needed: {most.column} differs by {most.distance:.2f} in {most.stratum}, "
            f"time and again; set season: {{by: {by}}}.{weekly}"
        )


def seasons(
    columns: Sequence[ReferenceColumn],
    cells: Mapping[str, pa.ChunkedArray],
    times: IntArray,
    *,
    utc_offset_minutes: int = 0,
    seed: int = 0,
    advance: Callable[[], None] = lambda: None,
) -> Seasons:
    """What comes again in a reference's columns; ``cells`` are their rows' values by id.

    ``times``: int64 (rows,), ms since 1970 in UTC. Hours are looked at from 7 days on, weekdays
    from 28. Equal arguments give an equal answer. ``advance`` is called for each column and
    division that was tested.
    """
    if not times.size:
        return Seasons((), 0)
    hours = (times + utc_offset_minutes * MINUTE) // HOUR
    kept = hours > hours.max() - MAX_DAYS * _DAY
    hours = hours[kept]
    days, start, end = _days(hours)
    parts = [(column, _parts(column, cells[column.id])[kept]) for column in columns]
    found: list[Found] = []
    whole = (hours >= start) & (hours < end)
    of_whole = [(column, part[whole]) for column, part in parts]
    if days >= MIN_DAYS:
        division = _Division("hour", hours - hours.min(), hours % _DAY, _DAY, 1)
        found += division.found(parts, seed, advance)
    if days >= MIN_WEEKDAYS:
        hours = hours[whole]
        day, hour = (hours - start) // _DAY, (hours + _MONDAY) % _WEEK
        found += _Division("weekday", day, hour // _DAY, 7, 1).found(of_whole, seed, advance)
        division = _Division("hour_of_week", hours - start, hour, _WEEK, _DAY)
        found += division.found(of_whole, seed, advance)
    return Seasons(tuple(sorted(found, key=lambda one: -one.distance)), days)


@dataclass(frozen=True, eq=False)
class _Division:
    """Rows by ``cell`` (an hour or a day from the first on) and ``stratum``: int64 (rows,).

    ``period`` is how many cells it takes until the strata come again; ``step`` by how many of
    them a period may be turned (a whole day, where the hours are not what is asked for).
    """

    by: By
    cell: IntArray
    stratum: IntArray
    period: int
    step: int

    def found(
        self,
        parts: Sequence[tuple[ReferenceColumn, IntArray]],
        seed: int,
        advance: Callable[[], None],
    ) -> list[Found]:
        cells = int(self.cell.max()) + 1
        stratum = np.zeros(cells, dtype=np.int64)
        # Strata come again after a period, so those of the cells without rows don't matter.
        stratum[self.cell] = self.stratum
        names = calendar.strata(SeasonSettings(by=self.by))
        distances: list[tuple[str | None, float]] = []
        repeats: list[FloatArray] = []
        for column, part in parts:
            width = _CUTS + 1
            usable = part >= 0
            at = self.cell[usable] * width + part[usable]
            counts = np.bincount(at, minlength=cells * width).reshape(cells, width)
            if isinstance(column, NumericColumn):
                counts = np.cumsum(counts, axis=1)
                rows = counts[:, -1]
            else:
                rows = counts.sum(axis=1)
            repeats.append(self._deviations(counts, rows))
            place, distance = self._distance(counts, rows, stratum, len(names))
            distances.append((None if place is None else names[place], distance))
        p_values = repeat_p_values(repeats, step=self.step, seed=seed, advance=advance)
        return [
            Found(column.name, self.by, *distance, p)
            for (column, _), distance, p in zip(parts, distances, p_values, strict=True)
        ]

    def _deviations(self, counts: IntArray, rows: IntArray) -> FloatArray:
        shares = counts / np.where(rows, rows, np.nan)[:, None]
        beyond = in_periods(deviations(shares, self.period), self.period)
        if self.step == 1:
            return beyond
        # Less what each hour of the day has anyway, so that what is left is the weekday's.
        known = in_periods((rows > 0)[:, None].astype(np.float64), self.period)
        by_hour = (-1, self.step, beyond.shape[2])
        total = beyond.reshape(by_hour).sum(axis=0)
        mean = total / np.maximum(known.reshape(-1, self.step, 1).sum(axis=0), 1.0)
        left: FloatArray = (beyond - np.tile(mean, (self.period // self.step, 1))) * known
        return left

    def _distance(
        self, counts: IntArray, rows: IntArray, stratum: IntArray, strata: int
    ) -> tuple[int | None, float]:
        """The farthest stratum, and how far one is that the other half of the periods shows."""
        halves = (np.arange(rows.size) // self.period % 2) * strata + stratum
        own = np.zeros((2 * strata, counts.shape[1] + 1))
        np.add.at(own, halves, np.column_stack([counts, rows]))
        own = own.reshape(2, strata // self.step, self.step, -1)
        rest = own.sum(axis=1, keepdims=True) - own
        enough = (np.minimum(own, rest)[..., -1] >= MIN_ROWS // 2).all(axis=0)
        if not enough.any():
            return None, 0.0
        first, second = (_differences(own[half], rest[half], enough) for half in (0, 1))
        both = _differences(own.sum(axis=0), rest.sum(axis=0), enough)
        place = int(np.abs(both).argmax()) // both.shape[-1]
        confirmed = (_confirmed(first, second) + _confirmed(second, first)) / 2
        return place, max(confirmed, 0.0)


def _differences(own: FloatArray, rest: FloatArray, enough: BoolArray) -> FloatArray:
    """The differences of shares, 0 for a stratum without enough rows; the last entry is rows."""
    shares = [of[..., :-1] / np.maximum(of[..., -1:], 1.0) for of in (own, rest)]
    return np.where(enough[..., None], shares[0] - shares[1], 0.0)


def _confirmed(looked_for: FloatArray, measured: FloatArray) -> float:
    """What one half shows where the other shows most, in its direction."""
    at = np.unravel_index(np.abs(looked_for).argmax(), looked_for.shape)
    return float(np.sign(looked_for[at]) * measured[at])


def _days(hours: IntArray) -> tuple[int, int, int]:
    """How many days rows of these hours are of; from and to which hour those are whole days."""
    first, last = int(hours.min()), int(hours.max())
    days = last // _DAY - first // _DAY + 1
    if last % _DAY < first % _DAY:  # from a midday to a midday: its two ends are one day
        return days - 1, (first // _DAY + 1) * _DAY, last // _DAY * _DAY
    return days, first // _DAY * _DAY, (last // _DAY + 1) * _DAY


def _parts(column: ReferenceColumn, cells: pa.ChunkedArray) -> IntArray:
    """Each row's part of the column's distribution, 0 to at most 9; -1 for no value."""
    if isinstance(column, NumericColumn):
        values = numbers(cells)
        levels = np.arange(1, _CUTS + 1) / (_CUTS + 1)
        cuts = np.unique(column.grid.points[column.grid.levels.searchsorted(levels)])
        return np.where(np.isfinite(values), cuts.searchsorted(values), -1).astype(np.int64)
    return places(cells, column.categories[:_CUTS], boolean=column.kind is Kind.BOOLEAN)
