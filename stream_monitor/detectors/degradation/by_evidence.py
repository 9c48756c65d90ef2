"""The evidence that the errors have risen, under the model's budget of false alarms.

A classifier's errors are a rate: two bins, whose urn starts at what was counted for the baseline,
and rises alone are looked for. A regression's residuals are an ordered column: bins of the
reference's residuals (see :mod:`detectors.evidence.bins`), each residual taken for the number of
its bucket, so that merged counts are enough; any change of their distribution is evidence, and
the rise of the mean absolute error says whether it is one to the worse.

An alarm of the evidence starts it again, and what it has seen is part of the urn, so that a rise
that lasts is soon no news. The alarm is therefore an accusation that stays in force, from its pane
on, until the panes of a window that begins after it (of at least ``min_samples`` rows) have an
effect below ``recover_below`` of the smallest one that matters.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from stream_monitor.detectors.degradation.baseline import Baseline
from stream_monitor.detectors.degradation.effect import Counted, Measured, measured, needed
from stream_monitor.detectors.degradation.machine import Standing
from stream_monitor.detectors.degradation.panes import PaneErrors
from stream_monitor.detectors.degradation.residuals import ResidualCounts
from stream_monitor.detectors.degradation.terms import Terms
from stream_monitor.detectors.evidence.cuts import BINS, bins_of_grid, bins_of_rate
from stream_monitor.detectors.evidence.detector import EvidenceDetector
from stream_monitor.detectors.evidence.state import State as Urn
from stream_monitor.detectors.verdict import State
from stream_monitor.statistics.arrays import IntArray

COLUMN = "errors"
GIVEN_ROWS = 10_000
"""A baseline that was given counts as one of so many rows: nobody knows it to more digits."""

_HEAD = struct.Struct("<?qddI")
_PANE = struct.Struct("<qqd")


class Held(NamedTuple):
    """What is remembered: who is accused, the evidence, the newest panes, and the urn.

    ``accused_ms``: the pane of the last alarm, while it is in force; ``reached``: log10 of its
    evidence. ``latest``: log10 of the evidence after the last pane, at least 0.
    """

    accused_ms: int | None
    reached: float
    latest: float
    newest: list[Counted]
    urn: Urn


@dataclass(frozen=True, slots=True)
class EvidencePanes:
    """The e-detector over panes; the least effect that matters is ``least``."""

    detector: EvidenceDetector
    usual: float
    least: float
    terms: Terms
    regression: bool

    @classmethod
    def of_rate(cls, baseline: Baseline, least: float, terms: Terms) -> EvidencePanes:
        """Of the errors of a classifier."""
        n = baseline.n or GIVEN_ROWS
        detector = _of_rate(round(baseline.mean * n), n, terms.panes)
        return cls(detector, baseline.mean, least, terms, regression=False)

    @classmethod
    def of_residuals(
        cls, residuals: ResidualCounts, baseline: Baseline, least: float, terms: Terms
    ) -> EvidencePanes:
        """Of a regression that usually has these residuals."""
        detector = _of_residuals(residuals, terms.panes)
        return cls(detector, baseline.mean, least, terms, regression=True)

    def start(self) -> bytes:
        return self._written(Held(None, 0.0, 0.0, [], self.detector.start()))

    def fold(self, state: bytes, panes: Sequence[PaneErrors]) -> tuple[bytes, list[int]]:
        held, alarms = self._read(state), []
        for pane in panes:
            if not pane.n:
                continue
            held = self._after(held, pane)
            if held.accused_ms == pane.start_ms:
                alarms.append(pane.start_ms)
        return self._written(held), alarms

    def standing(self, state: bytes, end_ms: int | None) -> Standing:
        """Decimal logarithms; in force, the evidence is that of the alarm."""
        held = self._read(state)
        found = None
        if held.newest:
            last_ms = held.newest[-1].start_ms
            begin = last_ms + 1 if end_ms is None else end_ms
            found = self._measured(held.newest, begin - self.terms.window_ms)
        return Standing(
            statistic=held.latest if held.accused_ms is None else held.reached,
            threshold=math.log10(self.terms.panes),
            effect=None if found is None else found.effect,
            state=self._state(held.accused_ms, found),
        )

    def _after(self, held: Held, pane: PaneErrors) -> Held:
        urn, evidence = self.detector.update(held.urn, {COLUMN: self._counts(pane)}, pane.start_ms)
        counted = Counted.of(pane, regression=self.regression)
        newest = needed([*held.newest, counted], self.terms)
        latest = max(0.0, evidence.log_evidence / math.log(10))
        if evidence.alarm:
            return Held(pane.start_ms, latest, latest, newest, urn)
        accused_ms = held.accused_ms
        if accused_ms is not None:
            found = self._measured(newest, pane.start_ms + 1 - self.terms.window_ms)
            if self._state(accused_ms, found) is State.OK:
                accused_ms = None
        return Held(accused_ms, held.reached, latest, newest, urn)

    def _state(self, accused_ms: int | None, found: Measured | None) -> State:
        if accused_ms is None or found is None:
            return State.OK
        if found.effect >= self.least:
            return State.ALARM
        after = found.first_ms > accused_ms and found.n >= self.terms.min_samples
        small = found.effect < self.terms.recover_below * self.least
        return State.OK if after and small else State.INFO

    def _measured(self, newest: Sequence[Counted], begin_ms: int) -> Measured | None:
        return measured(newest, begin_ms, self.usual, self.terms, regression=self.regression)

    def _counts(self, pane: PaneErrors) -> IntArray:
        (bins,) = self.detector.features
        if not self.regression:
            return bins.count_rate(pane.errors, pane.n)
        return bins.count_points(*pane.residuals.arrays(), pane.start_ms)

    def _written(self, held: Held) -> bytes:
        known = held.accused_ms is not None
        head = _HEAD.pack(known, held.accused_ms or 0, held.reached, held.latest, len(held.newest))
        panes = b"".join(_PANE.pack(*pane) for pane in held.newest)
        return head + panes + self.detector.dump(held.urn)

    def _read(self, state: bytes) -> Held:
        known, accused_ms, reached, latest, size = _HEAD.unpack_from(state)
        end = _HEAD.size + size * _PANE.size
        newest = [Counted(*pane) for pane in _PANE.iter_unpack(state[_HEAD.size : end])]
        urn = self.detector.load(state[end:])
        return Held(accused_ms if known else None, reached, latest, newest, urn)


@lru_cache(maxsize=256)
def _of_rate(ones: int, n: int, panes: float) -> EvidenceDetector:
    return EvidenceDetector.of([bins_of_rate(COLUMN, ones, n, rises_only=True)], panes)


@lru_cache(maxsize=64)
def _of_residuals(residuals: ResidualCounts, panes: float) -> EvidenceDetector:
    grid = residuals.grid()
    return EvidenceDetector.of([bins_of_grid(COLUMN, grid, BINS, grid.fingerprint)], panes)
