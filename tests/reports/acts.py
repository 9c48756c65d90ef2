"""Histories for the tests: the demo's acts through the engine, and made-up ones of any size."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np

from stream_monitor.pipeline.effects import Publish, Stream
from stream_monitor.pipeline.engine import LocalEngine, run
from stream_monitor.pipeline.merged import run_with_labels
from stream_monitor.reference.registry import References
from stream_monitor.reports.history import Gathering, History
from stream_monitor.scenarios.acts import ACTS, Act


def published(act: Act) -> list[Publish]:
    """All that the engine says of an act."""
    engine = LocalEngine(act.settings, References(act.reference), labels=act.labels is not None)
    if act.labels is None:
        return list(run(engine, act.batches(), progress=lambda rows: None))
    steps = run_with_labels(
        engine, act.batches(), act.labels, tick_ms=act.settings.defaults.slide_ms
    )
    return [each for step in steps for each in step]


def gathered(act: Act, said: Sequence[Publish]) -> History:
    """The whole time of what was said."""
    ends = [p.document["window"]["end_ms"] for p in said if p.stream is Stream.REPORTS]
    slide = act.settings.defaults.slide_ms
    found = Gathering(act.reference.model, min(ends) - slide, max(ends), act.settings.defaults)
    for each in said:
        take = found.report if each.stream is Stream.REPORTS else found.alert
        take(each.document)
    return found.history([act.reference])


@functools.cache
def history(name: str, seed: int = 7) -> History:
    """The history of one of the demo's acts."""
    act = ACTS[name](seed)
    return gathered(act, published(act))


def walk(n: int, seed: int) -> list[float]:
    """n values within [0, 1] that wander."""
    steps = np.random.default_rng(seed).normal(0, 0.02, n)
    return [float(v) for v in np.clip(0.1 + np.abs(np.cumsum(steps)), 0, 1)]
