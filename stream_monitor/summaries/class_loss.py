"""Scores of all classes against labels: the log loss of a multiclass model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from stream_monitor.events.columns import MISSING, OK
from stream_monitor.statistics.exact_sum import ExactSum
from stream_monitor.summaries.codec import IntArray, damaged, seal, unpack_sum, unseal
from stream_monitor.summaries.facts import Facts, FactsWire
from stream_monitor.summaries.scored import CLIP

if TYPE_CHECKING:
    from stream_monitor.statistics.arrays import FloatArray


class ClassLossWire(msgspec.Struct, array_like=True, frozen=True):
    """The counts, and the sums in their own bytes."""

    facts: FactsWire
    log_loss: bytes
    squares: bytes


@dataclass(frozen=True, slots=True)
class ClassLossSummary:
    """Log losses of labels, given a score of every class: an exact commutative group.

    ``log_loss`` is the exact sum of the doubles −ln p, ``squares`` that of their squares
    (rounded once more); p is the score of the labelled class over the sum of the row's
    scores, clipped to [1e-15, 1 − 1e-15]. So scores need not sum to 1, as those of
    one-against-rest models or of few decimals do not; where they do, p is the score.

    ``facts`` counts the rows with a label: ``missing`` without a number for every class;
    ``out_of_range`` with a score outside [0, 1], or nothing but zeros; ``unseen`` other rows
    with a label that is none of the classes. Only the ``n`` other rows are in the sums.
    """

    facts: Facts
    log_loss: ExactSum
    squares: ExactSum

    @classmethod
    def empty(cls) -> ClassLossSummary:
        """The identity of :meth:`merge`."""
        return cls(Facts(), ExactSum(), ExactSum())

    @classmethod
    def of_places(cls, places: IntArray, by_class: FloatArray | None) -> ClassLossSummary:
        """The summary of rows with labels, by each label's place among the C classes.

        ``by_class``: float64 (n, C), NaN where there is no number; ``None``: in no row. A place
        of C is any other label.
        """
        rows = len(places)
        if by_class is None or not by_class.shape[1]:
            return cls(Facts(rows, missing=rows), ExactSum(), ExactSum())
        total = np.zeros(rows)
        told = np.ones(rows, dtype=np.bool_)
        inside = told.copy()
        for scores in by_class.T:  # class by class, so that a row's sum depends on itself alone
            told &= ~np.isnan(scores)
            inside &= (scores >= 0) & (scores <= 1)
            total += scores
        inside &= total > 0
        used = inside & (places < by_class.shape[1])
        p = by_class[used, places[used]] / total[used]
        terms = -np.log(np.clip(p, CLIP, 1 - CLIP))
        return cls(
            Facts.of_codes(
                np.where(told, OK, MISSING).astype(np.uint8),
                rows,
                out_of_range=int(np.count_nonzero(told) - np.count_nonzero(inside)),
                unseen=int(np.count_nonzero(inside) - np.count_nonzero(used)),
            ),
            ExactSum.of(terms),
            ExactSum.of(terms * terms),
        )

    @property
    def n(self) -> int:
        """The number of labels with scores that the log loss is of."""
        return self.facts.usable - self.facts.out_of_range - self.facts.unseen

    @property
    def fingerprint(self) -> str:
        return "class loss"

    def merge(self, other: ClassLossSummary) -> ClassLossSummary:
        """The summary of both."""
        return ClassLossSummary(
            self.facts + other.facts,
            self.log_loss + other.log_loss,
            self.squares + other.squares,
        )

    def subtract(self, other: ClassLossSummary) -> ClassLossSummary:
        """The inverse of :meth:`merge`; ``ValueError`` if ``other`` was never added."""
        return ClassLossSummary(
            self.facts - other.facts,
            self.log_loss - other.log_loss,
            self.squares - other.squares,
        )

    def to_wire(self) -> ClassLossWire:
        return ClassLossWire(
            self.facts.to_wire(), self.log_loss.to_bytes(), self.squares.to_bytes()
        )

    @classmethod
    def from_wire(cls, wire: ClassLossWire) -> ClassLossSummary:
        sums = unpack_sum(wire.log_loss), unpack_sum(wire.squares)
        summary = cls(Facts.from_wire(wire.facts), *sums)
        if summary.n < 0:
            raise damaged("the scores and their facts do not add up")
        return summary

    def to_state(self) -> bytes:
        return seal(self.to_wire())

    @classmethod
    def from_state(cls, data: bytes) -> ClassLossSummary:
        """Inverse of :meth:`to_state`; :class:`DataError` for what is no such state."""
        return cls.from_wire(unseal(data, ClassLossWire))
