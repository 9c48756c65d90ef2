"""What workers have told of a model: its reports and alerts of a period, read from their topics."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from math import inf

import msgspec

from stream_monitor.config.settings import Settings, Topic
from stream_monitor.kafka.clients import consuming
from stream_monitor.kafka.recent import since
from stream_monitor.reports.history import Gathering


async def read_told(
    settings: Settings,
    topics: Mapping[str, int],
    model: str,
    since_ms: int,
    gathering: Gathering,
    on_progress: Callable[[int], None] = lambda records: None,
    most_bytes: float = inf,
) -> None:
    """Put a model's documents into ``gathering``: all alerts, and reports from ``since_ms`` on.

    A report is sent when its window is complete or later, but for what a worker's clock may be
    ahead, so reading begins ``worker.future_tolerance`` before. An alert of long ago may still be
    open, so alerts are read from their topic's beginning; without that topic there are none.
    Reading ends after ``most_bytes``, of all models, and ``gathering`` is then ``cut``.
    """
    at_ms = max(0, since_ms - settings.worker.future_tolerance_ms)
    readers: tuple[tuple[Topic, int, Callable[[Mapping[str, object]], None]], ...] = (
        ("alerts", 0, gathering.alert),
        ("reports", at_ms, gathering.report),
    )
    key = model.encode()
    read = 0
    async with consuming(settings.kafka) as consumer:
        for topic, from_ms, take in readers:
            if settings.kafka.topic(topic) not in topics:
                continue
            async for _, records in since(consumer, settings.kafka, topic, topics, from_ms):
                if read > most_bytes:
                    gathering.cut = True
                    break
                for record in records:
                    read += len(record.value or b"")
                    if record.key == key and record.value is not None:
                        _take(record.value, take, gathering)
                        await asyncio.sleep(0)  # a large report takes a millisecond
                on_progress(len(records))


def _take(value: bytes, take: Callable[[Mapping[str, object]], None], gathering: Gathering) -> None:
    try:
        document = msgspec.json.decode(value, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError):
        gathering.unread += 1
        return
    take(document)
