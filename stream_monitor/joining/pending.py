"""The predictions of one model that labels may still be of, and labels that wait for theirs."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from stream_monitor.events.columns import MISSING
from stream_monitor.joining.columns import RowStore
from stream_monitor.joining.given import GivenLabels, same
from stream_monitor.joining.index import HashIndex
from stream_monitor.joining.messages import LabelPart, PredictionPart
from stream_monitor.joining.slicing import SliceCodes
from stream_monitor.statistics.arrays import BoolArray, FloatArray, IntArray
from stream_monitor.summaries.outcomes import Encoded, Predictions


class Outcome(StrEnum):
    """What became of a label or a prediction; the label ``outcome`` of their counters."""

    JOINED = "joined"  # a label has met its prediction
    REPEATED = "repeated"  # the same label again: not counted again
    CONTRADICTED = "contradicted"  # another label than the one before, which stays
    UNMATCHED = "unmatched"  # a label left before any prediction of its id came
    EXPIRED = "expired"  # a prediction left before its label came
    REPEATED_PREDICTION = "repeated_prediction"  # its id came before; the label is the first's


class Fresh(NamedTuple):
    """Rows that have got their label: which, how many seconds after, and from which offset."""

    rows: IntArray
    delays_s: FloatArray
    firsts: IntArray  # the smaller of the offsets of prediction and label on ``joins``


class _Chunk(NamedTuple):
    """Rows of one message: up to which number, when the newest was, at which offset."""

    offset: int
    end: int
    waiting_end: int
    newest_ms: int


_WAITING, _LABELLED, _CAME_LABELLED = 0, 1, 2

_ROW = {
    "at": np.int64,
    "answer": np.uint64,
    "answer_code": np.uint8,
    "score": np.float64,
    "score_code": np.uint8,
    "label": np.uint64,
    "label_code": np.uint8,
    "state": np.uint8,
    "reference": np.int16,
    "slice": np.int32,
    "offset": np.int64,
}
_LABEL = {
    "at": np.int64,
    "text": np.uint64,
    "text_code": np.uint8,
    "number": np.uint64,
    "number_code": np.uint8,
    "used": np.bool_,
    "offset": np.int64,
}


class Pending:
    """Rows of one model, oldest first, bounded by whoever calls :meth:`drop`.

    ``numeric`` says of a reference's hash whether its answers are numbers. The first label of
    an id counts, whenever it comes; of two predictions with one id it is the first one's.
    """

    def __init__(self) -> None:
        self.newest_ms: int | None = None  # of all predictions ever
        self.counts: Counter[Outcome] = Counter()
        self.slices = SliceCodes()
        self._rows = RowStore(_ROW)
        self._labels = RowStore(_LABEL)
        self._index = HashIndex()
        self._label_index = HashIndex()
        self._references: list[str] = []
        self._numeric: list[bool] = []
        self._by_class: deque[tuple[int, FloatArray]] = deque()
        self._chunks: deque[_Chunk] = deque()
        self._fresh: list[Fresh] = []
        self.labelled = 0  # of the rows held

    def __len__(self) -> int:
        """Predictions held, with a label or without."""
        return len(self._rows)

    @property
    def waiting_labels(self) -> int:
        """Labels held that have no prediction yet."""
        held = np.arange(self._labels.start, self._labels.end)
        return int(np.count_nonzero(~self._labels.get("used", held)))

    @property
    def nbytes(self) -> int:
        """The memory of all rows, without that of the index's sixteen bytes a row."""
        return self._rows.nbytes + self._labels.nbytes

    @property
    def first_offset(self) -> int | None:
        """The offset on ``joins`` of the oldest message of which something is held."""
        return self._chunks[0].offset if self._chunks else None

    # -- predictions

    def add_predictions(self, part: PredictionPart, numeric: bool, offset: int) -> None:
        """Take predictions in; labels that wait for them meet them."""
        ids, firsts = np.unique(part.ids, return_index=True)
        new = self._index.find(ids) < 0
        kept = np.sort(firsts[new])
        self.counts[Outcome.REPEATED_PREDICTION] += len(part) - len(kept)
        if not len(kept):
            return
        part = part if len(kept) == len(part) else part.take(kept)
        said = part.predictions
        came = part.labels.codes != MISSING
        rows = self._rows.append(
            {
                "at": part.timestamps,
                "answer": said.answers.words,
                "answer_code": said.answers.codes,
                "score": said.scores,
                "score_code": said.score_codes,
                "label": part.labels.words,
                "label_code": part.labels.codes,
                "state": np.where(came, _CAME_LABELLED, _WAITING),
                "reference": np.full(len(part), self._reference(part.reference_hash, numeric)),
                "slice": self.slices.encode(part.cuts, len(part)),
                "offset": np.full(len(part), offset),
            }
        )
        self.labelled += int(np.count_nonzero(came))
        if said.by_class is not None:
            self._by_class.append((int(rows[0]), said.by_class))
        self._index.add(part.ids, rows)
        newest = int(part.timestamps.max())
        self.newest_ms = newest if self.newest_ms is None else max(newest, self.newest_ms)
        self._note(offset, newest)
        waiting = self._label_index.find(part.ids)
        hits = np.flatnonzero(waiting >= 0)
        if len(hits):
            self._labels.put("used", waiting[hits], True)
            self._label(rows[hits], GivenLabels.of(self._labels, waiting[hits]))

    # -- labels

    def add_labels(self, part: LabelPart, offset: int) -> None:
        """Take labels in; those without a prediction wait for it."""
        left = np.arange(len(part))
        while len(left):  # once for each time that an id is repeated
            _, firsts = np.unique(part.ids[left], return_index=True)
            now = left[np.sort(firsts)]
            self._add_labels(part if len(now) == len(part) else part.take(now), offset)
            left = np.setdiff1d(left, now, assume_unique=True)

    def _add_labels(self, part: LabelPart, offset: int) -> None:
        rows = self._index.find(part.ids)
        hits = np.flatnonzero(rows >= 0)
        if len(hits):
            self._label(rows[hits], GivenLabels.of_part(part, offset, hits))
        missed = np.flatnonzero(rows < 0)
        if not len(missed):
            return
        waiting = self._label_index.find(part.ids[missed])
        again = np.flatnonzero(waiting >= 0)
        if len(again):
            before = GivenLabels.of(self._labels, waiting[again])
            self._compare(before, GivenLabels.of_part(part, offset, missed[again]))
        new = part.take(missed[waiting < 0])
        if not len(new):
            return
        numbers = self._labels.append(
            {
                "at": new.timestamps,
                "text": new.texts.words,
                "text_code": new.texts.codes,
                "number": new.numbers.words,
                "number_code": new.numbers.codes,
                "used": np.zeros(len(new), dtype=np.bool_),
                "offset": np.full(len(new), offset),
            }
        )
        self._label_index.add(new.ids, numbers)
        self._note(offset, int(new.timestamps.max()))

    def _label(self, rows: IntArray, labels: GivenLabels) -> None:
        """Give labels to rows, each row once: the first one stays."""
        given = labels.chosen(self._is_numeric(rows))
        state = self._rows.get("state", rows)
        open_ = np.flatnonzero(state == _WAITING)
        had = np.flatnonzero(state != _WAITING)
        if len(had):
            before = Encoded(
                self._rows.get("label", rows[had]), self._rows.get("label_code", rows[had])
            )
            self._again(same(before, given.take(had)))
        if len(open_):
            to = rows[open_]
            self._rows.put("label", to, given.words[open_])
            self._rows.put("label_code", to, given.codes[open_])
            self._rows.put("state", to, _LABELLED)
            self.labelled += len(to)
            self.counts[Outcome.JOINED] += len(to)
            delays = (labels.at[open_] - self._rows.get("at", to)) / 1000.0
            firsts = np.minimum(labels.offsets[open_], self._rows.get("offset", to))
            self._fresh.append(Fresh(to, delays, firsts))

    def _compare(self, before: GivenLabels, now: GivenLabels) -> None:
        alike = same(before.texts, now.texts) & same(before.numbers, now.numbers)
        self._again(alike)

    def _again(self, alike: BoolArray) -> None:
        """Count labels of ids that have one: ``alike`` says which are the same."""
        repeated = int(np.count_nonzero(alike))
        self.counts[Outcome.REPEATED] += repeated
        self.counts[Outcome.CONTRADICTED] += len(alike) - repeated

    # -- what came of it

    def take_fresh(self) -> Iterator[tuple[str, Fresh]]:
        """Rows that have got their label since the last call, by reference hash."""
        fresh, self._fresh = self._fresh, []
        if not fresh:
            return
        rows = np.concatenate([part.rows for part in fresh])
        delays = np.concatenate([part.delays_s for part in fresh])
        firsts = np.concatenate([part.firsts for part in fresh])
        codes = self._rows.get("reference", rows)
        for code in np.unique(codes).tolist():
            of = codes == code
            yield self._references[code], Fresh(rows[of], delays[of], firsts[of])

    def times(self, rows: IntArray) -> IntArray:
        """Event times of rows, ms."""
        times: IntArray = self._rows.get("at", rows)
        return times

    def labels(self, rows: IntArray) -> Encoded:
        """The labels of rows."""
        return Encoded(self._rows.get("label", rows), self._rows.get("label_code", rows))

    def predictions(self, rows: IntArray) -> Predictions:
        """What the model said in rows."""
        return Predictions(
            Encoded(self._rows.get("answer", rows), self._rows.get("answer_code", rows)),
            self._rows.get("score", rows),
            self._rows.get("score_code", rows),
            self._scores_by_class(rows),
        )

    def slice_codes(self, rows: IntArray) -> IntArray:
        """The slices of rows, for :meth:`SliceCodes.cuts`."""
        return self._rows.get("slice", rows).astype(np.int64)

    # -- what leaves

    def drop(self, horizon_ms: int, below_offset: int) -> None:
        """Forget the oldest messages: those wholly before a time, and those below an offset."""
        end = waiting_end = None
        while self._chunks:
            chunk = self._chunks[0]
            if chunk.newest_ms >= horizon_ms and chunk.offset >= below_offset:
                break
            end, waiting_end = chunk.end, chunk.waiting_end
            self._chunks.popleft()
        if end is not None and waiting_end is not None:
            self._drop_rows(end, waiting_end)

    def _drop_rows(self, end: int, waiting_end: int) -> None:
        rows = np.arange(self._rows.start, end)
        unlabelled = int(np.count_nonzero(self._rows.get("state", rows) == _WAITING))
        self.counts[Outcome.EXPIRED] += unlabelled
        self.labelled -= len(rows) - unlabelled
        self._rows.drop(end)
        self._index.drop_below(end)
        waiting = np.arange(self._labels.start, waiting_end)
        unused = int(np.count_nonzero(~self._labels.get("used", waiting)))
        self.counts[Outcome.UNMATCHED] += unused
        self._labels.drop(waiting_end)
        self._label_index.drop_below(waiting_end)
        while len(self._by_class) > 1 and self._by_class[1][0] <= end:
            self._by_class.popleft()

    def _note(self, offset: int, newest_ms: int) -> None:
        self._chunks.append(_Chunk(offset, self._rows.end, self._labels.end, newest_ms))

    def _reference(self, hash_: str, numeric: bool) -> int:
        if hash_ not in self._references:
            self._references.append(hash_)
            self._numeric.append(numeric)
        return self._references.index(hash_)

    def _is_numeric(self, rows: IntArray) -> BoolArray:
        numeric = np.array(self._numeric, dtype=np.bool_)
        found: BoolArray = numeric[self._rows.get("reference", rows)]
        return found

    def _scores_by_class(self, rows: IntArray) -> FloatArray | None:
        if not self._by_class:
            return None
        starts = np.array([start for start, _ in self._by_class])
        place = np.maximum(starts.searchsorted(rows, side="right") - 1, 0)
        width = max(matrix.shape[1] for _, matrix in self._by_class)
        scores = np.full((len(rows), width), np.nan)
        for at in np.unique(place).tolist():
            start, matrix = self._by_class[at]
            inside = np.flatnonzero((place == at) & (rows >= start) & (rows < start + len(matrix)))
            scores[inside, : matrix.shape[1]] = matrix[rows[inside] - start]
        return scores
