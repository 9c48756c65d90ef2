"""What goes wrong on the way: how long answers take, what comes, how often, and when labels do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from stream_monitor.scenarios.delays import LabelDelay as Delays
from stream_monitor.scenarios.generate.stream import NEVER, Stream
from stream_monitor.scenarios.inject.context import Context
from stream_monitor.scenarios.spec.injections import (
    DuplicateStorm,
    LabelDelay,
    LatencySpike,
    TrafficDrop,
)


def latency_spike(spec: LatencySpike, stream: Stream, context: Context) -> Stream:
    """Latencies times a factor; a stream without latencies has none."""
    if stream.latency_ms is None:
        return stream
    hit = context.active(spec, stream) & (context.rng.random(len(stream)) < spec.share)
    slow = np.where(hit, stream.latency_ms * spec.factor, stream.latency_ms)
    return replace(stream, latency_ms=slow)


def label_delay(spec: LabelDelay, stream: Stream, context: Context) -> Stream:
    """Delays drawn anew; what was never to come still does not."""
    if stream.label_at is None:
        return stream
    drawn = Delays(spec.delay_ms, spec.never, int(context.rng.integers(2**31))).times(stream.times)
    later = np.where(drawn.comes & (stream.label_at != NEVER), drawn.at, NEVER)
    active = context.active(spec, stream)
    return replace(stream, label_at=np.where(active, later, stream.label_at))


def traffic_drop(spec: TrafficDrop, stream: Stream, context: Context) -> Stream:
    """Fewer events."""
    lost = context.active(spec, stream) & (context.rng.random(len(stream)) >= spec.keep)
    return stream.take(np.flatnonzero(~lost))


def duplicate_storm(spec: DuplicateStorm, stream: Stream, context: Context) -> Stream:
    """Events that come several times, one after the other."""
    hit = context.active(spec, stream) & (context.rng.random(len(stream)) < spec.share)
    return stream.take(np.repeat(np.arange(len(stream)), np.where(hit, 1 + spec.copies, 1)))
