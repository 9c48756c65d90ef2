"""Panes to sliding windows to verdicts to alerts, by monitors that judge each window alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from stream_monitor.alerts.event import AlertEvent
from stream_monitor.alerts.rule import Window
from stream_monitor.alerts.state import AlertState
from stream_monitor.alerts.tracker import AlertKey, AlertTracker
from stream_monitor.config.monitors import DriftSettings, QualitySettings
from stream_monitor.config.settings import ModelSettings
from stream_monitor.detectors.judge import judge
from stream_monitor.events.batch import RawColumn
from stream_monitor.reference.model import Reference, ReferenceColumn
from stream_monitor.summaries.model import ModelSummary
from stream_monitor.summaries.sliding import SlidingSummary
from tests.detectors.worlds import batch, categorical, numeric, reference

SETTINGS = ModelSettings(
    drift=DriftSettings(decide_numeric="ks", decide_categorical="chi_square"),
    quality=QualitySettings(decide="test"),
)
ROWS = 50  # a pane
MIX = {"a": 0.6, "b": 0.3, "c": 0.1}
Features = dict[str, RawColumn]


def features(rng: Generator, rows: int) -> Features:
    """Ten features of as many kinds: heavy tails, ties, constants, holes, categories."""
    holes = rng.random(rows) < 0.05
    gappy = [None if hole else value for hole, value in zip(holes, rng.random(rows), strict=True)]
    return {
        "normal": rng.normal(size=rows),
        "exponential": rng.exponential(size=rows),
        "cauchy": rng.standard_cauchy(rows),
        "lognormal": rng.lognormal(0, 2, rows),
        "ties": rng.integers(0, 6, rows).astype(np.float64),
        "constant": np.full(rows, 3.0),
        "zeros": np.where(rng.random(rows) < 0.9, 0.0, rng.random(rows)),
        "gappy": gappy,
        "mix": [str(c) for c in rng.choice(list(MIX), rows, p=list(MIX.values()))],
        "coin": [str(c) for c in rng.choice(["h", "t"], rows)],
    }


def frozen(rng: Generator, rows: int = 2000) -> Reference:
    """The reference of rows of the same stream."""
    columns: list[ReferenceColumn] = []
    for name, values in features(rng, rows).items():
        if name in ("mix", "coin"):
            names = sorted({str(value) for value in values})
            columns.append(categorical(name, {c: list(values).count(c) for c in names}))
        else:
            kept = [float(value) for value in values if isinstance(value, float)]
            columns.append(numeric(name, kept, missing=rows - len(kept)))
    return reference(*columns)


def run(
    windows: int, change: Callable[[Features, Generator], None] | None = None, at: int = 0
) -> list[AlertEvent]:
    """The alerts of a stream of so many full windows; ``change`` alters panes from ``at`` on."""
    rng = np.random.default_rng(2026)
    against = frozen(rng)
    sliding = SlidingSummary(against)
    tracker = AlertTracker("fraud", SETTINGS)
    states: dict[AlertKey, AlertState] = {}
    events: list[AlertEvent] = []
    slide = SETTINGS.slide_ms
    for pane in range(windows + SETTINGS.panes - 1):
        values = features(rng, ROWS)
        if change is not None and pane >= at:
            change(values, rng)
        sliding.push(pane * slide, ModelSummary.of(batch(ROWS, values), against))
        end = (pane + 1) * slide
        sliding.evict(end - SETTINGS.window_ms)
        if pane + 1 >= SETTINGS.panes:
            verdicts = judge(sliding.summary(), against, SETTINGS)
            window = Window(end - SETTINGS.window_ms, end, pane * slide)
            states, said = tracker.advance(states, verdicts, window)
            events.extend(said)
    return events


def test_five_hundred_windows_without_a_change_raise_no_alert() -> None:
    assert run(500) == []


def test_a_change_raises_alerts_of_exactly_the_columns_that_changed() -> None:
    def change(values: Features, rng: Generator) -> None:
        values["normal"] = rng.normal(0.6, 1.0, ROWS)
        values["mix"] = [str(c) for c in rng.choice(["a", "b", "c"], ROWS, p=[0.3, 0.3, 0.4])]
        values["coin"] = ["t" if hit else "h" for hit in rng.random(ROWS) < 0.5]

    events = run(60, change, at=30)
    # each is worse when the whole window has changed
    assert sorted((e.family, e.column, e.sequence, e.status) for e in events) == [
        ("drift", "feature:mix", 1, "started"),
        ("drift", "feature:mix", 2, "escalated"),
        ("drift", "feature:normal", 1, "started"),
        ("drift", "feature:normal", 2, "escalated"),
    ]
    # seen before a whole window has gone by, and never before the change
    first = 30 * SETTINGS.slide_ms
    assert all(first <= e.since_ms < e.started_at <= first + SETTINGS.window_ms for e in events)


def test_a_fault_of_the_data_raises_an_alert_of_quality_and_recovers() -> None:
    def change(values: Features, rng: Generator) -> None:
        values["exponential"] = [None] * ROWS

    def fault(values: Features, rng: Generator) -> None:
        if left.pop():
            change(values, rng)

    left = [False] * 60 + [True] * 4
    events = run(48, fault, at=15)
    assert [(e.column, e.monitor, e.status) for e in events] == [
        ("feature:exponential", "missing", "started"),
        ("feature:exponential", "missing", "recovered"),
    ]
    assert events[0].alert_id == events[1].alert_id
