"""CUSUM over panes: of their rows, or of their sums."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stream_monitor.detectors.change.reflected import FIRST_CHUNK, LARGEST_CHUNK, reflected
from stream_monitor.detectors.degradation.machine import Standing
from stream_monitor.detectors.degradation.panes import PaneErrors
from stream_monitor.detectors.degradation.plan import RowPlan, SumPlan
from stream_monitor.detectors.degradation.walked import walked
from stream_monitor.statistics.arrays import FloatArray

_STATE = struct.Struct("<d")
_LARGEST = 1e100


@dataclass(frozen=True, slots=True)
class RowCusum:
    """The Bernoulli CUSUM of all rows, exact in float64: every sum is a whole number."""

    plan: RowPlan

    def start(self) -> bytes:
        return _STATE.pack(0.0)

    def fold(self, state: bytes, panes: Sequence[PaneErrors]) -> tuple[bytes, list[int]]:
        (total,) = _STATE.unpack(state)
        total, alarms = walked(float(total), panes, self._until)
        return _STATE.pack(total), alarms

    def standing(self, state: bytes, end_ms: int | None) -> Standing:
        """In errors above what is allowed."""
        (total,) = _STATE.unpack(state)
        unit = self.plan.up + self.plan.down
        return Standing(False, total / unit, (self.plan.height - 0.5) / unit, "bernoulli")

    def _until(self, total: float, rows: FloatArray) -> tuple[float, int, int]:
        at, size = 0, FIRST_CHUNK
        grid, down = float(self.plan.up + self.plan.down), float(self.plan.down)
        while at < rows.size:
            sums = reflected(total, rows[at : at + size] * grid - down)
            fired = sums >= self.plan.height
            first = int(np.argmax(fired))
            if fired[first]:
                return 0.0, at + first + 1, 1
            total = float(sums[-1])
            at, size = at + sums.size, min(2 * size, LARGEST_CHUNK)
        return total, rows.size, 0


@dataclass(frozen=True, slots=True)
class SumCusum:
    """The CUSUM of normal rows, looked at where panes end: it needs their sums alone."""

    plan: SumPlan
    regression: bool

    def start(self) -> bytes:
        return _STATE.pack(0.0)

    def fold(self, state: bytes, panes: Sequence[PaneErrors]) -> tuple[bytes, list[int]]:
        plan, alarms = self.plan, []
        (total,) = _STATE.unpack(state)
        for pane in panes:
            if not pane.n:
                continue
            value = pane.absolute if self.regression else float(pane.errors)
            away = (min(value, _LARGEST) - pane.n * plan.mean) / plan.deviation
            total = max(0.0, total + (away - pane.n * plan.k))
            if total >= plan.h:
                alarms.append(pane.start_ms)
                total = 0.0
        return _STATE.pack(total), alarms

    def standing(self, state: bytes, end_ms: int | None) -> Standing:
        """In a row's standard deviations."""
        (total,) = _STATE.unpack(state)
        return Standing(False, total, self.plan.h, "normal")
