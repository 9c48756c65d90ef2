"""Page–Hinkley over panes."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stream_monitor.config.degradation import PageHinkleySettings
from stream_monitor.detectors.change.page_hinkley import PageHinkley, PageHinkleyState
from stream_monitor.detectors.degradation.machine import Standing
from stream_monitor.detectors.degradation.panes import PaneErrors
from stream_monitor.detectors.degradation.standard import Standardised
from stream_monitor.detectors.degradation.walked import walked

GRID = 2.0**-20
"""Delta and the running mean are rounded to it, so that no sum depends on how panes are split."""

_STATE = struct.Struct("<qddd")


@dataclass(frozen=True, slots=True)
class PageHinkleyPanes:
    """The Page–Hinkley test of all rows, or of one standardised value a pane (regressions).

    It starts again after a fall too, and says nothing of it.
    """

    machine: PageHinkley
    values: Standardised | None

    @classmethod
    def of(cls, settings: PageHinkleySettings, values: Standardised | None) -> PageHinkleyPanes:
        delta = round(settings.delta / GRID) * GRID
        machine = PageHinkley(delta, settings.threshold, settings.min_samples, GRID)
        return cls(machine, values)

    def start(self) -> bytes:
        return _STATE.pack(0, 0.0, 0.0, 0.0)

    def fold(self, state: bytes, panes: Sequence[PaneErrors]) -> tuple[bytes, list[int]]:
        held = PageHinkleyState(*_STATE.unpack(state))
        if self.values is None:
            held, alarms = walked(held, panes, self.machine.until)
        else:
            held, alarms = self._of_values(self.values, held, panes)
        return _STATE.pack(held.count, held.total, held.upper, held.lower), alarms

    def standing(self, state: bytes, end_ms: int | None) -> Standing:
        held = PageHinkleyState(*_STATE.unpack(state))
        return Standing(False, held.upper, self.machine.threshold)

    def _of_values(
        self, values: Standardised, held: PageHinkleyState, panes: Sequence[PaneErrors]
    ) -> tuple[PageHinkleyState, list[int]]:
        counted = [pane for pane in panes if pane.n]
        numbers = np.array([values.of(pane) for pane in counted], dtype=np.float64)
        alarms: list[int] = []
        at = 0
        while at < numbers.size:
            held, seen, direction = self.machine.until(held, numbers[at:])
            at += seen
            if direction > 0:
                alarms.append(counted[at - 1].start_ms)
        return held, alarms
