"""All predictions by what the model said of itself, whether their labels come or not."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from stream_monitor.errors import UnlikeSummaryError
from stream_monitor.events.columns import OK
from stream_monitor.reference.calibration import BINARY_GRID, MULTICLASS_GRID, score_bins
from stream_monitor.reference.model import Task
from stream_monitor.statistics.arrays import read_only
from stream_monitor.summaries.codec import (
    IntArray,
    SparseWire,
    damaged,
    fingerprint,
    minus,
    pack_sparse,
    seal,
    unpack_sparse,
    unseal,
)
from stream_monitor.summaries.facts import Facts, FactsWire
from stream_monitor.summaries.outcomes import Predictions, classes_of, places, task_of

if TYPE_CHECKING:
    from stream_monitor.reference.model import Reference


class PopulationWire(msgspec.Struct, array_like=True, frozen=True):
    """The counts sparse, row by row."""

    fingerprint: str
    facts: FactsWire
    counts: SparseWire


@dataclass(frozen=True, slots=True, eq=False)
class PopulationSummary:
    """Predictions by class and score, or by number: an exact commutative group, bounded.

    ``counts`` (int64, (K, B), read-only). Of a binary model: by predicted class, the last row
    every class that the reference does not have, and by the positive class's score in 1,000
    bins of equal width, closed on the right. Of one with more classes, or none known: the same
    with the predicted class's score in 100 bins. Of a regression (K = 1): by the prediction,
    in bins closed on the right whose edges are the reference's quantiles.

    ``facts`` counts all rows: what is wrong with their scores (a regression's: predictions);
    ``out_of_range`` scores outside [0, 1]; ``unseen`` scores inside without a usable
    prediction. Only the ``n`` other rows are in the counts.
    """

    fingerprint: str
    facts: Facts
    counts: IntArray

    @classmethod
    def empty(cls, reference: Reference | None) -> PopulationSummary:
        """The identity of :meth:`merge` for the task and classes of a reference."""
        return cls(_fingerprint(reference), Facts(), _zeros(*_shape(reference)))

    @classmethod
    def of(cls, predictions: Predictions, reference: Reference | None) -> PopulationSummary:
        """The summary of predictions."""
        rows, (sides, bins) = len(predictions), _shape(reference)
        answers, codes = predictions.answers, predictions.score_codes
        answered = answers.codes == OK
        if reference is not None and reference.task is Task.REGRESSION:
            numbers = answers.words[answered].view(np.float64)
            cells = reference.prediction_edges.searchsorted(numbers, side="left")
            facts = Facts.of_codes(None if answered.all() else answers.codes, rows)
        else:
            scores = predictions.scores
            inside = (scores >= 0) & (scores <= 1)  # what is not OK is NaN, and so outside
            told = inside & answered
            usable = codes == OK
            within = int(np.count_nonzero(inside))
            facts = Facts.of_codes(
                None if usable.all() else codes,
                rows,
                out_of_range=int(np.count_nonzero(usable)) - within,
                unseen=within - int(np.count_nonzero(told)),
            )
            words = answers.words
            if not told.all():
                scores, words = scores[told], words[told]
            cells = score_bins(scores, bins)
            if sides > 1:
                cells += places(words, classes_of(reference)) * bins
        counts = np.bincount(cells, minlength=sides * bins).reshape(sides, bins)
        return cls(_fingerprint(reference), facts, read_only(counts))

    @property
    def n(self) -> int:
        """The number of rows in the counts."""
        return self.facts.usable - self.facts.out_of_range - self.facts.unseen

    def merge(self, other: PopulationSummary) -> PopulationSummary:
        """The summary of both; ``UnlikeSummaryError`` for another task, classes or edges."""
        self._require_like(other)
        return PopulationSummary(
            self.fingerprint, self.facts + other.facts, read_only(self.counts + other.counts)
        )

    def subtract(self, other: PopulationSummary) -> PopulationSummary:
        """The inverse of :meth:`merge`; ``ValueError`` if ``other`` was never added."""
        self._require_like(other)
        return PopulationSummary(
            self.fingerprint, self.facts - other.facts, minus(self.counts, other.counts)
        )

    def _require_like(self, other: PopulationSummary) -> None:
        if self.fingerprint != other.fingerprint:
            raise UnlikeSummaryError(
                f"Predictions in bins of {other.fingerprint} do not merge with those of "
                f"{self.fingerprint}: they are of different references."
            )

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, PopulationSummary)
            and self.fingerprint == other.fingerprint
            and self.facts == other.facts
            and np.array_equal(self.counts, other.counts)
        )

    def to_wire(self) -> PopulationWire:
        return PopulationWire(
            self.fingerprint, self.facts.to_wire(), pack_sparse(self.counts.reshape(-1))
        )

    @classmethod
    def from_wire(cls, wire: PopulationWire, reference: Reference | None) -> PopulationSummary:
        """``UnlikeSummaryError`` if the state is of another task, classes or edges."""
        if wire.fingerprint != _fingerprint(reference):
            raise UnlikeSummaryError("The state of predictions is in bins of another reference.")
        sides, bins = _shape(reference)
        counts = read_only(unpack_sparse(wire.counts, sides * bins).reshape(sides, bins))
        summary = cls(wire.fingerprint, Facts.from_wire(wire.facts), counts)
        if summary.n != int(counts.sum()):
            raise damaged("the predictions and their facts do not add up")
        return summary

    def to_state(self) -> bytes:
        return seal(self.to_wire())

    @classmethod
    def from_state(cls, data: bytes, reference: Reference | None) -> PopulationSummary:
        """Inverse of :meth:`to_state`; :class:`DataError` for what is no such state."""
        return cls.from_wire(unseal(data, PopulationWire), reference)


def _shape(reference: Reference | None) -> tuple[int, int]:
    task = task_of(reference)
    if reference is not None and task is Task.REGRESSION:
        return 1, len(reference.prediction_edges) + 1
    return len(classes_of(reference)) + 1, BINARY_GRID if task is Task.BINARY else MULTICLASS_GRID


def _fingerprint(reference: Reference | None) -> str:
    task = task_of(reference)
    if reference is not None and task is Task.REGRESSION:
        return fingerprint("population", task, reference.prediction_edges.tobytes().hex())
    return fingerprint("population", task, *classes_of(reference))


@lru_cache(maxsize=256)
def _zeros(sides: int, bins: int) -> IntArray:
    return read_only(np.zeros((sides, bins), dtype=np.int64))
