"""Rows to columnar JSON messages: one row that cannot be sent never takes others with it.

JSON, not Arrow: a column may hold values of several types, which is what a monitor is for, and
a model server need not load an array library. ``events/columnar.py`` reads what is made here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from msgspec import Raw
from msgspec.json import encode

from stream_monitor.client import check, trace
from stream_monitor.client.plain import plain_column
from stream_monitor.client.refusals import Refusal, RefusedError
from stream_monitor.client.rows import Event, Label
from stream_monitor.events.json_text import dump
from stream_monitor.events.limits import Limits

Row = TypeVar("Row")
Header = tuple[str, bytes]

_LIMITS = Limits()
_IDS: frozenset[type] = frozenset({str, int, type(None)})
_VERSIONS: frozenset[type] = frozenset({str, int, float, type(None)})
# how many cells a message may have for each value that is there, beyond some that are free
_FREE_CELLS, _CELLS_A_VALUE = 10_000, 4


@dataclass(frozen=True, slots=True)
class Message:
    """One message to Kafka and how many rows it holds."""

    value: bytes
    rows: int
    headers: tuple[Header, ...] = ()


@dataclass(frozen=True, slots=True)
class Packed:
    """All of the rows: in messages, or refused."""

    messages: tuple[Message, ...] = ()
    refused: Mapping[Refusal, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Packer(Generic[Row]):
    """How rows of one model become messages of at most ``max_bytes``.

    ``encode`` is ``encode_events`` or ``encode_labels``. ``breathe`` is called between columns,
    so that a thread that packs lets others run: while it encodes, nobody else has the GIL.
    """

    model: str
    encode: Callable[[Packer[Row], Sequence[Row], int], Message]
    max_bytes: int
    limits: Limits = _LIMITS
    breathe: Callable[[], None] = lambda: None

    def pack(self, rows: Sequence[Row], now_ms: int) -> Packed:
        """The rows in messages, in their order; never raises for what a row holds.

        ``now_ms`` is the time that event times must not be far after.
        """
        try:
            return Packed((self.encode(self, rows, now_ms),)) if rows else Packed()
        except BaseException:  # some row's fault, or no row's: together they may be too large
            return self._sift(rows, now_ms)

    def _sift(self, rows: Sequence[Row], now_ms: int) -> Packed:
        """The same by the row: those that go alone are packed, the others counted."""
        good: list[Row] = []
        refused: Counter[Refusal] = Counter()
        for row in rows:
            try:
                self.encode(self, [row], now_ms)
            except BaseException as error:  # an object may raise anything, SystemExit too
                refused[_why(error)] += 1
            else:
                good.append(row)
        return Packed(tuple(self._halved(good, now_ms)), refused)

    def _halved(self, rows: Sequence[Row], now_ms: int) -> list[Message]:
        """Rows that each go alone, in as few messages as halving them finds."""
        if not rows:
            return []
        try:
            return [self.encode(self, rows, now_ms)]
        except RefusedError:
            half = len(rows) // 2
            return self._halved(rows[:half], now_ms) + self._halved(rows[half:], now_ms)

    def message(
        self, columns: Mapping[str, object], rows: int, headers: tuple[Header, ...] = ()
    ) -> Message:
        """The message of the encoded columns; raises ``RefusedError`` where it is too large."""
        value = encode({"model": self.model, "columns": columns})
        if len(value) > self.max_bytes:
            raise RefusedError(Refusal.TOO_LARGE)
        return Message(value, rows, headers)

    def column(self, values: list[Any]) -> Raw | None:
        """A column as JSON, None where no row has a value."""
        self.breathe()
        found = plain_column(values)
        return None if found.count(None) == len(found) else Raw(dump(found))

    def table(self, rows: Sequence[Mapping[Any, object] | None]) -> dict[str, Raw] | None:
        """A column for each name in the rows' mappings, None where there is no name."""
        found = check.names(rows, self.limits)
        if not found:
            return None
        full = [row or {} for row in rows]
        cells = len(full) * len(found)
        if cells > _FREE_CELLS and cells > _CELLS_A_VALUE * sum(map(len, full)):
            raise RefusedError(Refusal.TOO_LARGE)  # mostly empty: halves have fewer names
        columns = {str(name): self.column([row.get(name) for row in full]) for name in found}
        return {name: column for name, column in columns.items() if column is not None}


def encode_events(packer: Packer[Event], rows: Sequence[Event], now_ms: int) -> Message:
    """Predictions as one message; raises ``RefusedError`` and whatever odd objects raise."""
    traces = [trace.valid(row.traceparent, row.tracestate) for row in rows]
    columns = {
        "timestamp": packer.column(
            check.times([row.timestamp for row in rows], now_ms, packer.limits)
        ),
        "prediction_id": packer.column(check.typed([row.prediction_id for row in rows], _IDS)),
        "model_version": packer.column(check.typed([row.model_version for row in rows], _VERSIONS)),
        "features": packer.table([row.features for row in rows]),
        "prediction": packer.column([row.prediction for row in rows]),
        "score": packer.column([row.score for row in rows]),
        "scores": packer.table([row.scores for row in rows]),
        "latency_ms": packer.column([row.latency_ms for row in rows]),
        "ground_truth": packer.column([row.ground_truth for row in rows]),
        "segments": packer.table([row.segments for row in rows]),
        trace.TRACEPARENT: packer.column([parent for parent, _ in traces]),
        trace.TRACESTATE: packer.column([state for _, state in traces]),
    }
    given = {name: column for name, column in columns.items() if column is not None}
    return packer.message(given, len(rows), _trace_headers(set(traces)))


def encode_labels(packer: Packer[Label], rows: Sequence[Label], now_ms: int) -> Message:
    """Labels as one message; raises ``RefusedError`` and whatever odd objects raise."""
    ids = check.typed([row.prediction_id for row in rows], _IDS)
    truths = plain_column([row.ground_truth for row in rows])
    if None in ids or "" in ids or any(truth is None for truth in truths):
        raise RefusedError(Refusal.MISSING_FIELD)
    when = check.times([row.timestamp for row in rows], now_ms, packer.limits)
    columns = {
        "prediction_id": packer.column(ids),
        "ground_truth": packer.column(truths),
        "timestamp": packer.column(when),
    }
    return packer.message(columns, len(rows))


def _trace_headers(traces: set[tuple[str | None, str | None]]) -> tuple[Header, ...]:
    """The trace of a message, where all its rows are of one."""
    if len(traces) != 1:
        return ()
    names = (trace.TRACEPARENT, trace.TRACESTATE)
    return tuple(
        (name, text.encode()) for name, text in zip(names, traces.pop(), strict=True) if text
    )


def _why(error: BaseException) -> Refusal:
    if isinstance(error, RefusedError):
        return error.reason
    if isinstance(error, TypeError | ValueError | OverflowError):  # UnicodeError is a ValueError
        return Refusal.UNSERIALISABLE
    return Refusal.TOO_LARGE if isinstance(error, RecursionError) else Refusal.UNEXPECTED
