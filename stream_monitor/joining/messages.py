"""What readers of ``predictions`` and ``labels`` tell the joiners on the topic ``joins``.

A label and its prediction have one thing in common, the ``prediction_id``, and nobody can be
sure of how producers key their messages. So both are told, as compact columns, to the
partition of ``joins`` that the id's hash points to.

Every message states the *range* of source offsets it covers for its partition, without a
hole to the one before. A joiner takes each range once: what was sent again after a crash is
known by its offsets, and what was lost on the way is not jumped over (see :class:`Ranges`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from stream_monitor.errors import StreamMonitorError
from stream_monitor.events.columns import MISSING
from stream_monitor.statistics.arrays import IntArray
from stream_monitor.summaries.outcomes import Encoded, Predictions, Words
from stream_monitor.summaries.slices import Cut

_VERSION = 1


class BadJoinMessageError(StreamMonitorError):
    """A message on ``joins`` is damaged or of a version this worker does not know."""


class Source(NamedTuple):
    """A partition that is read: ``topic`` is ``predictions`` or ``labels``."""

    topic: str
    partition: int


class Range(NamedTuple):
    """Source offsets ``[start, end)``; ``fresh``: the first of a reader that began at ``start``.

    A reader begins where its group has committed, so everything before a fresh range has
    been acknowledged by the broker.
    """

    start: int
    end: int
    fresh: bool


@dataclass(frozen=True, slots=True)
class PredictionPart:
    """Predictions of one model and reference, rows by source offset.

    ``numeric``: the reference's answers are numbers (a regression), and so are its labels.
    ``ids`` uint64, ``offsets`` and ``timestamps`` int64, all (n,). ``labels`` are those that
    came with the event (code MISSING: none), ``cuts`` the slices.
    """

    model: str
    reference_hash: str
    numeric: bool
    offsets: IntArray
    ids: Words
    timestamps: IntArray
    predictions: Predictions
    labels: Encoded
    cuts: Mapping[str, Cut]

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: IntArray) -> PredictionPart:
        """The given rows."""
        return PredictionPart(
            self.model,
            self.reference_hash,
            self.numeric,
            self.offsets[rows],
            self.ids[rows],
            self.timestamps[rows],
            self.predictions.take(rows),
            self.labels.take(rows),
            {name: Cut(values, codes[rows]) for name, (values, codes) in self.cuts.items()},
        )


@dataclass(frozen=True, slots=True)
class LabelPart:
    """Labels of one model, rows by source offset; each as a class and as a number."""

    model: str
    offsets: IntArray
    ids: Words
    timestamps: IntArray
    texts: Encoded
    numbers: Encoded

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: IntArray) -> LabelPart:
        """The given rows."""
        return LabelPart(
            self.model,
            self.offsets[rows],
            self.ids[rows],
            self.timestamps[rows],
            self.texts.take(rows),
            self.numbers.take(rows),
        )


Part = PredictionPart | LabelPart


@dataclass(frozen=True, slots=True)
class JoinMessage:
    """All that a range of source offsets holds for one partition of ``joins``."""

    source: Source
    range: Range
    parts: tuple[Part, ...]

    def encode(self) -> bytes:
        return _encoder.encode(
            (_VERSION, tuple(self.source), tuple(self.range), [_wire(p) for p in self.parts])
        )


class _PredictionWire(msgspec.Struct, array_like=True, frozen=True, tag="p"):
    model: str
    reference_hash: str
    numeric: bool
    offsets: bytes
    ids: bytes
    timestamps: bytes
    answers: bytes
    answer_codes: bytes
    scores: bytes
    score_codes: bytes
    by_class: bytes | None
    labels: bytes | None
    label_codes: bytes | None
    cuts: dict[str, tuple[list[str], bytes]]


class _LabelWire(msgspec.Struct, array_like=True, frozen=True, tag="l"):
    model: str
    offsets: bytes
    ids: bytes
    timestamps: bytes
    texts: bytes
    text_codes: bytes
    numbers: bytes
    number_codes: bytes


class _MessageWire(msgspec.Struct, array_like=True, frozen=True):
    version: int
    source: tuple[str, int]
    range: tuple[int, int, bool]
    parts: list[_PredictionWire | _LabelWire]


def decode_join(data: bytes) -> JoinMessage:
    """The message in ``data``; its arrays may be read-only.

    Raises:
        BadJoinMessageError: it is damaged, or of another version.
    """
    try:
        wire = _decoder.decode(data)
        if wire.version != _VERSION:
            raise BadJoinMessageError(
                f"a message on the joins topic has version {wire.version}, which this "
                f"program does not know: it reads version {_VERSION}"
            )
        return JoinMessage(
            Source(*wire.source), Range(*wire.range), tuple(_part(part) for part in wire.parts)
        )
    except (msgspec.MsgspecError, ValueError) as error:
        raise BadJoinMessageError(f"a message on the joins topic is damaged: {error}") from error


def _wire(part: Part) -> _PredictionWire | _LabelWire:
    if isinstance(part, LabelPart):
        return _LabelWire(
            part.model,
            part.offsets.tobytes(),
            part.ids.tobytes(),
            part.timestamps.tobytes(),
            part.texts.words.tobytes(),
            part.texts.codes.tobytes(),
            part.numbers.words.tobytes(),
            part.numbers.codes.tobytes(),
        )
    said = part.predictions
    labelled = (part.labels.codes != MISSING).any() or part.labels.words.any()
    return _PredictionWire(
        part.model,
        part.reference_hash,
        part.numeric,
        part.offsets.tobytes(),
        part.ids.tobytes(),
        part.timestamps.tobytes(),
        said.answers.words.tobytes(),
        said.answers.codes.tobytes(),
        said.scores.tobytes(),
        said.score_codes.tobytes(),
        None if said.by_class is None else said.by_class.tobytes(),
        part.labels.words.tobytes() if labelled else None,
        part.labels.codes.tobytes() if labelled else None,
        {
            name: (list(values), codes.astype("<i4").tobytes())
            for name, (values, codes) in part.cuts.items()
        },
    )


def _part(wire: _PredictionWire | _LabelWire) -> Part:
    ids = np.frombuffer(wire.ids, dtype="<u8")
    n = len(ids)
    offsets, times = _column(wire.offsets, "<i8", n), _column(wire.timestamps, "<i8", n)
    if isinstance(wire, _LabelWire):
        return LabelPart(
            wire.model,
            offsets,
            ids,
            times,
            _encoded(wire.texts, wire.text_codes, n),
            _encoded(wire.numbers, wire.number_codes, n),
        )
    by_class = None
    if wire.by_class is not None:
        by_class = np.frombuffer(wire.by_class, dtype="<f8").reshape(n, -1 if n else 0)
    return PredictionPart(
        wire.model,
        wire.reference_hash,
        wire.numeric,
        offsets,
        ids,
        times,
        Predictions(
            _encoded(wire.answers, wire.answer_codes, n),
            _column(wire.scores, "<f8", n),
            _column(wire.score_codes, "u1", n),
            by_class,
        ),
        Encoded.nothing(n)
        if wire.labels is None or wire.label_codes is None
        else _encoded(wire.labels, wire.label_codes, n),
        {
            name: _cut(tuple(values), _column(codes, "<i4", n))
            for name, (values, codes) in wire.cuts.items()
        },
    )


def _cut(values: tuple[str, ...], codes: NDArray[np.int32]) -> Cut:
    if len(codes) and not -1 <= codes.min() <= codes.max() < len(values):
        raise ValueError("a slice points to no value")
    return Cut(values, codes.astype(np.int64))


def _encoded(words: bytes, codes: bytes, n: int) -> Encoded:
    return Encoded(_column(words, "<u8", n), _column(codes, "u1", n))


def _column(data: bytes, kind: str, n: int) -> NDArray[Any]:
    column = np.frombuffer(data, dtype=kind)
    if len(column) != n:
        raise ValueError("its columns are of unlike length")
    return column


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_MessageWire)
