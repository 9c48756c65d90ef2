"""The Faust transport of ``batched://`` URLs, and what an application sets on it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, cast

from faust.transport.conductor import Conductor as FaustConductor
from faust.transport.drivers import TRANSPORTS
from faust.transport.drivers import aiokafka as driver

from stream_monitor.kafka.consumer import Consumer
from stream_monitor.kafka.membership import Membership
from stream_monitor.kafka.offsets import Position as Position
from stream_monitor.kafka.producer import Producer
from stream_monitor.kafka.scheduler import MAX_BATCH_ROWS

if TYPE_CHECKING:
    from faust.types import TP, AppT

    from stream_monitor.kafka.offsets import CommitPolicy

SCHEME = "batched"


class PartitionListener(Protocol):
    """Told of partitions on the event loop, before streams resume; must not block.

    ``on_revoked`` and ``on_assigned`` name partitions really lost and gained; one that stays
    through a rebalance is in neither. ``on_seek`` says that the partition is read from
    ``offset`` from now on: every record delivered after it is at or above ``offset`` and in
    order, and none from before is delivered any more. It follows every assignment and every
    rebalance, also for partitions that stayed.
    """

    def on_assigned(self, partitions: frozenset[TP]) -> None: ...
    def on_revoked(self, partitions: frozenset[TP]) -> None: ...
    def on_seek(self, partition: TP, offset: int) -> None: ...


class Conductor(FaustConductor):
    """Faust's conductor, quicker to subscribe to a topic that comes late."""

    _resubscribe_sleep_lock_seconds = 1.0


class Transport(driver.Transport):
    """The transport of ``batched://`` URLs.

    Attributes:
        batched: topics that come as :class:`Batch`; see ``topics.batch_topic``.
        max_batch_rows: the longest batch; set before the app starts.
        policies: the commit policy of a topic, :func:`commit_processed` where there is none.
        listener: told of assignments and seeks.
        owned: topics that only the owner of a partition may write to, beside all changelogs.
    """

    Consumer = Consumer
    Producer = Producer
    Conductor = Conductor

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.batched: set[str] = set()
        self.max_batch_rows = MAX_BATCH_ROWS
        self.policies: dict[str, CommitPolicy] = {}
        self.listener: PartitionListener | None = None
        self.owned: set[str] = set()

    @cached_property
    def membership(self) -> Membership:
        """What the group says of this worker."""
        return Membership(self.app.conf.broker_session_timeout)


def register() -> None:
    """Make ``batched://`` known to Faust; calling it again changes nothing."""
    TRANSPORTS.aliases[SCHEME] = f"{__name__}:Transport"


def transport_of(app: AppT) -> Transport:
    """The application's transport, where batched topics, policies and the listener are set."""
    return cast("Transport", app.transport)


def consumer_of(app: AppT) -> Consumer:
    """The application's consumer, for :meth:`Consumer.positions`."""
    return cast("Consumer", app.consumer)
