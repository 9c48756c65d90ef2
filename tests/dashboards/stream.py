"""Models whose events and labels a run sends: what is fed to the machines, step by step."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from stream_monitor.config.duration import MINUTE
from stream_monitor.events.batch import EventBatch, IntArray
from stream_monitor.events.encode import encode_label_columns
from stream_monitor.reference.build import build
from stream_monitor.reference.data import assign_roles, to_batches
from stream_monitor.reference.model import Reference
from stream_monitor.scenarios.acts import employment
from stream_monitor.scenarios.credit import applications
from stream_monitor.scenarios.delays import LabelDelay


@dataclass(frozen=True, slots=True)
class Span:
    """A run's time: ``steps`` steps of ``step_ms`` from ``start_ms`` on."""

    start_ms: int
    step_ms: int
    steps: int

    @property
    def length_ms(self) -> int:
        return self.steps * self.step_ms

    def begins(self, step: int) -> int:
        return self.start_ms + step * self.step_ms


@dataclass(frozen=True, slots=True)
class Labels:
    """The truth about a model's events, in the order in which it comes."""

    at: IntArray  # ms
    ids: list[str]
    truths: list[object]

    def message(self, model: str, from_ms: int, to_ms: int) -> bytes | None:
        """What comes in [from, to) as one message, if anything does."""
        first, last = np.searchsorted(self.at, [from_ms, to_ms]).tolist()
        if first == last:
            return None
        return encode_label_columns(
            model=model,
            prediction_id=self.ids[first:last],
            ground_truth=self.truths[first:last],
            timestamp=self.at[first:last].tolist(),
        )


@dataclass(frozen=True, slots=True)
class Stream:
    """A model's events without labels, by step, and the labels that come later."""

    reference: Reference
    events: Mapping[int, list[EventBatch]]
    labels: Labels

    @property
    def model(self) -> str:
        return self.reference.model


def credit(model: str, span: Span, *, change_at: float | None, seed: int) -> Stream:
    """Loan applications, one a second; from the share ``change_at`` of them on broken."""
    roles = {"label": "label", "id": "prediction_id"}
    rows = span.length_ms // 1000
    table = applications(10_000, seed)
    reference = build(
        model,
        table,
        assign_roles(table, **roles),
        created_ms=span.start_ms,
        source="10,000 made-up applications",
        seed=seed,
        positive="default",
    )
    sent = applications(
        rows, seed + 1, change_at=None if change_at is None else round(change_at * rows)
    )
    batches = to_batches(sent, assign_roles(sent, **roles), model, start_ms=0, interval_ms=1)
    return _stream(reference, batches, span, LabelDelay(10 * MINUTE, never=0.1, seed=seed))


def survey(span: Span, *, seed: int) -> Stream:
    """The demo's real people of three years."""
    act = employment(seed)
    return _stream(
        act.reference, act.batches(), span, LabelDelay(20 * MINUTE, never=0.2, seed=seed)
    )


def versioned(stream: Stream, *, sure: float) -> Stream:
    """Every fourth event is of a version "2" that says 1 only where the score is ``sure``."""
    events: dict[int, list[EventBatch]] = {}
    rows = 0
    for step in sorted(stream.events):
        events[step] = []
        for batch in stream.events[step]:
            new = np.arange(rows, rows + len(batch)) % 4 == 3
            rows += len(batch)
            says = (np.asarray(batch.score) >= sure).astype(np.int64)
            events[step].append(
                replace(
                    batch,
                    prediction=np.where(new, says, np.asarray(batch.prediction)),
                    model_versions=["2" if its else "1" for its in new],
                )
            )
    return replace(stream, events=events)


def _stream(
    reference: Reference, batches: Iterable[EventBatch], span: Span, delay: LabelDelay
) -> Stream:
    """The events spread evenly over the span, in their order."""
    given = list(batches)
    times = span.start_ms + np.arange(sum(map(len, given))) * span.length_ms // sum(map(len, given))
    events: defaultdict[int, list[EventBatch]] = defaultdict(list)
    ids: list[str] = []
    truths: list[object] = []
    for batch in given:
        dated = replace(batch, timestamps=times[len(ids) : len(ids) + len(batch)])
        assert batch.prediction_ids is not None
        assert batch.ground_truth is not None
        ids += [str(id_) for id_ in batch.prediction_ids]
        truths += np.asarray(batch.ground_truth, dtype=object).tolist()
        unlabelled = replace(dated, ground_truth=None)
        for step, part in unlabelled.split((dated.timestamps - span.start_ms) // span.step_ms):
            events[step].append(part)
    drawn = delay.times(times)
    came = np.flatnonzero(drawn.comes)
    came = came[np.argsort(drawn.at[came], kind="stable")]
    labels = Labels(drawn.at[came], [ids[i] for i in came], [truths[i] for i in came])
    return Stream(reference, events, labels)
