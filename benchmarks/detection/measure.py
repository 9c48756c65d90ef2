"""False alarms on streams without drift, and delays to the alarm on streams with it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from benchmarks.detection.streams import BEFORE, REFERENCE, drift_stream, null_stream

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.detection.contenders import Contender, Maker, Tunable
    from benchmarks.detection.streams import Draw, Drift
    from stream_monitor.statistics.arrays import FloatArray

BLOCK = 500  # rows that a contender is given at a time
RUN = 250_000  # rows of one stream without drift, each with a reference of its own
NULL_SEED, DRIFT_SEED, TUNING_SEED = 1, 2, 3
BISECTIONS = 8


@dataclass(frozen=True)
class FalseAlarms:
    """Alarms in a number of events without drift."""

    alarms: int
    events: int

    @property
    def per_million(self) -> float:
        return 1e6 * self.alarms / self.events

    @property
    def interval(self) -> tuple[float, float]:
        """The exact 95 % interval of the rate (Garwood, Biometrika 28, 1936), per million."""
        low = float(special.chdtri(2 * self.alarms, 0.975)) / 2 if self.alarms else 0.0
        high = float(special.chdtri(2 * self.alarms + 2, 0.025)) / 2
        return 1e6 * low / self.events, 1e6 * high / self.events

    def plus(self, other: FalseAlarms) -> FalseAlarms:
        return FalseAlarms(self.alarms + other.alarms, self.events + other.events)


@dataclass(frozen=True)
class Delays:
    """Events from the drift to the first alarm after it; infinite where none came in time."""

    horizon: int
    events: tuple[float, ...] = field(default=())
    early: int = 0  # alarms before the drift, after each of which the contender was reset

    @property
    def missed(self) -> int:
        return sum(math.isinf(each) for each in self.events)

    @property
    def median(self) -> float:
        """Infinite where half or more are missed."""
        return float(sorted(self.events)[len(self.events) // 2])


def alarms_in(contender: Contender, values: FloatArray, most: int | None = None) -> list[int]:
    """The rows of all alarms, with a reset after each; stops once there are more than ``most``."""
    found: list[int] = []
    at = 0
    while at < len(values):
        alarm = contender.update(values[at : at + BLOCK])
        if alarm is None:
            at += BLOCK
            continue
        at += alarm + 1
        found.append(at - 1)
        if most is not None and len(found) > most:
            break
        contender.reset()
    return found


def false_alarms(
    make: Maker, laws: Mapping[str, Draw], events: int, *, reference: int = REFERENCE
) -> dict[str, FalseAlarms]:
    """By law, with ``events`` split evenly between the laws."""
    return {
        name: _of_law(make, draw, -(-events // len(laws)), (NULL_SEED, at), reference, None)
        for at, (name, draw) in enumerate(laws.items())
    }


def _of_law(
    make: Maker, draw: Draw, events: int, seed: tuple[int, ...], reference: int, most: int | None
) -> FalseAlarms:
    alarms = 0
    for run, start in enumerate(range(0, events, RUN)):
        rows = min(RUN, events - start)
        stream = null_stream(draw, rows, (*seed, run), reference)
        left = None if most is None else most - alarms
        alarms += len(alarms_in(make(stream.reference), stream.values, left))
        if most is not None and alarms > most:
            break
    return FalseAlarms(alarms, events)


def delays(
    make: Maker,
    drift: Drift,
    repetitions: int,
    *,
    seed: int,
    reference: int = REFERENCE,
    before: int = BEFORE,
) -> Delays:
    """Of ``repetitions`` streams, each with its own reference; the same for every contender."""
    found: list[float] = []
    early = 0
    for repetition in range(repetitions):
        stream = drift_stream(drift, (DRIFT_SEED, seed, repetition), reference, before)
        contender = make(stream.reference)
        early += len(alarms_in(contender, stream.values[:before]))
        alarm = alarms_in(contender, stream.values[before:], 0)
        found.append(alarm[0] + 1 if alarm else math.inf)
    return Delays(drift.horizon, tuple(found), early)


def tuned(tunable: Tunable, draw: Draw, events: int) -> float:
    """The loosest parameter with at most one false alarm per million, by bisection of its log.

    On streams of ``draw`` other than those measured; each step stops at the first alarm too many.
    """
    most = events // 1_000_000
    loose, strict = np.log((tunable.loosest, tunable.strictest))
    for _ in range(BISECTIONS):
        middle = (loose + strict) / 2
        make = tunable.make(float(np.exp(middle)))
        if _of_law(make, draw, events, (TUNING_SEED,), REFERENCE, most).alarms > most:
            loose = middle
        else:
            strict = middle
    return float(np.exp(strict))
