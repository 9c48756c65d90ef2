"""A worker over a stream that ends: until every window of it has been judged."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from stream_monitor.config.security import SecuritySettings
from stream_monitor.config.settings import Settings
from stream_monitor.errors import BrokerError
from stream_monitor.events.batch import EventBatch
from stream_monitor.events.labels import LabelBatch
from stream_monitor.kafka.admin import topic_specs
from stream_monitor.kafka.embedded import MAX_UNREAD_BYTES, PARTITIONS, EmbeddedBroker
from stream_monitor.kafka.references import publish
from stream_monitor.kafka.replay import replay, send_labels
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
            update={
                "bootstrap_servers": broker.bootstrap_servers,
                "partitions": PARTITIONS,
                "security": SecuritySettings(),  # the embedded broker has none
            }
        )
        reaching = settings.model_copy(update={"kafka": kafka})
        await asyncio.to_thread(broker.touch, *(spec.name for spec in topic_specs(reaching)))
        yield reaching


async def rehearse(
    settings: Settings,
    reference: Reference,
    batches: Iterable[EventBatch],
    *,
    labels: LabelBatch | None = None,
    on_document: Callable[[Publish], None],
    timeout_s: float = 90.0,
) -> Rehearsed:
    """Publish a reference and a stream of its model, and run a worker until all is judged.

    ``labels`` are sent then, and the worker runs until its reports know all of them; windows
    must not overlap.

    Raises:
        BrokerError: it took more than ``timeout_s`` after the last event, or label.
    """
    documents: list[Publish] = []
    labelled: dict[int, int] = {}  # by window end, as the last report of it has it

    def keep(document: Publish) -> None:
        documents.append(document)
        if document.stream is Stream.REPORTS:
            labelled[document.document["window"]["end_ms"]] = document.document["labelled"]
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
        await _until(lambda: newest in labelled, working, timeout_s, "the last window was judged")
        if labels is not None:
            await send_labels([labels], settings.kafka)
            await _until(
                lambda: sum(labelled.values()) == len(labels),
                working,
                timeout_s,
                "all labels were in the reports",
            )
    finally:
        stop.set()
        await asyncio.wait([working])
    await working
    return Rehearsed(tuple(documents), worker.snapshot())


async def _until(
    done: Callable[[], bool], working: asyncio.Task[None], timeout_s: float, what: str
) -> None:
    for _ in range(int(timeout_s / 0.05)):
        if done():
            return
        await _while_working(working, 0.05)
    raise BrokerError(f"it took more than {timeout_s:.0f} s until {what}; is the machine busy?")


async def _while_working(working: asyncio.Task[None], seconds: float) -> None:
    """Wait, unless the worker has ended: then its error is raised."""
    done, _ = await asyncio.wait([working], timeout=seconds)
    if done:
        await working
        raise BrokerError("the worker stopped before the stream had ended")
