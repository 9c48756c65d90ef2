"""The predictions of one model that labels may still be of, and labels that wait for theirs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from enum import StrEnum

import numpy as np

from stream_monitor.events.columns import MISSING
from stream_monitor.joining.chunks import Chunks
from stream_monitor.joining.class_scores import ClassScores
from stream_monitor.joining.columns import RowStore
from stream_monitor.joining.given import Fresh, GivenLabels, same
from stream_monitor.joining.index import HashIndex
from stream_monitor.joining.messages import LabelPart, PredictionPart
from stream_monitor.joining.slicing import SliceCodes
from stream_monitor.statistics.arrays import BoolArray, IntArray
from stream_monitor.summaries.outcomes import Encoded, Predictions


class Outcome(StrEnum):
    """What became of a label or a prediction; the label ``outcome`` of their counters."""

    JOINED = "joined"  # a label has met its prediction
    REPEATED = "repeated"  # the same label again: not counted again
    CONTRADICTED = "contradicted"  # another label than the one before, which stays
    UNMATCHED = "unmatched"  # a label left before any prediction of its id came
    EXPIRED = "expired"  # a prediction left before its label came
    REPEATED_PREDICTION = "repeated_prediction"  # its id came before; the label is the first's


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

    The first label of an id counts, whenever it comes; of two predictions with one id it is
    the first one's.
    """

    def __init__(self) -> None:
        self.newest_ms: int | None = None  # of all predictions ever
        self.counts: Counter[Outcome] = Counter()
        self.slices = SliceCodes()
        self._rows = RowStore(_ROW)
        self._labels = RowStore(_LABEL)
        self._index = HashIndex()
        self._label_index = HashIndex()
        self._references: list[tuple[str, bool]] = []  # hash, and whether answers are numbers
        self._by_class = ClassScores()
        self._chunks = Chunks()
        self._fresh: list[Fresh] = []
        self.labelled = 0  # of the rows held
        self.waiting_labels = 0  # labels held that have no prediction yet

    def __len__(self) -> int:
        """Predictions held, with a label or without."""
        return len(self._rows)

    @property
    def nbytes(self) -> int:
        """The memory of all rows, without that of the index's sixteen bytes a row."""
        return self._rows.nbytes + self._labels.nbytes + self._by_class.nbytes

    @property
    def first_offset(self) -> int | None:
        """The offset on ``joins`` of the oldest message of which something is held."""
        return self._chunks.first_offset

    # -- predictions

    def add_predictions(self, part: PredictionPart, offset: int) -> None:
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
                "reference": np.full(len(part), self._reference(part)),
                "slice": self.slices.encode(part.cuts, len(part)),
                "offset": np.full(len(part), offset),
            }
        )
        self.labelled += int(np.count_nonzero(came))
        if said.by_class is not None:
            self._by_class.append(int(rows[0]), said.by_class)
        self._index.add(part.ids, rows)
        newest = int(part.timestamps.max())
        self.newest_ms = newest if self.newest_ms is None else max(newest, self.newest_ms)
        self._chunks.note(offset, self._rows.end, self._labels.end, newest)
        waiting = self._label_index.find(part.ids)
        hits = np.flatnonzero(waiting >= 0)
        if len(hits):
            labels = GivenLabels.of(self._labels, waiting[hits])
            self.waiting_labels -= int(np.count_nonzero(~self._labels.get("used", waiting[hits])))
            self._labels.put("used", waiting[hits], True)
            # Whoever reads the log again must find the label as long as its prediction.
            self._chunks.keep(labels.offsets, part.timestamps[hits])
            self._label(rows[hits], labels)

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
        self.waiting_labels += len(new)
        self._label_index.add(new.ids, numbers)
        newest = int(new.timestamps.max())
        self._chunks.note(offset, self._rows.end, self._labels.end, newest)

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
        """Rows that have got their label since the last call, by reference hash, each once."""
        parts, self._fresh = [part for part in self._fresh if len(part.rows)], []
        if not parts:
            return
        fresh = Fresh(*map(np.concatenate, zip(*parts, strict=True)))
        hashes = [hash_ for hash_, _ in self._references]
        codes = np.array([hashes.index(hash_) for hash_ in hashes])
        codes = codes[self._rows.get("reference", fresh.rows)]
        for code in np.unique(codes).tolist():
            yield hashes[code], fresh.take(np.flatnonzero(codes == code))

    def put_back(self, fresh: Fresh) -> None:
        """Give rows out again with the next :meth:`take_fresh`, if they are still held then."""
        self._fresh.append(fresh)

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
            self._by_class.get(rows),
        )

    def slice_codes(self, rows: IntArray) -> IntArray:
        """The slices of rows, for :meth:`SliceCodes.cuts`."""
        return self._rows.get("slice", rows).astype(np.int64)

    # -- what leaves

    def drop(self, horizon_ms: int, below_offset: int) -> int:
        """Forget the oldest messages: those wholly before a time, and those below an offset.

        How many rows with a label were put back, and are gone now.
        """
        ends = self._chunks.drop(horizon_ms, below_offset)
        if ends is None:
            return 0
        end, waiting_end = ends
        rows = np.arange(self._rows.start, end)
        unlabelled = int(np.count_nonzero(self._rows.get("state", rows) == _WAITING))
        self.counts[Outcome.EXPIRED] += unlabelled
        self.labelled -= len(rows) - unlabelled
        self._rows.drop(end)
        self._index.drop_below(end)
        self._by_class.drop(end)
        waiting = np.arange(self._labels.start, waiting_end)
        unused = int(np.count_nonzero(~self._labels.get("used", waiting)))
        self.counts[Outcome.UNMATCHED] += unused
        self.waiting_labels -= unused
        self._labels.drop(waiting_end)
        self._label_index.drop_below(waiting_end)
        put_back = sum(len(part.rows) for part in self._fresh)
        self._fresh = [part.take(np.flatnonzero(part.rows >= end)) for part in self._fresh]
        return put_back - sum(len(part.rows) for part in self._fresh)

    def _reference(self, part: PredictionPart) -> int:
        known = (part.reference_hash, part.numeric)
        if known not in self._references:
            self._references.append(known)
        return self._references.index(known)

    def _is_numeric(self, rows: IntArray) -> BoolArray:
        numeric = np.array([numeric for _, numeric in self._references], dtype=np.bool_)
        found: BoolArray = numeric[self._rows.get("reference", rows)]
        return found
