"""Why an event or a label is not sent: one word, counted, never an error in the model's path."""

from __future__ import annotations

from enum import StrEnum


class Refusal(StrEnum):
    """The ``reason`` of every refused row. Those the worker has too have the worker's names."""

    WRONG_TYPE = "wrong_type"  # of the envelope; a feature's wrong type is for the monitor
    MISSING_FIELD = "missing_field"  # a label without its prediction's id or without the truth
    BAD_TIMESTAMP = "bad_timestamp"  # no time, in another unit, or without its offset to UTC
    FUTURE_TIMESTAMP = "future_timestamp"
    RAGGED_COLUMNS = "ragged_columns"  # of ``log_batch``: all its rows
    TOO_LARGE = "too_large"  # names, nesting or bytes beyond the limits of a message
    UNSERIALISABLE = "unserialisable"  # an object that JSON has nothing for
    CLOSED = "closed"  # logged after ``close``
    UNEXPECTED = "unexpected"  # a bug of ours, or of an object that was logged


class RefusedError(Exception):
    """``rows`` rows that cannot be sent as they are; caught where they are taken or packed."""

    def __init__(self, reason: Refusal, rows: int = 1) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.rows = rows
