"""What became of all that was logged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from stream_monitor.client.refusals import Refusal
from stream_monitor.client.ring import Full

_Key = TypeVar("_Key")


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counts of rows since the logger was made, or since the process forked.

    ``logged`` = ``sent`` + ``dropped`` + ``lost`` + all that were ``refused`` + ``waiting``,
    whenever no call is under way.
    """

    logged: int = 0  #: rows given to a call of ``log``, ``log_batch`` or ``log_label``
    sent: int = 0  #: acknowledged by Kafka
    dropped: int = 0  #: pushed out of a full queue by newer ones
    lost: int = 0  #: not acknowledged by Kafka in time, or left at the end
    waiting: int = 0  #: in the queue, or on their way
    refused: Mapping[Refusal, int] = field(default_factory=dict)  #: not to be sent, by reason
    messages: int = 0  #: acknowledged messages
    bytes: int = 0  #: of their values
    dropped_for: Mapping[Full, int] = field(default_factory=dict)  #: too many rows, or bytes

    def __add__(self, other: Statistics) -> Statistics:
        return Statistics(
            self.logged + other.logged,
            self.sent + other.sent,
            self.dropped + other.dropped,
            self.lost + other.lost,
            self.waiting + other.waiting,
            _added(self.refused, other.refused),
            self.messages + other.messages,
            self.bytes + other.bytes,
            _added(self.dropped_for, other.dropped_for),
        )


def _added(one: Mapping[_Key, int], other: Mapping[_Key, int]) -> dict[_Key, int]:
    return {key: one.get(key, 0) + other.get(key, 0) for key in dict.fromkeys((*one, *other))}
