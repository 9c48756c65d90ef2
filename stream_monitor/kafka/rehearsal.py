"""A worker over a stream that ends: until every window of it has been judged."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from stream_monitor.config.settings import Settings
from stream_monitor.errors import BrokerError
from stream_monitor.events.batch import EventBatch
from stream_monitor.kafka.admin import topic_specs
from stream_monitor.kafka.embedded import MAX_UNREAD_BYTES, PARTITIONS, EmbeddedBroker
from stream_monitor.kafka.references import publish
from stream_monitor.kafka.replay import replay
from stream_monitor.kafka.worker import Worker
from stream_monitor.metrics.snapshot import Snapshot
from stream_monitor.pipeline.effects import Publish, Stream
from stream_monitor.reference.model import Reference
from stream_monitor.windows.panes import WindowSpec


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What came of a stream: its documents in order, and the worker as it was at the end."""

    documents: tuple[Publish, ...]
    snapshot: Snapshot


@asynccontextmanager
async def embedded(settings: Settings) -> AsyncIterator[Settings]:
    """An embedded broker with our topics; the settings that reach it."""
    with EmbeddedBroker() as broker:
        kafka = settings.kafka.model_copy(
            update={"bootstrap_servers": broker.bootstrap_servers, "partitions": PARTITIONS}
        )
        reaching = settings.model_copy(update={"kafka": kafka})
        await asyncio.to_thread(broker.touch, *(spec.name for spec in topic_specs(reaching)))
        yield reaching


async def rehearse(
    settings: Settings,
    reference: Reference,
    batches: Iterable[EventBatch],
    *,
    on_document: Callable[[Publish], None],
    timeout_s: float = 90.0,
) -> Rehearsed:
    """Publish a reference and a stream of its model, and run a worker until all is judged.

    Raises:
        BrokerError: the last window was not judged within ``timeout_s`` of the last event.
    """
    documents: list[Publish] = []
    ends: set[int] = set()

    def keep(document: Publish) -> None:
        documents.append(document)
        if document.stream is Stream.REPORTS:
            ends.add(document.document["window"]["end_ms"])
        on_document(document)

    await publish(reference, settings.kafka)
    worker = Worker(settings, create=False, memory_store=False, on_document=keep)
    stop = asyncio.Event()
    working = asyncio.create_task(worker.run(stop))
    spec = WindowSpec.of(settings.for_model(reference.model))
    last = 0
    sent = 0
    sent_bytes = 0.0
    try:
        for batch in batches:
            # The embedded broker forgets what is not read in time: stay close to the worker.
            while (sent - worker.snapshot().records) * sent_bytes / max(sent, 1) > MAX_UNREAD_BYTES:
                await _while_working(working, 0.05)
            done = await replay([batch], settings.kafka)
            sent += done.rows
            sent_bytes += done.bytes
            last = max(last, int(batch.timestamps.max()))
        newest = spec.pane(last) + spec.slide_ms
        for _ in range(int(timeout_s / 0.05)):
            if newest in ends:
                break
            await _while_working(working, 0.05)
        else:
            raise BrokerError(
                f"the last window was not judged within {timeout_s:.0f} s; is the machine busy?"
            )
    finally:
        stop.set()
        await asyncio.wait([working])
    await working
    return Rehearsed(tuple(documents), worker.snapshot())


async def _while_working(working: asyncio.Task[None], seconds: float) -> None:
    """Wait, unless the worker has ended: then its error is raised."""
    done, _ = await asyncio.wait([working], timeout=seconds)
    if done:
        await working
        raise BrokerError("the worker stopped before the stream had ended")
