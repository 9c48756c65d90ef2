"""What a batch's labels tell of its predictions: nothing is computed where there are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_monitor.events.columns import text
from stream_monitor.reference.model import Kind, Role, Task
from stream_monitor.summaries.confusion import ConfusionSummary
from stream_monitor.summaries.residuals import ResidualSummary
from stream_monitor.summaries.scored import ScoredSummary, positive_score

if TYPE_CHECKING:
    from stream_monitor.events.batch import EventBatch
    from stream_monitor.reference.model import Reference


def classes_of(reference: Reference | None) -> tuple[str, ...]:
    """The classes of the confusion matrix."""
    return () if reference is None else reference.classes


def task_of(reference: Reference | None) -> Task:
    """What the model does, unknown without a reference."""
    return Task.UNKNOWN if reference is None else reference.task


def _is_boolean(reference: Reference | None) -> bool:
    prediction = None if reference is None else reference.by_id.get(str(Role.PREDICTION))
    return prediction is not None and prediction.kind is Kind.BOOLEAN


def labels_of(batch: EventBatch, reference: Reference | None) -> list[str | None] | None:
    """The labels as canonical texts, ``None`` where a row has none; ``None`` without any."""
    if batch.ground_truth is None:
        return None
    return text(batch.ground_truth, len(batch), boolean=_is_boolean(reference)).texts


def confusion_of(
    batch: EventBatch, labels: list[str | None] | None, reference: Reference | None
) -> ConfusionSummary:
    """Of the events with both a label and a prediction."""
    classes = classes_of(reference)
    if labels is None or batch.prediction is None:
        return ConfusionSummary.empty(classes)
    predictions = text(batch.prediction, len(batch), boolean=_is_boolean(reference)).texts
    return ConfusionSummary.of(labels, predictions, classes)


def scored_of(
    batch: EventBatch, labels: list[str | None] | None, reference: Reference | None
) -> ScoredSummary | None:
    """Of the events with a label, for a binary model; ``None`` for any other."""
    if reference is None or reference.task is not Task.BINARY:
        return None
    if labels is None or reference.positive is None:
        return ScoredSummary.empty()
    raw = positive_score(batch, reference.positive)
    return ScoredSummary.of(labels, raw, reference.classes, reference.positive)


def residuals_of(batch: EventBatch, reference: Reference | None) -> ResidualSummary | None:
    """Of the events with a label, for a regression; ``None`` for any other model."""
    if task_of(reference) is not Task.REGRESSION:
        return None
    if batch.ground_truth is None:
        return ResidualSummary.empty()
    return ResidualSummary.of(batch.ground_truth, batch.prediction, len(batch))
