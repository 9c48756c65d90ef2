"""Scores of a binary model against labels: what AUC, Brier, log loss and calibration need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from stream_monitor.events.columns import OK, CodeArray, numeric
from stream_monitor.reference.calibration import BINARY_GRID, score_bins
from stream_monitor.statistics.arrays import read_only
from stream_monitor.statistics.exact_sum import ExactSum
from stream_monitor.summaries.codec import (
    IntArray,
    SparseWire,
    damaged,
    minus,
    pack_sparse,
    seal,
    unpack_sparse,
    unpack_sum,
    unseal,
)
from stream_monitor.summaries.facts import Facts, FactsWire

if TYPE_CHECKING:
    from stream_monitor.events.batch import RawColumn
    from stream_monitor.statistics.arrays import FloatArray

BINS: Final = BINARY_GRID
#: Equal-width bins of the calibration error; their edges are edges of the score bins.
CALIBRATION_BINS: Final = 10
_PER_CALIBRATION_BIN: Final = BINS // CALIBRATION_BINS
#: Log loss takes scores as at least this, and at most 1 less this.
CLIP: Final = 1e-15
_NEGATIVE, _POSITIVE, _OTHER, _UNLABELLED = 0, 1, 2, 3


class ScoreSums(NamedTuple):
    """Exact sums of two losses, and of their squares (each rounded once more).

    ``squared_error`` is of the doubles (s − y)², ``log_loss`` of the doubles −ln s for a
    positive and −ln(1 − s) for a negative label, s clipped to [1e-15, 1 − 1e-15].
    """

    squared_error: ExactSum = ExactSum()
    log_loss: ExactSum = ExactSum()
    squared_error_squares: ExactSum = ExactSum()
    log_loss_squares: ExactSum = ExactSum()

    @classmethod
    def of(cls, score: FloatArray, is_positive: NDArray[np.bool_]) -> ScoreSums:
        """Of scores in [0, 1]."""
        clipped = np.clip(score, CLIP, 1 - CLIP)
        squared_error = (score - is_positive) ** 2
        log_loss = -np.log(np.where(is_positive, clipped, 1 - clipped))
        terms = (squared_error, log_loss, squared_error**2, log_loss**2)
        return cls(*map(ExactSum.of, terms))


class ScoredWire(msgspec.Struct, array_like=True, frozen=True):
    """Counts sparse, sums in their own bytes."""

    facts: FactsWire
    negatives: SparseWire
    positives: SparseWire
    scores: list[bytes]
    sums: list[bytes]


@dataclass(frozen=True, slots=True, eq=False)
class ScoredSummary:
    """Scores of the positive class with their labels: an exact commutative group, bounded.

    ``negatives`` and ``positives`` (int64, (1000,), read-only) count the labels by score bin:
    bin i holds scores in (i/1000, (i + 1)/1000], bin 0 also the score 0. ``scores`` are the
    exact sums of the scores in the ten calibration bins (k/10, (k + 1)/10].

    ``facts`` counts the rows with a label: what is wrong with their scores;
    ``out_of_range`` scores outside [0, 1]; ``unseen`` labels of a third class with a score
    inside. Only the ``n`` other rows are in the counts and sums.
    """

    facts: Facts
    negatives: IntArray
    positives: IntArray
    scores: tuple[ExactSum, ...]
    sums: ScoreSums

    @classmethod
    def empty(cls) -> ScoredSummary:
        """The identity of :meth:`merge`."""
        none = read_only(np.zeros(BINS, dtype=np.int64))
        return cls(Facts(), none, none, (ExactSum(),) * CALIBRATION_BINS, ScoreSums())

    @classmethod
    def of(
        cls,
        labels: Sequence[str | None],
        raw: RawColumn | None,
        classes: tuple[str, ...],
        positive: str,
    ) -> ScoredSummary:
        """The summary of two equally long columns; a row without a label is left out.

        ``raw`` has the score of class ``positive`` of each row (``None``: missing in all).
        """
        place: dict[str | None, int] = dict.fromkeys(classes, _NEGATIVE)
        place |= {positive: _POSITIVE, None: _UNLABELLED}
        rows = len(labels)
        kinds = np.fromiter((place.get(label, _OTHER) for label in labels), np.uint8, rows)
        labelled = kinds != _UNLABELLED
        values, codes = numeric(raw, rows)
        return cls.of_kinds(
            kinds[labelled], values[labelled], None if codes is None else codes[labelled]
        )

    @classmethod
    def of_kinds(
        cls, kinds: NDArray[np.uint8], values: FloatArray, codes: CodeArray | None
    ) -> ScoredSummary:
        """The same of labelled rows: ``kinds`` 0 negative, 1 positive, 2 any other class.

        ``values`` are the scores, ``codes`` what is wrong with them (``None``: nothing).
        """
        rows = len(kinds)
        inside = (values >= 0) & (values <= 1)
        usable = np.ones(rows, dtype=np.bool_) if codes is None else codes == OK
        inside &= usable
        told = inside & (kinds <= _POSITIVE)
        facts = Facts.of_codes(
            codes,
            rows,
            out_of_range=int(np.count_nonzero(usable) - np.count_nonzero(inside)),
            unseen=int(np.count_nonzero(inside) - np.count_nonzero(told)),
        )
        score, is_positive = values[told], kinds[told] == _POSITIVE
        if not len(score):
            return replace(cls.empty(), facts=facts)
        bins = score_bins(score, BINS)
        return cls(
            facts,
            read_only(np.bincount(bins[~is_positive], minlength=BINS)),
            read_only(np.bincount(bins[is_positive], minlength=BINS)),
            _sums_by(bins // _PER_CALIBRATION_BIN, score),
            ScoreSums.of(score, is_positive),
        )

    @property
    def n(self) -> int:
        """The number of labels with a score that all figures are of."""
        return self.facts.usable - self.facts.out_of_range - self.facts.unseen

    @property
    def fingerprint(self) -> str:
        return f"scored:{BINS}:{CALIBRATION_BINS}"

    def merge(self, other: ScoredSummary) -> ScoredSummary:
        """The summary of both."""
        return ScoredSummary(
            self.facts + other.facts,
            read_only(self.negatives + other.negatives),
            read_only(self.positives + other.positives),
            tuple(a + b for a, b in zip(self.scores, other.scores, strict=True)),
            ScoreSums(*(a + b for a, b in zip(self.sums, other.sums, strict=True))),
        )

    def subtract(self, other: ScoredSummary) -> ScoredSummary:
        """The inverse of :meth:`merge`; ``ValueError`` if ``other`` was never added."""
        return ScoredSummary(
            self.facts - other.facts,
            minus(self.negatives, other.negatives),
            minus(self.positives, other.positives),
            tuple(a - b for a, b in zip(self.scores, other.scores, strict=True)),
            ScoreSums(*(a - b for a, b in zip(self.sums, other.sums, strict=True))),
        )

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, ScoredSummary)
            and self.facts == other.facts
            and np.array_equal(self.negatives, other.negatives)
            and np.array_equal(self.positives, other.positives)
            and self.scores == other.scores
            and self.sums == other.sums
        )

    def to_wire(self) -> ScoredWire:
        return ScoredWire(
            self.facts.to_wire(),
            pack_sparse(self.negatives),
            pack_sparse(self.positives),
            [total.to_bytes() for total in self.scores],
            [total.to_bytes() for total in self.sums],
        )

    @classmethod
    def from_wire(cls, wire: ScoredWire) -> ScoredSummary:
        if len(wire.sums) != len(ScoreSums._fields):
            raise damaged("a sum of losses is missing")
        scores = tuple(map(unpack_sum, wire.scores))
        summary = cls(
            Facts.from_wire(wire.facts),
            unpack_sparse(wire.negatives, BINS),
            unpack_sparse(wire.positives, BINS),
            scores,
            ScoreSums(*map(unpack_sum, wire.sums)),
        )
        if len(scores) != CALIBRATION_BINS or summary.n != int(
            summary.negatives.sum() + summary.positives.sum()
        ):
            raise damaged("the scores and their facts do not add up")
        return summary

    def to_state(self) -> bytes:
        return seal(self.to_wire())

    @classmethod
    def from_state(cls, data: bytes) -> ScoredSummary:
        """Inverse of :meth:`to_state`; :class:`DataError` for what is no such state."""
        return cls.from_wire(unseal(data, ScoredWire))


def _sums_by(keys: IntArray, values: FloatArray) -> tuple[ExactSum, ...]:
    return tuple(ExactSum.of(values[keys == key]) for key in range(CALIBRATION_BINS))
