"""What is compared: river's detectors, and Kolmogorov–Smirnov tests on a sliding window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
from river.drift.adwin import ADWIN
from river.drift.binary.ddm import DDM
from river.drift.binary.hddm_a import HDDMA
from river.drift.kswin import KSWIN
from river.drift.page_hinkley import PageHinkley

from benchmarks.detection.streams import FEATURES
from stream_monitor.detectors.change.by_name import RiverDetector
from stream_monitor.statistics.arrays import FloatArray
from stream_monitor.statistics.ks import ks_threshold

STEP = 50  # rows between two looks of a window, and rows that a river detector is ahead of others
WINDOW = 1_000

# river's own classes carry no types
_ADWIN: Callable[..., RiverDetector] = ADWIN
_DDM: Callable[..., RiverDetector] = DDM
_HDDMA: Callable[..., RiverDetector] = HDDMA
_KSWIN: Callable[..., RiverDetector] = KSWIN
_PAGE_HINKLEY: Callable[..., RiverDetector] = PageHinkley

_Ranks: TypeAlias = npt.NDArray[np.int16]  # sorted by radix; a reference has below 32,768 rows


class Contender(Protocol):
    """A monitor of all features of a stream, made from a reference."""

    def update(self, block: FloatArray) -> int | None:
        """See float64 (rows, features); the row of the first alarm, after which it needs a reset.

        The rows after that one count as unseen.
        """
        ...

    def reset(self) -> None:
        """Begin again after an alarm, with the same reference."""
        ...


Maker: TypeAlias = Callable[[FloatArray], Contender]
"""From a reference (R, features) to a new contender."""


class River:
    """A river detector for each feature, on values standardised by the reference."""

    def __init__(self, make: Callable[[], RiverDetector], reference: FloatArray, raw: bool) -> None:
        self._make = make
        self._centre = 0.0 if raw else reference.mean(axis=0)
        self._scale = 1.0 if raw else reference.std(axis=0)
        self._features = reference.shape[1]
        self.reset()

    def reset(self) -> None:
        self._detectors = [self._make() for _ in range(self._features)]

    def update(self, block: FloatArray) -> int | None:
        values = (block - self._centre) / self._scale
        for start in range(0, len(values), STEP):
            first: int | None = None
            for detector, column in zip(
                self._detectors, values[start : start + STEP].T.tolist(), strict=True
            ):
                for at, value in enumerate(column[: first if first is not None else STEP]):
                    detector.update(value)
                    if detector.drift_detected:
                        first = at
                        break
            if first is not None:
                return start + first
        return None


class SlidingKs:
    """Two-sample KS of the last ``WINDOW`` rows against the reference, each ``STEP`` rows.

    Exact with ties: with F the reference's ECDF, D is the greater of i/n − F(x) and
    F(x−) − (i − 1)/n over the sorted window.
    """

    def __init__(self, alpha: float, reference: FloatArray) -> None:
        self._sorted = np.sort(reference.T, axis=1)
        self._size = len(reference)
        self._threshold = ks_threshold(alpha, WINDOW, self._size)
        self._steps = np.arange(1, WINDOW + 1) / WINDOW
        self.reset()

    def reset(self) -> None:
        self._seen = 0
        empty = np.zeros((len(self._sorted), 0), dtype=np.int16)
        self._at, self._before = empty, empty  # the ranks of the last rows, at most a window

    def update(self, block: FloatArray) -> int | None:
        held = self._at.shape[1]
        at, before = self._ranks(block)
        at = np.concatenate((self._at, at), axis=1)
        before = np.concatenate((self._before, before), axis=1)
        first = max(WINDOW, self._seen + STEP - self._seen % STEP)
        for rows in range(first, self._seen + len(block) + 1, STEP):
            end = held + rows - self._seen
            over = self._steps - np.sort(at[:, end - WINDOW : end], axis=1) / self._size
            under = np.sort(before[:, end - WINDOW : end], axis=1) / self._size - self._steps
            if max(float(over.max()), float(under.max()) + 1 / WINDOW) > self._threshold:
                return rows - self._seen - 1
        self._seen += len(block)
        self._at, self._before = at[:, -WINDOW:], before[:, -WINDOW:]
        return None

    def _ranks(self, block: FloatArray) -> tuple[_Ranks, _Ranks]:
        """(features, rows): how many of the reference are at most each value, and below it."""
        pairs = list(zip(self._sorted, block.T, strict=True))
        return (
            np.stack([np.searchsorted(s, c, "right").astype(np.int16) for s, c in pairs]),
            np.stack([np.searchsorted(s, c, "left").astype(np.int16) for s, c in pairs]),
        )


def river(make: Callable[[], RiverDetector], *, raw: bool = False) -> Maker:
    return lambda reference: River(make, reference, raw)


def sliding_ks(alpha: float) -> Maker:
    return lambda reference: SlidingKs(alpha, reference)


@dataclass(frozen=True)
class Entry:
    """A contender as it stands; ``cost`` divides the events and repetitions it is given."""

    name: str
    make: Maker
    cost: int = 1
    delays: bool = True
    setting: str = "default"


@dataclass(frozen=True)
class Tunable:
    """A contender with one parameter, between where it alarms most and where it alarms least."""

    name: str
    parameter: str
    make: Callable[[float], Maker]
    loosest: float
    strictest: float
    cost: int = 1


def _adwin(delta: float) -> Maker:
    return river(lambda: _ADWIN(delta=delta))


def _page_hinkley(threshold: float) -> Maker:
    return river(lambda: _PAGE_HINKLEY(threshold=threshold))


def _adwin_errors(delta: float) -> Maker:
    return river(lambda: _ADWIN(delta=delta), raw=True)


def _page_hinkley_errors(threshold: float) -> Maker:
    return river(lambda: _PAGE_HINKLEY(threshold=threshold), raw=True)


def _hddm_a(confidence: float) -> Maker:
    return river(lambda: _HDDMA(drift_confidence=confidence), raw=True)


def _ddm(threshold: float) -> Maker:
    return river(lambda: _DDM(warm_start=1_000, drift_threshold=threshold), raw=True)


NUMERIC: tuple[Entry, ...] = (
    Entry("river ADWIN", _adwin(0.002), setting="default: delta .002"),
    Entry("river PageHinkley", _page_hinkley(50.0), 20, False, "default: threshold 50"),
    Entry("river KSWIN", river(lambda: _KSWIN(seed=1)), 1_000, False, "default: alpha .005"),
    Entry("KS", sliding_ks(0.05), 10, False, "p < .05 each slide"),
    Entry("KS Bonferroni", sliding_ks(0.05 / FEATURES), 10, False, "p < .05 / 10 each slide"),
)
NUMERIC_TUNED: tuple[Tunable, ...] = (
    Tunable("river ADWIN", "delta", _adwin, 0.02, 1e-7),
    Tunable("river PageHinkley", "threshold", _page_hinkley, 50.0, 20_000.0, 4),
    Tunable("KS", "p", sliding_ks, 1e-2, 1e-9),
)
ERRORS: tuple[Entry, ...] = (
    Entry("river ADWIN", _adwin_errors(0.002), setting="default: delta .002"),
    Entry("river HDDM_A", _hddm_a(0.001), 2, setting="default: confidence .001"),
    Entry("river DDM", river(lambda: _DDM(), raw=True), setting="default: threshold 3"),
    Entry("river PageHinkley", _page_hinkley_errors(50.0), setting="default: threshold 50"),
)
ERRORS_TUNED: tuple[Tunable, ...] = (
    Tunable("river ADWIN", "delta", _adwin_errors, 0.3, 1e-9),
    Tunable("river HDDM_A", "confidence", _hddm_a, 0.3, 1e-9, 2),
    Tunable("river DDM", "threshold (warm start 1,000)", _ddm, 1.0, 12.0),
    Tunable("river PageHinkley", "threshold", _page_hinkley_errors, 5.0, 2_000.0),
)
