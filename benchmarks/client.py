"""What a call of ``log`` costs the model, against a send that waits and against doing nothing.

All ways run in one process and one run, in turns, on one real Kafka, at a pace of
``--rate`` predictions a second as a server makes them (ten numeric features), each call timed
by itself; what is logged, its id too, is made before. ``nothing`` is the pace and the clock
alone. The sends that wait are what a server does without a client of ours: one JSON message an
event, acknowledged before the answer goes out.

    python -m benchmarks.client [--calls 20000] [--rate 2000] [--rounds 3] [--threads 4]

The same beside ``--threads`` others that want Python's lock, as the requests of a server do, at a
quarter of the pace: ``beside_threads``. Python lets a thread run for 5 ms before another may have
the lock, so a call in which its turn ends takes milliseconds, whatever it does; ``over_1_ms`` is
the share of such calls, and that of ``nothing`` beside it is what the clock alone meets.

Also measured: calls without a pace, as fast as they go, with a queue that drops; the time to
import the client; and how fast the worker's decoder reads what the client packs, against the
same events one a message.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import subprocess
import sys
import threading
import time
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from aiokafka import AIOKafkaProducer
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from rich.console import Console

from benchmarks.harness import Target, report
from stream_monitor.client import PredictionLogger
from stream_monitor.client.pack import Packer, encode_events
from stream_monitor.client.rows import Event
from stream_monitor.events.batch import Record
from stream_monitor.events.decode import Decoder
from stream_monitor.events.encode import encode_event
from stream_monitor.events.limits import Limits
from stream_monitor.testing.kafka import KafkaServer

FEATURES = {f"feature_{i:02d}": i * 1.1 for i in range(10)}
TOPIC = "predictions"
BATCH = 500
START_MS = 1_790_000_000_000
WARM_UP = 2_000
QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p999": 0.999}

Call = Callable[[int], None]


def paced(call: Call, calls: int, rate: float) -> list[float]:
    """How long each call takes, in µs, sorted; one every 1 / ``rate`` seconds, or back to back."""
    step = 1e9 / rate if rate else 0.0
    took = array("q", bytes(8 * calls))  # made before: no new memory while the clock runs
    clock = time.perf_counter_ns
    began = clock()
    for number in range(calls):
        ahead = began + number * step - clock()
        if ahead > 0:
            time.sleep(ahead / 1e9)
        before = clock()
        call(number)
        took[number] = clock() - before
    return sorted(ns / 1e3 for ns in took)


def quantiles(took: list[float]) -> dict[str, float]:
    found = {name: round(took[int(q * (len(took) - 1))], 2) for name, q in QUANTILES.items()}
    over = len(took) - bisect_right(took, 1_000.0)
    return found | {"max": round(took[-1], 2), "over_1_ms": round(over / len(took), 6)}


@contextmanager
def beside_threads(number: int) -> Iterator[None]:
    """So many threads that in turn compute in Python for about a millisecond and rest for one."""
    stop = threading.Event()

    def compute() -> None:
        while not stop.is_set():
            until = time.perf_counter() + 1e-3
            while time.perf_counter() < until:
                sum(range(200))
            time.sleep(1e-3)

    threads = [threading.Thread(target=compute, daemon=True) for _ in range(number)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def nothing(number: int) -> None:
    """The floor: what the clock itself costs."""


def ids(calls: int) -> list[str]:
    """As many as are needed, made before the clock runs: a server has them from its request."""
    return [f"id-{number}" for number in range(max(calls, WARM_UP))]


def event(prediction_id: str) -> bytes:
    return encode_event(
        model="benchmark",
        features=FEATURES,
        prediction="repay",
        score=0.13,
        prediction_id=prediction_id,
        timestamp=time.time_ns() // 1_000_000,
    )


def by_client(address: str, calls: int, rate: float) -> tuple[list[float], dict[str, float]]:
    """``PredictionLogger.log``, and what became of the rows and of the processor's time."""
    names = ids(calls)
    with PredictionLogger("benchmark", bootstrap_servers=address) as logger:

        def log(number: int) -> None:
            logger.log(FEATURES, "repay", score=0.13, prediction_id=names[number])

        paced(log, WARM_UP, rate)  # the thread starts, the client of Kafka is imported
        logger.flush(30)
        cpu = time.process_time()
        took = paced(log, calls, rate)
        logger.flush(30)
        cpu = time.process_time() - cpu
    counts = logger.statistics
    return took, {
        "sent": counts.sent,
        "dropped": counts.dropped,
        "lost": counts.lost,
        "rows_a_message": round(counts.sent / max(1, counts.messages), 1),
        "bytes_a_row": round(counts.bytes / max(1, counts.sent), 1),
        "cpu_us_a_call": round(cpu / calls * 1e6, 2),
    }


def by_librdkafka(address: str, calls: int, rate: float) -> list[float]:
    """``produce`` and ``flush`` of confluent-kafka, an event at a time."""
    producer = Producer({"bootstrap.servers": address, "acks": "all", "linger.ms": 0})
    names = ids(calls)

    def send(number: int) -> None:
        producer.produce(TOPIC, event(names[number]))
        producer.flush(30)

    paced(send, 100, rate)
    return paced(send, calls, rate)


def by_aiokafka(address: str, calls: int, rate: float) -> list[float]:
    """``send_and_wait`` of aiokafka, an event at a time, on a loop that does nothing else."""
    names = ids(calls)
    with asyncio.Runner() as runner:
        loop = runner.get_loop()

        async def start() -> AIOKafkaProducer:
            producer = AIOKafkaProducer(bootstrap_servers=address, acks="all", linger_ms=0)
            await producer.start()
            return producer

        producer = runner.run(start())

        def send(number: int) -> None:
            loop.run_until_complete(producer.send_and_wait(TOPIC, event(names[number])))

        paced(send, 100, rate)
        took = paced(send, calls, rate)
        runner.run(producer.stop())
    return took


def decoding(rows: int) -> dict[str, float]:
    """Events a second that the worker's decoder reads: as the client packs them, and singly."""
    packer: Packer[Event] = Packer("benchmark", encode_events, 900_000)
    made = [
        Event(
            {name: value + number for name, value in FEATURES.items()},
            *("repay", 0.13, None, None, None, f"id-{number}", START_MS + number, None),
            *(None, None, None),
        )
        for number in range(rows)
    ]
    packed = [
        message.value
        for first in range(0, rows, BATCH)
        for message in packer.pack(made[first : first + BATCH], START_MS + rows).messages
    ]
    single = [event(name) for name in ids(rows)[:rows]]
    found = {"columns": packed, "singles": single}
    rates: dict[str, float] = {}
    for name, values in found.items():
        now = time.time_ns() // 1_000_000
        records = [Record(TOPIC, 0, i, now, value) for i, value in enumerate(values)]
        best = 0.0
        for _ in range(5):
            began = time.perf_counter()
            decoded = Decoder(Limits()).decode(records)
            best = max(best, rows / (time.perf_counter() - began))
            if decoded.rejected or sum(map(len, decoded.batches)) != rows:
                raise RuntimeError(f"{name}: not all events were read")
        rates[f"{name}_events_per_s"] = round(best)
        rates[f"{name}_bytes_an_event"] = round(sum(map(len, values)) / rows, 1)
    rates["gain"] = round(rates["columns_events_per_s"] / rates["singles_events_per_s"], 2)
    return rates


def import_ms() -> float:
    """How long a new process takes to import the client, the median of five, in ms."""
    script = (
        "import time; t = time.perf_counter(); import stream_monitor.client; "
        "print((time.perf_counter() - t) * 1e3)"
    )
    command = [sys.executable, "-c", script]
    took = [float(subprocess.check_output(command, text=True)) for _ in range(5)]
    return round(statistics.median(took), 1)


def create_topic(address: str) -> None:
    admin = AdminClient({"bootstrap.servers": address})
    admin.create_topics([NewTopic(TOPIC, 4, 1)])[TOPIC].result(20)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--calls", type=int, default=20_000, help="of log, a round")
    options.add_argument("--sends", type=int, default=1_000, help="of each that waits, a round")
    options.add_argument("--rate", type=float, default=2_000, help="calls a second")
    options.add_argument("--rounds", type=int, default=3, help="of each; the median counts")
    options.add_argument("--threads", type=int, default=4, help="that compute beside the calls")
    given = options.parse_args()
    console = Console(stderr=True)
    rounds: dict[str, list[dict[str, float]]] = {}
    details = []
    with KafkaServer() as kafka:
        address = kafka.bootstrap_servers
        create_topic(address)
        for _ in range(given.rounds):
            log, detail = by_client(address, given.calls, given.rate)
            unpaced, dropping = by_client(address, given.calls, 0)
            slower = (given.calls // 4, given.rate / 4)
            with beside_threads(given.threads):
                nothing_beside = paced(nothing, *slower)
                log_beside, beside = by_client(address, *slower)
            took = {
                "nothing": paced(nothing, given.calls, given.rate),
                "log": log,
                "nothing_beside_threads": nothing_beside,
                "log_beside_threads": log_beside,
                "log_unpaced": unpaced,
                "confluent_produce_and_flush": by_librdkafka(address, given.sends, given.rate),
                "aiokafka_send_and_wait": by_aiokafka(address, given.sends, given.rate),
            }
            del beside["cpu_us_a_call"]  # it is that of the other threads
            details.append({"paced": detail, "unpaced": dropping, "beside_threads": beside})
            for name, calls in took.items():
                rounds.setdefault(name, []).append(quantiles(calls))
                console.print(f"  {name:<28} {rounds[name][-1]} µs")
    median = {
        name: {q: statistics.median(each[q] for each in of) for q in of[0]}
        for name, of in rounds.items()
    }
    results = {
        "calls": given.calls,
        "rate_per_s": given.rate,
        "rounds": given.rounds,
        "threads": given.threads,
        "us_a_call": median,
        "p99_us_of_each_round": {name: [each["p99"] for each in of] for name, of in rounds.items()},
        "times_cheaper_at_p50": {
            name: round(median[name]["p50"] / median["log"]["p50"], 1)
            for name in ("confluent_produce_and_flush", "aiokafka_send_and_wait")
        },
        "client": details[-1],
        "decoding": decoding(20_000),
        "import_ms": import_ms(),
    }
    return report("client", results, [Target("log_p99_us", median["log"]["p99"], "<=", 20)])


if __name__ == "__main__":
    raise SystemExit(main())
