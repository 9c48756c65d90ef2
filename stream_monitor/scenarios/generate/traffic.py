"""When events come."""

from __future__ import annotations

import numpy as np

from stream_monitor.config.duration import DAY, HOUR
from stream_monitor.events.batch import IntArray
from stream_monitor.scenarios.generate.seeds import generator
from stream_monitor.scenarios.spec.base import Traffic

_STEPS = 10_000


def event_times(
    traffic: Traffic,
    start_ms: int,
    length_ms: int,
    seed: int,
    part: str,
    count: int | None = None,
) -> IntArray:
    """Times in [start, start + length), ascending: of a Poisson process with a daily cycle.

    There are ``count``, or without it what the rate says, rounded; the seed says only when.
    """
    at = np.linspace(start_ms, start_ms + length_ms, _STEPS + 1)
    # The integral of 1 + swing · cos over the time since the start, in ms.
    turn = 2 * np.pi / DAY
    peak = traffic.peak_hour * HOUR
    # Whole days leave the cosine alone and would cost its digits.
    phase = turn * ((at - start_ms) + start_ms % DAY - peak)
    upto = (at - start_ms) + traffic.swing / turn * (np.sin(phase) - np.sin(phase[0]))
    if count is None:
        count = round(traffic.rate * float(upto[-1]) / HOUR)
    drawn = np.sort(generator(seed, part, "times").random(count)) * upto[-1]
    times = np.floor(np.interp(drawn, upto, at)).astype(np.int64)
    found: IntArray = np.clip(times, start_ms, start_ms + length_ms - 1)
    return found
