"""Events a second through real Kafka: the whole worker, a bare client, a plain Faust agent.

All three read the same topic of the same JSON events (ten numeric features, about 460 bytes,
four partitions) in one run, each in a process of its own, one after the other, and are timed
from the first record they see to the last. The bare client and the plain agent only decode;
the worker does everything: both stages, every statistic, state on RocksDB, reports.
``batched_faust`` is the same agent as the plain one on this project's transport.

    python -m benchmarks.throughput [--rows 600000] [--rounds 3] [--profile]
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import multiprocessing
import os
import pstats
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np
import pyarrow as pa
from confluent_kafka import Producer
from rich.console import Console

from benchmarks.clients import run_bare_client, run_batched_faust, run_plain_faust
from benchmarks.harness import Target, report
from stream_monitor.config.settings import KafkaSettings, Settings, WorkerSettings
from stream_monitor.kafka.admin import create_topics
from stream_monitor.kafka.app import quiet_logs
from stream_monitor.kafka.references import publish
from stream_monitor.kafka.worker import Worker
from stream_monitor.reference.build import build
from stream_monitor.reference.data import assign_roles
from stream_monitor.reference.model import Reference
from stream_monitor.testing.kafka import KafkaServer

T = TypeVar("T")

FEATURES = [f"feature_{i:02d}" for i in range(10)]
EVENTS_A_SECOND_OF_EVENT_TIME = 200
START_MS = 1_704_067_200_000
PARTITIONS = 4


def reference() -> Reference:
    """Normal features, a score and a binary prediction; R = 5,000."""
    rng = np.random.default_rng(1)
    score = np.round(rng.random(20_000), 6)
    columns = {name: np.round(rng.normal(size=20_000), 6) for name in FEATURES}
    table = pa.table(
        {**columns, "score": score, "prediction": np.where(score > 0.5, "default", "repay")}
    )
    return build("credit-default", table, assign_roles(table), created_ms=0, source="benchmark")


def events(rows: int) -> list[bytes]:
    """Distinct events of :func:`reference`'s model, in the order of their time."""
    rng = np.random.default_rng(2)
    values = np.round(rng.normal(size=(rows, len(FEATURES))), 6).tolist()
    scores = np.round(rng.random(rows), 6).tolist()
    latencies = np.round(rng.lognormal(2.5, 0.4, rows), 3).tolist()
    encode = msgspec.json.Encoder().encode
    step = 1000 // EVENTS_A_SECOND_OF_EVENT_TIME
    return [
        encode(
            {
                "model": "credit-default",
                "model_version": "2026-11-01",
                "prediction_id": str(uuid.UUID(int=(i * 0x9E3779B97F4A7C15) % 2**128)),
                "timestamp": START_MS + i * step,
                "features": dict(zip(FEATURES, row, strict=True)),
                "prediction": "default" if score > 0.5 else "repay",
                "score": score,
                "latency_ms": latency,
            }
        )
        for i, (row, score, latency) in enumerate(zip(values, scores, latencies, strict=True))
    ]


def fill(settings: Settings, rows: int) -> int:
    """Create the topics, publish the reference and the events; the events' mean size in bytes."""

    async def prepare() -> None:
        await create_topics(settings)
        await publish(reference(), settings.kafka)

    asyncio.run(prepare())
    producer = Producer({"bootstrap.servers": settings.kafka.bootstrap_servers, "linger.ms": 20})
    topic = settings.kafka.topic("predictions")
    made = events(rows)
    for number, value in enumerate(made):
        while True:
            try:
                producer.produce(topic, value, partition=number % PARTITIONS)
                break
            except BufferError:  # the producer's queue is full: let it send
                producer.poll(0.1)
    producer.flush(60)
    return sum(map(len, made)) // rows


def run_worker(settings: Settings, rows: int, profile: bool) -> dict[str, float]:
    """The whole worker: events a second until all are summarised, and until all is handed on."""

    async def run() -> dict[str, float]:
        stop = asyncio.Event()
        worker = Worker(settings)
        counts = worker.counts
        task = asyncio.create_task(worker.run(stop))
        while not counts.records and not task.done():
            await asyncio.sleep(0.001)
        # The clock starts after the first batch, which therefore does not count.
        started, before = time.perf_counter(), counts.records
        cpu = time.process_time()
        while counts.records < rows and not task.done():
            await asyncio.sleep(0.01)
        summarised = time.perf_counter() - started
        cpu = time.process_time() - cpu
        stop.set()
        await task
        windows = sum(worker.snapshot().windows.values())
        return {
            "events_per_s": (rows - before) / summarised,
            "cpu_us_per_event": cpu / (rows - before) * 1e6,
            "windows": windows,
        }

    if not profile:
        return asyncio.run(run())
    profiler = cProfile.Profile()
    profiler.enable()
    try:
        return asyncio.run(run())
    finally:
        profiler.disable()
        pstats.Stats(profiler).sort_stats("tottime").print_stats(30)


def in_process(run: Callable[..., T], *arguments: object) -> T:
    """Run in a fresh process: Faust leaves threads and module state behind."""
    with multiprocessing.get_context("spawn").Pool(1, quiet_logs) as pool:
        return pool.apply(run, arguments)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rows", type=int, default=600_000)
    options.add_argument("--plain-rows", type=int, default=30_000, help="for the plain agent")
    options.add_argument("--rounds", type=int, default=3, help="of each; the median counts")
    options.add_argument("--profile", action="store_true", help="where the worker's time goes")
    given = options.parse_args()
    console = Console(stderr=True)
    rates: dict[str, list[float]] = {name: [] for name in ("bare", "plain", "batched", "worker")}
    details: list[dict[str, float]] = []
    with KafkaServer() as server, tempfile.TemporaryDirectory() as home:
        kafka = KafkaSettings(bootstrap_servers=server.bootstrap_servers, partitions=PARTITIONS)
        settings = Settings(kafka=kafka)
        with console.status(f"{given.rows:,} events to Kafka ..."):
            size = fill(settings, given.rows)
        topic = kafka.topic("predictions")
        address = server.bootstrap_servers
        for round_ in range(given.rounds):
            where = Path(home) / str(round_)
            where.mkdir()
            console.print(f"round {round_ + 1} of {given.rounds}")
            rates["bare"].append(in_process(run_bare_client, address, topic, given.rows))
            console.print(f"  bare client    {rates['bare'][-1]:>9,.0f} events/s")
            rates["batched"].append(
                in_process(run_batched_faust, address, topic, given.rows, where / "batched")
            )
            console.print(f"  batched Faust  {rates['batched'][-1]:>9,.0f} events/s")
            rates["plain"].append(
                in_process(run_plain_faust, address, topic, given.plain_rows, where / "plain")
            )
            console.print(f"  plain Faust    {rates['plain'][-1]:>9,.0f} events/s")
            mine = settings.model_copy(
                update={
                    "kafka": kafka.model_copy(update={"group": f"worker-{round_}"}),
                    "worker": WorkerSettings(data_dir=str(where / "worker")),
                }
            )
            detail = in_process(run_worker, mine, given.rows, given.profile)
            details.append(detail)
            rates["worker"].append(detail["events_per_s"])
            console.print(f"  the worker     {rates['worker'][-1]:>9,.0f} events/s")
    median = {name: statistics.median(values) for name, values in rates.items()}
    results = {
        "events": given.rows,
        "event_bytes": size,
        "partitions": PARTITIONS,
        "events_per_s": {name: round(value) for name, value in median.items()},
        "rounds": {name: [round(v) for v in values] for name, values in rates.items()},
        "worker": {k: round(statistics.median(d[k] for d in details), 2) for k in details[0]},
        "cores": os.cpu_count(),
    }
    return report(
        "throughput",
        results,
        [
            Target("ratio_to_bare_client", round(median["worker"] / median["bare"], 3), ">=", 0.35),
            Target("ratio_to_plain_faust", round(median["worker"] / median["plain"], 3), ">=", 10),
        ],
    )


if __name__ == "__main__":
    raise SystemExit(main())
