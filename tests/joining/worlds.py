"""Small worlds of predictions and labels for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from stream_monitor.events.batch import EventBatch
from stream_monitor.events.labels import LabelBatch
from stream_monitor.joining.joiner import Joiner, JoinerConfig, PaneLabels
from stream_monitor.joining.messages import JoinMessage, LabelPart, PredictionPart, Range, Source
from stream_monitor.joining.parts import label_part, prediction_part
from stream_monitor.joining.pending import Outcome
from stream_monitor.reference.model import NO_REFERENCE, Reference
from stream_monitor.summaries.slices import SlicedTraffic, Slicing
from tests.summaries.strategies import FLAG, MULTICLASS, REFERENCE, REGRESSION

SLIDE_MS = 10
BOOLEAN = replace(
    REFERENCE,
    hash="b001b001b001b001",
    columns=(replace(FLAG, role=REFERENCE.columns[3].role, name="prediction"),),
    classes=("false", "true"),
    positive="true",
)
REFERENCES = {one.hash: one for one in (REFERENCE, REGRESSION, MULTICLASS, BOOLEAN)}
PREDICTIONS, LABELS = Source("predictions", 0), Source("labels", 0)
SLICING = Slicing(("country",), cap=20)


@dataclass(frozen=True)
class P:
    """A prediction at an event time."""

    id: str
    at: int = 0
    said: object = "yes"
    truth: object = None
    country: object = None
    model: str = "m"


@dataclass(frozen=True)
class L:
    """A label that was known at a time."""

    id: str
    truth: object = "yes"
    at: int = 5
    model: str = "m"


def predictions(
    rows: Sequence[P], offsets: Sequence[int], reference: Reference | None = REFERENCE
) -> PredictionPart:
    n = len(rows)
    part = prediction_part(
        EventBatch(
            model=rows[0].model,
            offsets=np.array(offsets),
            timestamps=np.array([row.at for row in rows]),
            features={},
            prediction=[row.said for row in rows],
            score=[0.25] * n,
            scores=[{"no": 0.5, "yes": 0.25}] * n,
            latency_ms=None,
            ground_truth=[row.truth for row in rows],
            prediction_ids=[row.id for row in rows],
            model_versions=None,
            segments={"country": [row.country for row in rows]},
        ),
        reference,
        SLICING,
    )
    assert part is not None
    return part


def labels(
    rows: Sequence[L], offsets: Sequence[int], reference: Reference | None = REFERENCE
) -> LabelPart:
    return label_part(
        LabelBatch(
            rows[0].model,
            np.array(offsets),
            np.array([row.at for row in rows]),
            [row.id for row in rows],
            [row.truth for row in rows],
        ),
        reference,
    )


def config(**changes: Any) -> JoinerConfig:
    made = JoinerConfig(
        slide_ms=lambda model: SLIDE_MS,
        slicing=lambda model: SLICING,
        reference=lambda model, hash_: REFERENCES.get(hash_),
        retention_ms=10**12,
        max_bytes=2**30,
    )
    return replace(made, **changes)


class Log:
    """A partition of ``joins`` with a joiner that reads it."""

    def __init__(self, against: Reference | None = REFERENCE, **changes: Any) -> None:
        self.reference = against
        self.config = config(**changes)
        self.joiner = Joiner(self.config)
        self.messages: list[bytes] = []
        self._next = {PREDICTIONS: 0, LABELS: 0}
        self._fresh = {PREDICTIONS: True, LABELS: True}

    def put(self, *rows: P | L) -> None:
        """One message with these rows, an offset each."""
        source = PREDICTIONS if isinstance(rows[0], P) else LABELS
        start = self._next[source]
        self.put_at(source, Range(start, start + len(rows), self._fresh[source]), rows)
        self._next[source] += len(rows)
        self._fresh[source] = False

    def put_at(self, source: Source, range_: Range, rows: Sequence[P | L]) -> None:
        """A message with these rows at the offsets of a range."""
        at = range(range_.start, range_.end)
        of_events = [row for row in rows if isinstance(row, P)]
        of_labels = [row for row in rows if isinstance(row, L)]
        parts: list[PredictionPart | LabelPart] = []
        if of_events:
            parts.append(predictions(of_events, at, self.reference))
        if of_labels:
            parts.append(labels(of_labels, at, self.reference))
        self.send(JoinMessage(source, range_, tuple(parts)).encode())

    def send(self, data: bytes) -> None:
        self.messages.append(data)
        self.joiner.handle(len(self.messages) - 1, data)

    def panes(self) -> dict[int, SlicedTraffic]:
        """What a flush says, by pane."""
        return {told.key.pane_ms: traffic(told) for told in self.joiner.flush()}

    def only(self) -> SlicedTraffic:
        """What a flush says of the only pane."""
        ((_, found),) = self.panes().items()
        return found

    def restart(self) -> None:
        """Another joiner takes over from the floor and reads what there is."""
        floor = self.joiner.floor
        self.joiner = Joiner(self.config, start=floor)
        for offset in range(floor, len(self.messages)):
            self.joiner.handle(offset, self.messages[offset])

    def count(self, outcome: Outcome, model: str = "m") -> int:
        return self.joiner.counts.outcomes[model, outcome]

    def dropped(self, reason: str) -> int:
        return self.joiner.counts.dropped[reason]


def traffic(told: PaneLabels) -> SlicedTraffic:
    hash_ = told.key.reference_hash
    return SlicedTraffic.from_state(
        told.state, None if hash_ == NO_REFERENCE else REFERENCES[hash_]
    )


def outcomes(log: Log, model: str = "m") -> dict[str, int]:
    counts: Iterable[tuple[tuple[str, Outcome], int]] = log.joiner.counts.outcomes.items()
    return {str(outcome): n for (name, outcome), n in counts if name == model and n}
