"""What the machines ask of the world; the shell performs it, in the order given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from stream_monitor.events.batch import Rejected
from stream_monitor.joining.messages import JoinMessage
from stream_monitor.pipeline.messages import Slot
from stream_monitor.windows.watermark import PartitionProgress


class Stream(StrEnum):
    """Where a published document goes."""

    REPORTS = "reports"
    ALERTS = "alerts"


@dataclass(frozen=True, slots=True)
class SendSlot:
    """Send a slot to stage 2, keyed by its model."""

    slot: Slot


@dataclass(frozen=True, slots=True)
class SendProgress:
    """Tell every partition of stage 2 how far a source partition is read."""

    progress: PartitionProgress


@dataclass(frozen=True, slots=True)
class SendDeadLetter:
    """Put a record that cannot be read aside, whole."""

    rejected: Rejected


@dataclass(frozen=True, slots=True)
class Put:
    """Keep ``value`` under ``key`` in the partition's table."""

    key: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class Delete:
    """Forget ``key``."""

    key: bytes


@dataclass(frozen=True, slots=True)
class Publish:
    """Publish a JSON document; to be acknowledged by the broker before the next effect.

    ``id`` is the same whenever the same thing is said again, so readers can tell.
    """

    stream: Stream
    model: str
    id: str
    document: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class SendJoin:
    """Tell a partition of ``joins`` what a range of source offsets holds for it."""

    partition: int
    message: JoinMessage


@dataclass(frozen=True, slots=True)
class Settle:
    """Go on only when everything kept and published so far survives any crash."""


SummariseEffect = SendSlot | SendProgress | SendDeadLetter | SendJoin
LabelEffect = SendJoin | SendDeadLetter
EvaluateEffect = Put | Delete | Publish | Settle
