"""A scenario through the engine, without Kafka, and what came of it beside what it states."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from stream_monitor.events.labels import LabelBatch
from stream_monitor.pipeline.effects import Publish, Stream
from stream_monitor.pipeline.engine import LocalEngine
from stream_monitor.pipeline.merged import run_with_labels
from stream_monitor.reference.registry import References
from stream_monitor.scenarios.expect.alarms import Said, forbidden, found, said
from stream_monitor.scenarios.expect.figures import figures
from stream_monitor.scenarios.expect.outcome import Outcome
from stream_monitor.scenarios.prepare import Prepared
from stream_monitor.scenarios.spec.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Checked:
    """What was stated and what was; ``alerts`` are all that was said of any."""

    outcomes: tuple[Outcome, ...]
    alerts: tuple[Said, ...]
    windows: int

    @property
    def holds(self) -> bool:
        """Whether all is as stated."""
        return all(outcome.holds for outcome in self.outcomes)


def check(
    scenario: Scenario,
    prepared: Prepared,
    *,
    progress: Callable[[int], None] = lambda rows: None,
) -> Checked:
    """Judge the whole stream; ``progress`` is told of events and labels done."""
    return compare(scenario, prepared.start_ms, play(scenario, prepared, progress=progress))


def play(
    scenario: Scenario,
    prepared: Prepared,
    *,
    progress: Callable[[int], None] = lambda rows: None,
) -> list[Publish]:
    """What the engine says of the whole stream, in order."""
    engine = LocalEngine(prepared.settings, References(prepared.reference), labels=True)
    model = scenario.model
    labels = prepared.stream.labels(model)
    return [
        each
        for step in run_with_labels(
            engine,
            prepared.stream.batches(model),
            _no_labels(model) if labels is None else labels,
            tick_ms=scenario.settings.slide_ms,
            progress=progress,
        )
        for each in step
    ]


def compare(scenario: Scenario, start_ms: int, published: list[Publish]) -> Checked:
    """What reports and alerts of a stream that began at ``start_ms`` come to."""
    reports = [p.document for p in published if p.stream is Stream.REPORTS]
    alerts = [said(p.document, start_ms) for p in published if p.stream is Stream.ALERTS]
    expect, begins = scenario.expect, scenario.begins_ms
    outcomes = (
        *found(expect.found, alerts, begins),
        *figures(expect.figures, reports, start_ms, begins),
        *forbidden(expect, alerts, begins),
    )
    windows = len({report["window"]["end_ms"] for report in reports})
    return Checked(outcomes, tuple(alerts), windows)


def _no_labels(model: str) -> LabelBatch:
    none = np.array([], dtype=np.int64)
    return LabelBatch(model, none, none, [], [])
