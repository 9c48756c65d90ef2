"""Predictions and labels as numbers of eight bytes, so that they can be kept, sent and compared.

A classifier's answer is the :func:`~stream_monitor.statistics.hashing.stable_hash64` of its
canonical text, a regression's the bits of its float. Two classes with one hash would be one
class: the chance is 2^-64 a pair.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stream_monitor.events.columns import MISSING, OK, CodeArray, numeric, text
from stream_monitor.reference.model import Kind, Role, Task
from stream_monitor.statistics.arrays import FloatArray, IntArray
from stream_monitor.statistics.hashing import stable_hash64
from stream_monitor.summaries.score import positive_score, score_column

if TYPE_CHECKING:
    from stream_monitor.events.batch import EventBatch, RawColumn
    from stream_monitor.reference.model import Reference

Words = NDArray[np.uint64]


class Encoded(NamedTuple):
    """A column of answers: ``words`` uint64 (n,), 0 wherever the code (uint8) is not OK."""

    words: Words
    codes: CodeArray

    @property
    def numbers(self) -> FloatArray:
        """The answers of a regression; NaN wherever the code is not OK."""
        values = self.words.view(np.float64).copy()
        values[self.codes != OK] = np.nan
        return values

    def take(self, rows: IntArray | NDArray[np.bool_]) -> Encoded:
        """The given rows."""
        return Encoded(self.words[rows], self.codes[rows])

    @classmethod
    def nothing(cls, n: int) -> Encoded:
        """``n`` rows without an answer."""
        return cls(np.zeros(n, dtype=np.uint64), np.full(n, MISSING, dtype=np.uint8))


class Predictions(NamedTuple):
    """What a model said, in the form of its reference's task; all of n rows.

    ``scores`` float64, NaN wherever its code is not OK: of the positive class of a binary
    model, else of the predicted class. ``by_class`` float64 (n, C), the scores of a multiclass
    model's classes in the reference's order, NaN where there is none; or ``None``.
    """

    answers: Encoded
    scores: FloatArray
    score_codes: CodeArray
    by_class: FloatArray | None

    def __len__(self) -> int:
        return len(self.scores)

    def take(self, rows: IntArray | NDArray[np.bool_]) -> Predictions:
        """The given rows."""
        return Predictions(
            self.answers.take(rows),
            self.scores[rows],
            self.score_codes[rows],
            None if self.by_class is None else self.by_class[rows],
        )


def task_of(reference: Reference | None) -> Task:
    """What the model does, unknown without a reference."""
    return Task.UNKNOWN if reference is None else reference.task


def classes_of(reference: Reference | None) -> tuple[str, ...]:
    """The classes of the confusion matrix."""
    return () if reference is None else reference.classes


def is_boolean(reference: Reference | None) -> bool:
    """Whether predictions and labels are true and false, however they are written."""
    prediction = None if reference is None else reference.by_id.get(str(Role.PREDICTION))
    return prediction is not None and prediction.kind is Kind.BOOLEAN


def as_text(raw: RawColumn | None, n: int, *, boolean: bool = False) -> Encoded:
    """A raw column as classes."""
    texts, codes = text(raw, n, boolean=boolean)
    if codes is None:
        return Encoded(_hashes(texts), np.zeros(n, dtype=np.uint8))
    words = np.zeros(n, dtype=np.uint64)
    fine = [name for name in texts if name is not None]
    words[codes == OK] = _hashes(fine)
    return Encoded(words, codes)


def as_number(raw: RawColumn | None, n: int) -> Encoded:
    """A raw column as floats."""
    values, codes = numeric(raw, n)
    values = values + 0.0  # -0.0 and 0.0 are one number: one word
    if codes is None:
        return Encoded(values.view(np.uint64), np.zeros(n, dtype=np.uint8))
    words = np.where(codes == OK, values, 0.0).view(np.uint64)
    words[codes != OK] = 0
    return Encoded(words, codes)


def answers(raw: RawColumn | None, n: int, reference: Reference | None) -> Encoded:
    """A raw column of predictions or labels in the form of the reference's task."""
    if task_of(reference) is Task.REGRESSION:
        return as_number(raw, n)
    return as_text(raw, n, boolean=is_boolean(reference))


def predictions_of(batch: EventBatch, reference: Reference | None) -> Predictions:
    """What the model said in each row of a batch."""
    n, task = len(batch), task_of(reference)
    positive = None if reference is None else reference.positive
    raw = positive_score(batch, positive) if positive is not None else score_column(batch)
    scores, codes = numeric(raw, n)
    return Predictions(
        answers(batch.prediction, n, reference),
        scores,
        np.zeros(n, dtype=np.uint8) if codes is None else codes,
        _by_class(batch, classes_of(reference)) if task is Task.MULTICLASS else None,
    )


def places(words: Words, classes: tuple[str, ...]) -> IntArray:
    """Each answer's place among the classes (int64); ``len(classes)`` where it is none of them."""
    hashes, order = _table(classes)
    if not len(hashes):
        return np.zeros(len(words), dtype=np.int64)
    at = np.minimum(hashes.searchsorted(words), len(hashes) - 1)
    return np.where(hashes[at] == words, order[at], len(hashes))


@lru_cache(maxsize=1024)
def _table(classes: tuple[str, ...]) -> tuple[Words, IntArray]:
    hashes = stable_hash64(classes)
    order = np.argsort(hashes)
    return hashes[order], order


def _hashes(texts: list[str] | list[str | None]) -> Words:
    """Few classes are many rows' answer: each is hashed once."""
    place = {name: i for i, name in enumerate(dict.fromkeys(texts))}
    found = stable_hash64([name or "" for name in place])
    return found[np.fromiter(map(place.__getitem__, texts), np.intp, len(texts))]


def _by_class(batch: EventBatch, classes: tuple[str, ...]) -> FloatArray | None:
    """The scores of all classes, where any row has some; what is no number is NaN."""
    if batch.scores is None or not classes:
        return None
    rows = [row if isinstance(row, dict) else {} for row in batch.scores]
    columns = [numeric([row.get(name) for row in rows], len(rows)).values for name in classes]
    return np.stack(columns, axis=1)
