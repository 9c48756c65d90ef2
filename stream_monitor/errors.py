"""One exception tree, split by whose fault it is.

A bad message goes to the dead letters, a bad configuration refuses to start, a bad
data file stops the command that reads it, an unlike summary is dropped and counted.
Anything else is a bug and crashes.
"""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why a message could not be read; the ``reason`` label of every rejection count."""

    EMPTY = "empty"  # no value at all (a tombstone)
    NOT_JSON = "not_json"
    NOT_ARROW = "not_arrow"
    UNKNOWN_CONTENT_TYPE = "unknown_content_type"
    NOT_AN_OBJECT = "not_an_object"
    MISSING_FIELD = "missing_field"
    WRONG_TYPE = "wrong_type"  # of the envelope; a feature's wrong type is a quality fact
    BAD_TIMESTAMP = "bad_timestamp"
    FUTURE_TIMESTAMP = "future_timestamp"
    RAGGED_COLUMNS = "ragged_columns"
    TOO_LARGE = "too_large"


class StreamMonitorError(Exception):
    """Base of every error that is somebody's, and not a bug of ours.

    The message is one sentence that says what to do; ``exit_code`` is the CLI's.
    """

    exit_code = 1


class BadMessageError(StreamMonitorError):
    """A message of a producer cannot be read; it becomes a dead letter."""

    def __init__(self, reason: Reason, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason
        self.sentence = sentence


class ConfigurationError(StreamMonitorError):
    """The operator's configuration is wrong; nothing starts."""

    exit_code = 2


class DataError(StreamMonitorError):
    """A data file or a reference given to a command cannot be used."""

    exit_code = 3


class BrokerError(StreamMonitorError):
    """Kafka cannot be reached or refuses what was asked."""

    exit_code = 4


class UnlikeSummaryError(StreamMonitorError):
    """Two summaries of different references or parameters do not merge."""
