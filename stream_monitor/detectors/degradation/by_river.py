"""River's detectors over panes; their states are pickles of a few classes and nothing else."""

from __future__ import annotations

import io
import pickle
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from river.drift.adwin import ADWIN
from river.drift.binary.ddm import DDM
from river.drift.binary.hddm_a import HDDMA

from stream_monitor.detectors.change.by_name import RiverDetector
from stream_monitor.detectors.degradation.machine import Standing
from stream_monitor.detectors.degradation.panes import PaneErrors
from stream_monitor.detectors.degradation.rows import thinned
from stream_monitor.detectors.degradation.standard import Standardised

ALLOWED = frozenset(
    {
        ("river.drift.adwin", "ADWIN"),
        ("river._river_rust.drift", "AdaptiveWindowing"),
        ("river.drift.binary.ddm", "DDM"),
        ("river.drift.binary.hddm_a", "HDDMA"),
        ("river.stats.mean", "Mean"),
    }
)
"""All that a state may name; none of them does anything but hold numbers."""

_CARRY = struct.Struct("<d")


class _Adaptive(RiverDetector, Protocol):
    @property
    def estimation(self) -> float: ...


_ADWIN: Callable[..., _Adaptive] = ADWIN
_DDM: Callable[..., RiverDetector] = DDM
_HDDM_A: Callable[..., RiverDetector] = HDDMA

MAKERS: dict[str, Callable[..., RiverDetector]] = {
    "adwin": _ADWIN,
    "ddm": _DDM,
    "hddm_a": _HDDM_A,
}
FOR_CLASSIFIERS = frozenset({"ddm", "hddm_a"})
"""They take 0 and 1 only, so they cannot watch a regression."""


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        if (module, name) not in ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name} is no part of a detector's state")
        return super().find_class(module, name)


def read(state: bytes) -> RiverDetector:
    """The detector of a state; UnpicklingError where it names anything but ``ALLOWED``."""
    detector: RiverDetector = _Reader(io.BytesIO(state)).load()
    return detector


@dataclass(frozen=True, slots=True)
class RiverPanes:
    """A detector of river, fed at most ``rows.THINNED`` rows a pane, or one value (regressions).

    River's ADWIN sees both directions; that it was a rise is told by its mean, which then grows
    as the old part of the window is dropped. It starts again after a fall too.
    The state is 8 bytes of carry and the pickle, which holds every digit: a detector read from it
    goes on as the one that was written. A pickle is good for one version of river.
    """

    name: str
    parameters: Mapping[str, float]
    values: Standardised | None

    def start(self) -> bytes:
        return _CARRY.pack(0.0) + pickle.dumps(MAKERS[self.name](**self.parameters), protocol=5)

    def fold(self, state: bytes, panes: Sequence[PaneErrors]) -> tuple[bytes, list[int]]:
        (carry,) = _CARRY.unpack_from(state)
        detector, alarms = read(state[_CARRY.size :]), []
        for pane in panes:
            if not pane.n:
                continue
            if self.values is None:
                rows, carry = thinned(pane, carry)
                fed = rows.tolist()
            else:
                fed = [self.values.of(pane)]
            if _rises(detector, fed):
                alarms.append(pane.start_ms)
        return _CARRY.pack(carry) + pickle.dumps(detector, protocol=5), alarms

    def standing(self, state: bytes, end_ms: int | None) -> Standing:
        return Standing()


def _rises(detector: RiverDetector, values: Sequence[float]) -> bool:
    """Feed the values up to the first alarm; whether it was one of a rise."""
    for value in values:
        before = _mean(detector)
        detector.update(value)
        if detector.drift_detected:
            after = _mean(detector)
            return before is None or after is None or after > before
    return False


def _mean(detector: RiverDetector) -> float | None:
    return detector.estimation if isinstance(detector, ADWIN) else None
