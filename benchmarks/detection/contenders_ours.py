"""The evidence detector as a contender: panes of the stream against bins of the reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

from benchmarks.detection.streams import DAY, HOURS
from stream_monitor.detectors.evidence.bins import FeatureBins
from stream_monitor.detectors.evidence.cuts import bins_of_numeric, bins_of_rate
from stream_monitor.detectors.evidence.detector import EvidenceDetector

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from benchmarks.detection.contenders import Contender, Maker
    from stream_monitor.statistics.arrays import FloatArray, IntArray

EVENTS_TO_A_FALSE_ALARM = 1_000_000
PANE = 50
PANE_OF_ERRORS = 10
Row = TypeVar("Row", int, "IntArray")


class Panes:
    """One detector over the panes of all rows, whatever the blocks they come in.

    The threshold is the budget of a false alarm in panes. ``strata`` has the bins of each stratum,
    and ``stratum`` is that of the pane with a number. ``view`` makes the features. After an alarm
    the detector begins again by itself and keeps its counts.
    """

    def __init__(
        self,
        strata: Mapping[str, Sequence[FeatureBins]],
        pane: int,
        view: Callable[[FloatArray], FloatArray] | None = None,
        count: Callable[[FeatureBins, FloatArray, int], IntArray] = FeatureBins.count,
        stratum: Callable[[int], str] = lambda pane: "",
    ) -> None:
        self._strata = strata
        self._pane = pane
        self._view = view
        self._count = count
        self._stratum = stratum
        self._detector = EvidenceDetector.stratified(strata, EVENTS_TO_A_FALSE_ALARM / pane)
        self._state = self._detector.start()
        self._next = 0  # the start of the next pane
        self.reset()

    def reset(self) -> None:
        self._rest: FloatArray | None = None

    def update(self, block: FloatArray) -> int | None:
        held = 0 if self._rest is None else len(self._rest)
        rows = block if self._rest is None else np.concatenate((self._rest, block))
        columns = np.ascontiguousarray((rows if self._view is None else self._view(rows)).T)
        end = 0
        for end in range(self._pane, len(rows) + 1, self._pane):
            stratum = self._stratum(self._next)
            counts = np.stack(
                [
                    self._count(bins, column[end - self._pane : end], self._next)
                    for bins, column in zip(self._strata[stratum], columns, strict=True)
                ]
            )
            self._state, evidence = self._detector.update(self._state, counts, self._next, stratum)
            self._next += 1
            if evidence.alarm:
                return end - 1 - held
        self._rest = rows[end:] if end < len(rows) else None
        return None


class Pairs:
    """The products of all pairs of features, standardised by one half of the reference.

    The bins are from the other half, so that stream and reference stay exchangeable.
    """

    def __init__(self, reference: FloatArray) -> None:
        first, second = np.array_split(reference, 2)
        self._centre, self._scale = first.mean(axis=0), first.std(axis=0)
        self._left, self._right = np.triu_indices(reference.shape[1], 1)
        self.bins = _bins(self.products(second))

    def products(self, rows: FloatArray) -> FloatArray:
        standard = (rows - self._centre) / self._scale
        products: FloatArray = standard[:, self._left] * standard[:, self._right]
        return products


def _bins(reference: FloatArray) -> list[FeatureBins]:
    return [
        bins_of_numeric(f"feature_{at}", column, seed=at)
        for at, column in enumerate(np.ascontiguousarray(reference.T))
    ]


def _numeric(reference: FloatArray) -> Contender:
    return Panes({"": _bins(reference)}, PANE)


def _errors(reference: FloatArray) -> Contender:
    return _rates(reference, rises_only=False)


def _rises(reference: FloatArray) -> Contender:
    return _rates(reference, rises_only=True)


def _rates(reference: FloatArray, *, rises_only: bool) -> Contender:
    bins = bins_of_rate("error", int(reference.sum()), len(reference), rises_only=rises_only)
    return Panes(
        {"": [bins]},
        PANE_OF_ERRORS,
        count=lambda bins, values, _: bins.count_rate(int(values.sum()), values.size),
    )


def _dependence(reference: FloatArray) -> Contender:
    pairs = Pairs(reference)
    return Panes({"": pairs.bins}, PANE, pairs.products)


def _hourly(reference: FloatArray) -> Contender:
    """An hour of the day is a stratum. Reference and stream begin at midnight."""
    hours = _hour(np.arange(len(reference)))
    strata = {str(hour): _bins(reference[hours == hour]) for hour in range(HOURS)}
    return Panes(strata, PANE, stratum=lambda pane: str(_hour(pane * PANE)))


def _hour(row: Row) -> Row:
    return row % DAY * HOURS // DAY


NUMERIC: Maker = _numeric
ERRORS: Maker = _errors
RISES: Maker = _rises
DEPENDENCE: Maker = _dependence
HOURLY: Maker = _hourly
