"""A worker for the transport's tests: consumes batches and writes what it saw to a file.

Usage: worker.py '<json options>'; see ``Options``. Each line of the log is one JSON array:
["ready"], ["assigned", [[topic, partition], ...]], ["revoked", [...]],
["seek", topic, partition, offset], ["batch", topic, partition, [offsets]],
["positions", {"topic-partition": [processed, committed, highwater]}],
["kept", partition, [[key, length, value without its spaces], ...]].
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from stream_monitor.kafka.app import AppSettings, create_app, run_app
from stream_monitor.kafka.offsets import commit_blocks, commit_processed
from stream_monitor.kafka.scheduler import Batch
from stream_monitor.kafka.table import StateTable
from stream_monitor.kafka.topics import batch_topic
from stream_monitor.kafka.transport import consumer_of, transport_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    import faust
    from faust.types import TP

    from stream_monitor.kafka.scheduler import Batch


#: What a message of the state table may have, above what Faust puts together in a batch.
STATE_BYTES = 300_000


class Options(msgspec.Struct):
    bootstrap_servers: str
    group: str
    log: str
    data_dir: str
    topics: dict[str, int]  # topic -> block size, 0 for "commit what is processed"
    sleep_s: float = 0.0  # for each batch
    stop_after: int = 0  # rows; 0: run until told to stop
    fail_at: int = -1  # raise at this offset
    create_topics: bool = True
    table: bool = False
    table_value_bytes: int = 10
    state_value_bytes: int = 0  # above 0: keep this much a partition in a state table


class Log:
    """Writes a line for each thing that happens; is the transport's listener."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    def write(self, *words: Any) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(words) + "\n")

    def on_assigned(self, partitions: Iterable[TP]) -> None:
        self.write("assigned", sorted(partitions))

    def on_revoked(self, partitions: Iterable[TP]) -> None:
        self.write("revoked", sorted(partitions))

    def on_seek(self, partition: TP, offset: int) -> None:
        self.write("seek", partition.topic, partition.partition, offset)


def add_agents(app: faust.App, options: Options, log: Log, stop: asyncio.Event) -> None:
    table: Any = None
    if options.table:
        table = app.Table("last", key_type=bytes, value_type=bytes, partitions=4)
    state = StateTable(app, "state", STATE_BYTES) if options.state_value_bytes else None
    known: set[int] = set()
    seen = 0

    def keep(batch: Batch) -> None:
        partition = batch.partition.partition
        if state is not None:
            if partition not in known:
                items = [
                    (key.decode(), len(v), v.decode().strip()) for key, v in state.items(partition)
                ]
                log.write("kept", partition, items)
                known.add(partition)
            value = str(batch.last_offset).encode().rjust(options.state_value_bytes)
            state.put(partition, b"last", value)

    async def consume(stream: faust.StreamT[Batch]) -> None:
        nonlocal seen
        async for batch in stream:
            offsets = [record.offset for record in batch.records]
            if options.fail_at in offsets:
                raise RuntimeError("told to fail")
            await asyncio.sleep(options.sleep_s)
            if table is not None:
                key = f"{batch.partition.topic}-{batch.partition.partition}".encode()
                table[key] = str(batch.last_offset).encode().rjust(options.table_value_bytes)
            keep(batch)
            log.write("batch", batch.partition.topic, batch.partition.partition, offsets)
            seen += len(batch)
            if 0 < options.stop_after <= seen:
                stop.set()

    for name, block in options.topics.items():
        policy = commit_blocks(block) if block else commit_processed
        app.agent(batch_topic(app, name, policy), name=f"consume-{name}")(consume)


async def main(options: Options) -> None:
    log = Log(options.log)
    app = create_app(
        AppSettings(
            options.bootstrap_servers,
            options.group,
            Path(options.data_dir),
            session_timeout_s=6.0,
            commit_interval_s=0.3,
            create_topics=options.create_topics,
        )
    )
    transport_of(app).listener = log
    transport_of(app).max_batch_rows = 100
    stop = asyncio.Event()
    add_agents(app, options, log, stop)

    async def ready() -> None:
        log.write("ready")

    app.task(ready)
    await run_app(app, stop)
    positions = consumer_of(app).positions()
    log.write("positions", {f"{tp.topic}-{tp.partition}": list(p) for tp, p in positions.items()})


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    asyncio.run(main(msgspec.json.decode(sys.argv[1], type=Options)))
