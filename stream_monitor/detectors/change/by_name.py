"""Change detectors by the names and parameters that a configuration gives."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from river.drift.adwin import ADWIN
from river.drift.binary.ddm import DDM
from river.drift.binary.hddm_a import HDDMA

from stream_monitor.detectors.change.cusum import Cusum, CusumState
from stream_monitor.detectors.change.detector import ChangeDetector
from stream_monitor.detectors.change.page_hinkley import PageHinkley, PageHinkleyState
from stream_monitor.detectors.change.reflected import checked_values
from stream_monitor.errors import ConfigurationError
from stream_monitor.statistics.arrays import FloatArray


class RiverDetector(Protocol):
    """The part of a river detector in use; river's own methods carry no types."""

    @property
    def drift_detected(self) -> bool: ...

    def update(self, x: float) -> object: ...


class Stepped:
    """A river detector, fed value by value; it restarts itself after it fired."""

    def __init__(self, detector: RiverDetector, *, binary: bool) -> None:
        self._detector = detector
        self._binary = binary

    def update(self, values: FloatArray) -> tuple[int, ...]:
        checked_values(values)
        if self._binary and not np.isin(values, (0.0, 1.0)).all():
            raise ValueError("a detector of errors takes 0 (right) and 1 (wrong) only")
        fired: list[int] = []
        for at, value in enumerate(values.tolist()):
            self._detector.update(value)
            if self._detector.drift_detected:
                fired.append(at)
        return tuple(fired)


class HeldCusum:
    """A CUSUM that holds its own state."""

    def __init__(self, machine: Cusum) -> None:
        self._machine = machine
        self._state = CusumState()

    def update(self, values: FloatArray) -> tuple[int, ...]:
        self._state, fired = self._machine.update(self._state, values)
        return tuple(fired.tolist())


class HeldPageHinkley:
    """A Page–Hinkley test that holds its own state."""

    def __init__(self, machine: PageHinkley) -> None:
        self._machine = machine
        self._state = PageHinkleyState()

    def update(self, values: FloatArray) -> tuple[int, ...]:
        self._state, fired = self._machine.update(self._state, values)
        return tuple(fired.tolist())


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number within [least, most]; without a default it has to be given."""

    least: float
    most: float
    default: float | None = None
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """A detector that can be named: its parameters and how it is made from all of them."""

    parameters: Mapping[str, Parameter]
    make: Callable[[Mapping[str, float]], ChangeDetector]


_TINY, _HUGE = 1e-12, 1e12
_ADWIN: Callable[..., RiverDetector] = ADWIN
_DDM: Callable[..., RiverDetector] = DDM
_HDDM_A: Callable[..., RiverDetector] = HDDMA

DETECTORS: dict[str, Kind] = {
    # Bifet and Gavaldà, SDM 2007.
    "adwin": Kind(
        {
            "delta": Parameter(_TINY, 0.5, 0.002),
            "clock": Parameter(1, 1_000_000, 32, whole=True),
            "max_buckets": Parameter(2, 1000, 5, whole=True),
            "min_window_length": Parameter(1, 1_000_000, 5, whole=True),
            "grace_period": Parameter(1, 1_000_000, 10, whole=True),
        },
        lambda given: Stepped(_ADWIN(**given), binary=False),
    ),
    # Gama et al., SBIA 2004.
    "ddm": Kind(
        {
            "warm_start": Parameter(1, 1_000_000, 30, whole=True),
            "drift_threshold": Parameter(0.1, 100, 3.0),
        },
        lambda given: Stepped(_DDM(**given), binary=True),
    ),
    # Frías-Blanco et al., IEEE TKDE 27, 2015; rises only.
    "hddm_a": Kind(
        {"drift_confidence": Parameter(_TINY, 0.5, 0.001)},
        lambda given: Stepped(_HDDM_A(**given), binary=True),
    ),
    "cusum": Kind(
        {
            "mean": Parameter(-_HUGE, _HUGE),
            "k": Parameter(0, _HUGE),
            "h": Parameter(_TINY, _HUGE),
        },
        lambda given: HeldCusum(Cusum(**given)),
    ),
    "page_hinkley": Kind(
        {
            "delta": Parameter(0, _HUGE, 0.005),
            "threshold": Parameter(_TINY, _HUGE, 50.0),
            "min_samples": Parameter(1, 1_000_000, 30, whole=True),
        },
        lambda given: HeldPageHinkley(
            PageHinkley(given["delta"], given["threshold"], int(given["min_samples"]))
        ),
    ),
}
"""Every detector by name; river's ADWIN, DDM and HDDM_A with river's own defaults."""


def change_detector(name: str, parameters: Mapping[str, float] | None = None) -> ChangeDetector:
    """A new detector of ``DETECTORS``, its defaults overlaid with ``parameters``.

    Raises ConfigurationError, saying what would be right, on an unknown name or parameter, a
    missing one, and a value of the wrong kind or outside its range.

    >>> change_detector("cusum", {"mean": 0.5, "k": 0.1, "h": 1.0}).update(np.ones(3))
    (2,)
    """
    kind = DETECTORS.get(name)
    if kind is None:
        raise ConfigurationError(
            f"{name!r} is no change detector: choose one of {', '.join(DETECTORS)}"
        )
    given = dict(parameters or {})
    for key in given:
        if key not in kind.parameters:
            raise ConfigurationError(
                f"{name} has no parameter {key!r}: it takes {', '.join(kind.parameters)}"
            )
    return kind.make(
        {
            key: _checked(f"{name}.{key}", given.get(key, parameter.default), parameter)
            for key, parameter in kind.parameters.items()
        }
    )


def _checked(where: str, value: object, parameter: Parameter) -> float:
    if value is None:
        raise ConfigurationError(f"{where} is missing: it has no default")
    sort = "whole number" if parameter.whole else "number"
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not math.isfinite(value)
        or not parameter.least <= value <= parameter.most
        or (parameter.whole and value != int(value))
    ):
        raise ConfigurationError(
            f"{where} is {value!r}: give a {sort} from {parameter.least:g} to {parameter.most:g}"
        )
    return int(value) if parameter.whole else float(value)
