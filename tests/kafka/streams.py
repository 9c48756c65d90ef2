"""Streams of events for the live tests: odd values, duplicates, labels, in order of time."""

from __future__ import annotations

import random

from tests.pipeline.events import Event

_ODD: list[object] = [None, "text", True, 1e300, 7, [1]]


def stream(rows: int, step_ms: int, *, start_ms: int = 0, seed: int = 5) -> list[Event]:
    """``rows`` events of the model ``m``, ``step_ms`` apart."""
    rng = random.Random(seed)
    return [
        Event(
            start_ms + i * step_ms,
            x=rng.choice(_ODD) if rng.random() < 0.02 else round(rng.gauss(0.2, 1), 1),
            c=rng.choice(["a", "a", "b", "c", "new", None]),
            prediction=rng.choice("01"),
            truth=rng.choice(["0", "1", None]),
            id=str(rng.randrange(50_000)),
            latency_ms=round(rng.random() * 1e3, 3),
        )
        for i in range(rows)
    ]
