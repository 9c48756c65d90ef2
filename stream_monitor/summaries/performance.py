"""What labels tell of predictions: all that performance figures are computed from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from stream_monitor.errors import UnlikeSummaryError
from stream_monitor.events.columns import MISSING, OK, NumericValues
from stream_monitor.reference.model import Task
from stream_monitor.summaries.class_loss import ClassLossSummary, ClassLossWire
from stream_monitor.summaries.codec import seal, unseal
from stream_monitor.summaries.confusion import ConfusionSummary, ConfusionWire
from stream_monitor.summaries.latency import LatencySummary, LatencyWire
from stream_monitor.summaries.outcomes import (
    Encoded,
    Predictions,
    classes_of,
    places,
    task_of,
)
from stream_monitor.summaries.population import PopulationSummary, PopulationWire
from stream_monitor.summaries.residuals import ResidualSummary, ResidualWire
from stream_monitor.summaries.scored import ScoredSummary, ScoredWire

if TYPE_CHECKING:
    from stream_monitor.reference.model import Reference
    from stream_monitor.statistics.arrays import FloatArray


class PerformanceWire(msgspec.Struct, array_like=True, frozen=True):
    """The parts; those that the task does not have are ``None``."""

    confusion: ConfusionWire
    scored: ScoredWire | None
    residuals: ResidualWire | None
    delays: LatencyWire
    class_loss: ClassLossWire | None
    population: PopulationWire


@dataclass(frozen=True, slots=True)
class PerformanceSummary:
    """Predictions with their labels: an exact commutative group of bounded size.

    ``confusion`` is of the rows with both a label and a prediction; binary models have
    ``scored``, multiclass ones ``class_loss``, regressions ``residuals``; elsewhere they are
    ``None``. ``delays`` are the *seconds* from a prediction to its label, of labels that came
    on their own. ``population`` is of the rows with a usable label, to be held against that
    of all rows.
    """

    confusion: ConfusionSummary
    scored: ScoredSummary | None
    residuals: ResidualSummary | None
    delays: LatencySummary
    class_loss: ClassLossSummary | None
    population: PopulationSummary

    @classmethod
    def empty(cls, reference: Reference | None) -> PerformanceSummary:
        """The identity of :meth:`merge` for the task and classes of a reference."""
        task = task_of(reference)
        return cls(
            confusion=ConfusionSummary.empty(classes_of(reference)),
            scored=ScoredSummary.empty() if task is Task.BINARY else None,
            residuals=ResidualSummary.empty() if task is Task.REGRESSION else None,
            delays=LatencySummary.empty(),
            class_loss=ClassLossSummary.empty() if task is Task.MULTICLASS else None,
            population=PopulationSummary.empty(reference),
        )

    @classmethod
    def of(
        cls,
        labels: Encoded,
        predictions: Predictions,
        reference: Reference | None,
        delays_s: FloatArray | None = None,
    ) -> PerformanceSummary:
        """The summary of equally many labels and predictions; a row without a label is left out.

        ``delays_s``: seconds from each prediction to its label, ``None`` where they came together.
        """
        empty = cls.empty(reference)
        task = task_of(reference)
        labelled = labels.codes != MISSING if task is Task.REGRESSION else labels.codes == OK
        if not labelled.any():
            return empty
        if not labelled.all():
            labels, predictions = labels.take(labelled), predictions.take(labelled)
            delays_s = None if delays_s is None else delays_s[labelled]
        scored, residuals, class_loss = empty.scored, empty.residuals, empty.class_loss
        if task is Task.REGRESSION:
            residuals = _residuals(labels, predictions)
        elif task is Task.BINARY and reference is not None and reference.positive is not None:
            scored = _scored(labels, predictions, reference.classes, reference.positive)
        elif task is Task.MULTICLASS:
            place = places(labels.words, classes_of(reference))
            class_loss = ClassLossSummary.of_places(place, predictions.by_class)
        return cls(
            _confusion(labels, predictions, classes_of(reference), task),
            scored,
            residuals,
            empty.delays if delays_s is None else LatencySummary.of(delays_s, len(delays_s)),
            class_loss,
            _population(labels, predictions, reference),
        )

    @property
    def labelled(self) -> int:
        """The number of events with both a label and a prediction."""
        return self.confusion.labelled

    @property
    def fingerprint(self) -> str:
        parts = (self.confusion, self.scored, self.class_loss, self.residuals, self.population)
        return ",".join(part.fingerprint for part in parts if part is not None)

    def merge(self, other: PerformanceSummary) -> PerformanceSummary:
        """The summary of both; ``UnlikeSummaryError`` for another task or other classes."""
        self._require_like(other)
        return PerformanceSummary(
            self.confusion.merge(other.confusion),
            self.scored and other.scored and self.scored.merge(other.scored),
            self.residuals and other.residuals and self.residuals.merge(other.residuals),
            self.delays.merge(other.delays),
            self.class_loss and other.class_loss and self.class_loss.merge(other.class_loss),
            self.population.merge(other.population),
        )

    def subtract(self, other: PerformanceSummary) -> PerformanceSummary:
        """The inverse of :meth:`merge`; ``ValueError`` if ``other`` was never added."""
        self._require_like(other)
        return PerformanceSummary(
            self.confusion.subtract(other.confusion),
            self.scored and other.scored and self.scored.subtract(other.scored),
            self.residuals and other.residuals and self.residuals.subtract(other.residuals),
            self.delays.subtract(other.delays),
            self.class_loss and other.class_loss and self.class_loss.subtract(other.class_loss),
            self.population.subtract(other.population),
        )

    def _require_like(self, other: PerformanceSummary) -> None:
        if self.fingerprint != other.fingerprint:
            raise UnlikeSummaryError(
                f"Performance of {other.fingerprint} does not merge with that of "
                f"{self.fingerprint}: they are of different references."
            )

    def to_wire(self) -> PerformanceWire:
        return PerformanceWire(
            self.confusion.to_wire(),
            None if self.scored is None else self.scored.to_wire(),
            None if self.residuals is None else self.residuals.to_wire(),
            self.delays.to_wire(),
            None if self.class_loss is None else self.class_loss.to_wire(),
            self.population.to_wire(),
        )

    @classmethod
    def from_wire(cls, wire: PerformanceWire, reference: Reference | None) -> PerformanceSummary:
        """``UnlikeSummaryError`` if the state is of other classes."""
        task = task_of(reference)
        if (
            (wire.scored is None) is (task is Task.BINARY)
            or (wire.residuals is None) is (task is Task.REGRESSION)
            or (wire.class_loss is None) is (task is Task.MULTICLASS)
        ):
            raise UnlikeSummaryError(f"The state is not that of a {task} model.")
        return cls(
            ConfusionSummary.from_wire(wire.confusion, classes_of(reference)),
            None if wire.scored is None else ScoredSummary.from_wire(wire.scored),
            None if wire.residuals is None else ResidualSummary.from_wire(wire.residuals),
            LatencySummary.from_wire(wire.delays),
            None if wire.class_loss is None else ClassLossSummary.from_wire(wire.class_loss),
            PopulationSummary.from_wire(wire.population, reference),
        )

    def to_state(self) -> bytes:
        return seal(self.to_wire())

    @classmethod
    def from_state(cls, data: bytes, reference: Reference | None) -> PerformanceSummary:
        """Inverse of :meth:`to_state`; :class:`DataError` for what is no such state."""
        return cls.from_wire(unseal(data, PerformanceWire), reference)


def _confusion(
    labels: Encoded, predictions: Predictions, classes: tuple[str, ...], task: Task
) -> ConfusionSummary:
    """Of the rows with both; a regression's numbers are right where they are equal."""
    both = (labels.codes == OK) & (predictions.answers.codes == OK)
    label, prediction = labels.words[both], predictions.answers.words[both]
    if task is Task.REGRESSION:
        correct = int(np.count_nonzero(label.view(np.float64) == prediction.view(np.float64)))
    else:
        correct = int(np.count_nonzero(label == prediction))
    return ConfusionSummary.of_places(
        places(label, classes), places(prediction, classes), correct, classes
    )


def _population(
    labels: Encoded, predictions: Predictions, reference: Reference | None
) -> PopulationSummary:
    fine = labels.codes == OK
    return PopulationSummary.of(predictions if fine.all() else predictions.take(fine), reference)


def _scored(
    labels: Encoded, predictions: Predictions, classes: tuple[str, ...], positive: str
) -> ScoredSummary:
    place = places(labels.words, classes)
    kinds = np.where(place == len(classes), 2, place == classes.index(positive)).astype(np.uint8)
    return ScoredSummary.of_kinds(kinds, predictions.scores, predictions.score_codes)


def _residuals(labels: Encoded, predictions: Predictions) -> ResidualSummary:
    answers = predictions.answers
    return ResidualSummary.of_numbers(
        NumericValues(labels.numbers, labels.codes), NumericValues(answers.numbers, answers.codes)
    )
