"""The score of each row: as it was sent, or picked out of the scores of all classes."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from stream_monitor.events.columns import text

if TYPE_CHECKING:
    from stream_monitor.events.batch import EventBatch, RawColumn


def score_column(batch: EventBatch) -> RawColumn | None:
    """The raw score column of a batch; ``None`` if no row has one.

    A row without ``score`` but with ``scores`` gets the score of its predicted class, by the
    prediction's canonical text; if ``scores`` does not have that class, the largest finite
    score. ``scores`` that is no mapping, or holds no number, is passed on as it is, so that
    it is counted as a wrong type. Rows are independent: a batch may be cut anywhere.
    """
    if batch.scores is None or isinstance(batch.score, np.ndarray):
        return batch.score  # an array has a score in every row
    rows = len(batch)
    labels = text(batch.prediction, rows).texts
    given: RawColumn = [None] * rows if batch.score is None else batch.score
    return [
        score if score is not None or scores is None else _pick(scores, label)
        for score, scores, label in zip(given, batch.scores, labels, strict=True)
    ]


def positive_score(batch: EventBatch, positive: str) -> RawColumn | None:
    """The raw score of the positive class in each row; ``None`` if no row has one.

    Out of ``scores`` where they have that class, else ``score`` as it is.
    """
    if batch.scores is None:
        return batch.score
    given = [None] * len(batch) if batch.score is None else list(batch.score)
    return [
        scores[positive] if isinstance(scores, Mapping) and positive in scores else score
        for score, scores in zip(given, batch.scores, strict=True)
    ]


def _pick(scores: object, label: str | None) -> object:
    if not isinstance(scores, Mapping) or not scores:
        return scores or None
    if label is not None and label in scores:
        return scores[label]
    numbers = [score for score in scores.values() if _is_finite(score)]
    return max(numbers) if numbers else scores


def _is_finite(score: object) -> bool:
    if not isinstance(score, int | float) or isinstance(score, bool):
        return False
    return -sys.float_info.max <= score <= sys.float_info.max
