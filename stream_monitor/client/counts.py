"""What became of all that was logged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from stream_monitor.client.refusals import Refusal


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counts of rows since the logger was made, or since the process forked.

    ``logged`` = ``sent`` + ``dropped`` + ``lost`` + all that were ``refused`` + ``waiting``,
    whenever no call is under way.
    """

    logged: int = 0  #: rows given to a call of ``log``, ``log_batch`` or ``log_label``
    sent: int = 0  #: acknowledged by Kafka
    dropped: int = 0  #: pushed out of a full queue by newer ones
    lost: int = 0  #: given to Kafka's client, and not acknowledged in time
    waiting: int = 0  #: in the queue, or on their way
    refused: Mapping[Refusal, int] = field(default_factory=dict)  #: not to be sent, by reason
    messages: int = 0  #: acknowledged messages
    bytes: int = 0  #: of their values

    @property
    def settled(self) -> int:
        """The rows of which nothing more will be heard."""
        return self.logged - self.waiting

    def __add__(self, other: Statistics) -> Statistics:
        reasons = [*dict.fromkeys((*self.refused, *other.refused))]
        return Statistics(
            self.logged + other.logged,
            self.sent + other.sent,
            self.dropped + other.dropped,
            self.lost + other.lost,
            self.waiting + other.waiting,
            {why: self.refused.get(why, 0) + other.refused.get(why, 0) for why in reasons},
            self.messages + other.messages,
            self.bytes + other.bytes,
        )
