"""Labels and predictions joined by a plain Faust table: one table write an event.

As Faust's documentation would have it: predictions go into a table by their id, a label looks
its prediction up. Table in memory, changelog on Kafka; predictions and labels are keyed by the
id, so that both come to the same process. The labels are put into their topic when all
predictions are in the table. Left out here, and done by the worker: nothing is summed up, nothing
is ever forgotten, and a label that comes before its prediction is lost.
"""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from typing import TYPE_CHECKING, Any

import faust
import msgspec

from benchmarks.label_messages import Topics, labels
from stream_monitor.kafka.app import run_app

if TYPE_CHECKING:
    from pathlib import Path

    from faust.types import StreamT


def run_plain_join(
    bootstrap_servers: str, names: tuple[str, str], partitions: int, rows: int, data_dir: Path
) -> dict[str, float]:
    """Table writes and joins a second, each from the first message seen to the last.

    ``names`` are the topics of predictions, which holds ``rows``, and of labels, still empty.
    """

    async def run() -> dict[str, float]:
        decode = msgspec.json.Decoder().decode
        app = faust.App(
            f"plain-join-{uuid.uuid4().hex[:8]}",
            broker=f"kafka://{bootstrap_servers}",
            datadir=data_dir,
            store="memory://",
            web_enabled=False,
            topic_disable_leader=True,
            topic_partitions=partitions,
            autodiscover=False,
            consumer_auto_offset_reset="earliest",
        )
        table = app.Table("pending", default=None, partitions=partitions)
        done = asyncio.Event()
        counts = {"kept": 0, "joined": 0}
        began: dict[str, float] = {}
        rates: dict[str, float] = {}

        def put_labels() -> None:
            order = random.Random(4).sample(range(rows), rows)
            Topics(bootstrap_servers).put(names[1], labels(order), keyed=True)

        async def keep(stream: StreamT[Any]) -> None:
            async for value in stream:
                began.setdefault("kept", time.perf_counter())
                event = decode(value)
                table[event["prediction_id"]] = event["prediction"]
                counts["kept"] += 1
                if counts["kept"] == rows:
                    rates["writes_per_s"] = rows / (time.perf_counter() - began["kept"])
                    await asyncio.to_thread(put_labels)

        async def look_up(stream: StreamT[Any]) -> None:
            async for value in stream:
                began.setdefault("joined", time.perf_counter())
                label = decode(value)
                if table.get(label["prediction_id"]) is not None:
                    counts["joined"] += 1
                if counts["joined"] == rows:
                    rates["joins_per_s"] = rows / (time.perf_counter() - began["joined"])
                    done.set()

        for name, agent in zip(names, (keep, look_up), strict=True):
            source = app.topic(name, value_type=bytes, value_serializer="raw", key_type=bytes)
            app.agent(source, name=name)(agent)
        await run_app(app, done)
        return rates

    return asyncio.run(run())
