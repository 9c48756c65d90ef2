"""The message that carries a batch through Faust and reports back when it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from faust.types.tuples import ConsumerMessage

from stream_monitor.kafka.scheduler import Batch

if TYPE_CHECKING:
    from faust.types import TP

    from stream_monitor.kafka.consumer import Consumer
    from stream_monitor.kafka.offsets import PartitionOffsets


class TrackedMessage(ConsumerMessage):
    """A message that tells its partition's books when the last stream is done with it.

    Both of Faust's stream iterators (Python, Cython) do the books themselves; what they have
    in common is that they set ``acked`` and skip a message whose ``generation_id`` is not
    the application's. Both are properties here.
    """

    __slots__ = ("_books", "_consumer", "_token")

    def __init__(
        self, consumer: Consumer, books: PartitionOffsets, tp: TP, item: Any, last: Any
    ) -> None:
        batched = isinstance(item, Batch)
        self._consumer = consumer
        self._books = books
        self._token = books.deliver(last.offset)
        super().__init__(
            tp.topic,
            tp.partition,
            last.offset,
            last.timestamp / 1000.0,
            last.timestamp_type,
            None if batched else last.headers,
            None if batched else last.key,
            item if batched else last.value,
            None,
            0 if batched else last.serialized_key_size,
            0 if batched else last.serialized_value_size,
            tp,
        )

    @property
    def acked(self) -> bool:
        return self._token.done

    @acked.setter
    def acked(self, value: bool) -> None:
        if value:
            self._books.acknowledge(self._token)
            self._consumer.forget(self)

    @property
    def generation_id(self) -> int | None:
        if self._consumer.is_open(self.tp, self._books):
            return self._consumer.app.consumer_generation_id
        return None

    @generation_id.setter
    def generation_id(self, value: int | None) -> None:
        """Faust sets it once, at birth; ours is computed."""
