"""Labels against predictions: a confusion matrix over the reference's classes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from stream_monitor.errors import UnlikeSummaryError
from stream_monitor.statistics.arrays import read_only
from stream_monitor.summaries.codec import (
    IntArray,
    SparseWire,
    at_least_zero,
    damaged,
    fingerprint,
    minus,
    pack_sparse,
    seal,
    unpack_sparse,
    unseal,
)

if TYPE_CHECKING:
    from collections.abc import Iterable


class ConfusionWire(msgspec.Struct, array_like=True, frozen=True):
    """The matrix sparse, row by row."""

    classes: str
    counts: SparseWire
    correct: int


@dataclass(frozen=True, slots=True, eq=False)
class ConfusionSummary:
    """Counts of (label, prediction) pairs: an exact commutative group.

    ``counts`` (int64, (C + 1, C + 1), read-only): row i, column j counts events with label
    class i that were predicted as class j; the last row and column stand for every other
    text. ``correct`` counts equal texts, so it may exceed the trace's C classes by equal
    "other" pairs. Without classes all pairs are "other", and only ``correct`` tells more.
    ``fingerprint`` is of the classes, order included.
    """

    fingerprint: str
    counts: IntArray
    correct: int

    @classmethod
    def empty(cls, classes: tuple[str, ...]) -> ConfusionSummary:
        """The identity of :meth:`merge`."""
        side = len(classes) + 1
        counts = read_only(np.zeros((side, side), dtype=np.int64))
        return cls(fingerprint(*classes), counts, 0)

    @classmethod
    def of(
        cls,
        labels: Iterable[str | None],
        predictions: Iterable[str | None],
        classes: tuple[str, ...],
    ) -> ConfusionSummary:
        """The summary of two equally long columns of texts; a row with a ``None`` is left out."""
        index = {name: i for i, name in enumerate(classes)}
        other = len(classes)
        counts = np.zeros((other + 1, other + 1), dtype=np.int64)
        correct = 0
        pairs = Counter(zip(labels, predictions, strict=True))
        for (label, prediction), count in pairs.items():
            if label is None or prediction is None:
                continue
            counts[index.get(label, other), index.get(prediction, other)] += count
            if label == prediction:
                correct += count
        return cls(fingerprint(*classes), read_only(counts), correct)

    @classmethod
    def of_places(
        cls, labels: IntArray, predictions: IntArray, correct: int, classes: tuple[str, ...]
    ) -> ConfusionSummary:
        """The same of each row's places among the classes, ``len(classes)`` for any other text.

        ``correct`` is the number of rows whose texts are equal.
        """
        side = len(classes) + 1
        counts = np.bincount(labels * side + predictions, minlength=side * side)
        return cls(fingerprint(*classes), read_only(counts.reshape(side, side)), correct)

    @property
    def labelled(self) -> int:
        """The number of events with both a label and a prediction."""
        return int(self.counts.sum())

    def merge(self, other: ConfusionSummary) -> ConfusionSummary:
        """The summary of both; ``UnlikeSummaryError`` for other classes."""
        self._require_like(other)
        return ConfusionSummary(
            self.fingerprint, read_only(self.counts + other.counts), self.correct + other.correct
        )

    def subtract(self, other: ConfusionSummary) -> ConfusionSummary:
        """The inverse of :meth:`merge`; ``ValueError`` if ``other`` was never added."""
        self._require_like(other)
        return ConfusionSummary(
            self.fingerprint,
            minus(self.counts, other.counts),
            at_least_zero(self.correct - other.correct),
        )

    def _require_like(self, other: ConfusionSummary) -> None:
        if self.fingerprint != other.fingerprint:
            raise UnlikeSummaryError(
                f"A confusion matrix of classes {other.fingerprint} does not merge with one "
                f"of classes {self.fingerprint}: they are of different references."
            )

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, ConfusionSummary)
            and self.fingerprint == other.fingerprint
            and np.array_equal(self.counts, other.counts)
            and self.correct == other.correct
        )

    def to_wire(self) -> ConfusionWire:
        return ConfusionWire(self.fingerprint, pack_sparse(self.counts.reshape(-1)), self.correct)

    @classmethod
    def from_wire(cls, wire: ConfusionWire, classes: tuple[str, ...]) -> ConfusionSummary:
        """``UnlikeSummaryError`` if the state is of other classes."""
        if wire.classes != fingerprint(*classes):
            raise UnlikeSummaryError("The state of a confusion matrix is of other classes.")
        side = len(classes) + 1
        counts = read_only(unpack_sparse(wire.counts, side * side).reshape(side, side))
        summary = cls(wire.classes, counts, wire.correct)
        if not 0 <= wire.correct <= summary.labelled:
            raise damaged("the correct predictions do not fit the matrix")
        return summary

    def to_state(self) -> bytes:
        return seal(self.to_wire())

    @classmethod
    def from_state(cls, data: bytes, classes: tuple[str, ...]) -> ConfusionSummary:
        """Inverse of :meth:`to_state`; :class:`DataError` for what is no such state."""
        return cls.from_wire(unseal(data, ConfusionWire), classes)
