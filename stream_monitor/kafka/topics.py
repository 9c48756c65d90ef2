"""Topics of bytes, one whole batch at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from faust.serializers.schemas import Schema

from stream_monitor.kafka.fetching import light_records
from stream_monitor.kafka.offsets import CommitPolicy, commit_processed
from stream_monitor.kafka.transport import transport_of

if TYPE_CHECKING:
    import faust
    from faust.types import AppT
    from faust.types.tuples import Message

#: Batches a stream may have waiting; Faust's default of 4,096 would be millions of records.
_MAX_WAITING = 2


class _AsIsSchema(Schema[Any, Any]):
    """Passes key and value on untouched, reading and writing."""

    def loads_key(self, app: AppT, message: Message, **kwargs: Any) -> Any:
        return message.key

    def loads_value(self, app: AppT, message: Message, **kwargs: Any) -> Any:
        return message.value

    def dumps_key(self, app: AppT, key: Any, *, headers: Any, **kwargs: Any) -> tuple[Any, Any]:
        return key, headers

    def dumps_value(self, app: AppT, value: Any, *, headers: Any, **kwargs: Any) -> tuple[Any, Any]:
        return value, headers


def batch_topic(
    app: faust.App, name: str, commit: CommitPolicy = commit_processed, **options: Any
) -> faust.TopicT:
    """A topic whose streams yield :class:`~stream_monitor.kafka.scheduler.Batch`.

    Args:
        commit: which of the processed offsets may be committed.
    """
    transport = transport_of(app)
    transport.batched.add(name)
    light_records(frozenset({name}))
    transport.policies[name] = commit
    return app.topic(name, schema=_AsIsSchema(), maxsize=_MAX_WAITING, **options)
