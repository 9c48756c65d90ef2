"""Labels that meet their predictions through real Kafka, with a million predictions pending.

A whole worker (both stages, every statistic, RocksDB, reports) in a process of its own reads
predictions, single JSON events with an id, until ``--pending`` and all rounds' labels more are
waiting for theirs. In each round the worker stands still (SIGSTOP) while ``--labels`` labels of
random pending ids, single JSON messages, are put into the topic; the clock runs from the moment
it goes on (SIGCONT) to the last join, so that fetching, decoding, both hops through Kafka and
what the worker has to do beside it are in it. ``joins_per_s`` is all labels over all rounds'
seconds. At the end of every round at least ``--pending`` predictions are still pending.

Then it is killed (SIGKILL) and started again with the same data directory. ``recovery_s`` is the
time from the kill until its successor knows every prediction and every label again and has
joined new labels of old predictions in every partition; the group's wait for the session of the
dead (``worker.session_timeout``) is in it.

Beside it a plain Faust table joins the same messages, fewer of them: see ``plain_join``.

    python -m benchmarks.labels [--pending 1000000] [--labels 300000] [--rounds 2] [--profile]
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console

from benchmarks.harness import Target, report
from benchmarks.label_messages import PARTITIONS, Topics, labels, predictions, reference
from benchmarks.label_worker import Process, Said
from benchmarks.plain_join import run_plain_join
from benchmarks.throughput import in_process
from stream_monitor.config.settings import KafkaSettings, LabelSettings, Settings, WorkerSettings
from stream_monitor.kafka.admin import create_topics
from stream_monitor.kafka.references import publish
from stream_monitor.testing.kafka import KafkaServer

EMIT_MS = 1000  # a fifth of the default: what labels tell is summed up in every round
PROBES = 64  # labels after the kill: enough to come to every partition


@dataclass(frozen=True)
class Sizes:
    """How much of everything."""

    pending: int
    labels: int
    rounds: int
    plain: int

    @property
    def predictions(self) -> int:
        """So many that after all rounds ``pending`` are left without a label."""
        return self.pending + self.rounds * self.labels


class Run:
    """A worker, its rounds and its successor; each step adds to ``results``."""

    def __init__(
        self, settings: Settings, sizes: Sizes, home: Path, profile: bool, console: Console
    ) -> None:
        self.results: dict[str, float] = {}
        self._settings = settings
        self._sizes = sizes
        self._home = home
        self._profile = profile
        self._console = console
        self._topics = Topics(settings.kafka.bootstrap_servers)
        self._order = np.random.default_rng(3).permutation(sizes.predictions)
        self._worker = self._start()

    def fill(self) -> None:
        """Predictions to Kafka until all are pending, and what they cost in memory."""
        rows, say = self._sizes.predictions, self._console.print
        self._worker.wait(lambda said: len(said.positions) == PARTITIONS)
        before = self._worker.memory_mib()[0]
        say(f"an idle worker has {before:,.0f} MiB; {rows:,} predictions to Kafka ...")
        size = self._topics.put(self._settings.kafka.topic("predictions"), predictions(range(rows)))
        said = self._worker.wait(lambda said: said.held == rows, watch=self._watch)
        say("  all read; the worker comes to rest ...")
        self._worker.rest()
        resident, peak = self._worker.memory_mib()
        say(f"  {said.pending:>12,} pending: {resident:,.0f} MiB, at most {peak:,.0f}")
        self.results |= {
            "prediction_bytes": round(size / rows),
            "idle_mib": round(before),
            "resident_mib": round(resident),
            "bytes_per_pending_prediction": round((resident - before) * 2**20 / rows),
            "bytes_in_columns_per_pending_prediction": round(said.column_bytes / rows + 16),
        }

    def round(self, number: int) -> tuple[float, int]:
        """Labels a second from the worker's first step to its last join; then still pending."""
        n = self._sizes.labels
        numbers = self._order[number * n : (number + 1) * n].tolist()
        goal = (number + 1) * n
        self._worker.pause()
        try:
            size = self._topics.put(self._settings.kafka.topic("labels"), labels(numbers))
        finally:
            began = time.monotonic()
            self._worker.go_on()
        self._worker.wait(lambda said: said.at > began)
        self._worker.longest_stall_s = 0.0
        said = self._worker.wait(lambda said: said.joined >= goal)
        rate = n / (said.at - began)
        self._worker.rest()
        stall = self._worker.longest_stall_s
        self._console.print(
            f"  {rate:>12,.0f} joins/s, {said.pending:,} pending, event loop stalled {stall:.2f} s"
        )
        self.results["label_bytes"] = round(size / n)
        before = self.results.get("event_loop_stalled_s", 0.0)
        self.results["event_loop_stalled_s"] = max(before, round(stall, 2))
        return rate, said.pending

    def recover(self) -> None:
        """Kill the worker, and wait until its successor knows what it knew and joins."""
        topics, kafka = self._topics, self._settings.kafka
        resident, peak = self._worker.memory_mib()
        known, ends = self._worker.said, topics.ends(kafka.topic("joins"))
        if known.labelled != self._sizes.rounds * self._sizes.labels:
            raise AssertionError(f"not every label has met its prediction: {known}")
        probes = self._order[self._sizes.rounds * self._sizes.labels :][:PROBES].tolist()
        began = time.monotonic()
        if self._profile:
            self._worker.stop()
        else:
            self._worker.kill()
        self._worker = self._start()
        topics.put(kafka.topic("labels"), labels(probes))
        first = self._worker.wait(lambda said: len(said.positions) == PARTITIONS)
        read = self._worker.wait(lambda said: _has_read(said, ends))
        last = self._worker.wait(lambda said: said.labelled >= known.labelled + len(probes))
        if (last.held, last.labelled) != (known.held, known.labelled + len(probes)):
            raise AssertionError(f"the successor knows {last}, and {known} was known before")
        self._console.print(
            f"  {last.at - began:>12.1f} s, of which {first.at - began:.1f} s until it owned "
            f"the partitions and {read.at - began:.1f} s until it had read the log again"
        )
        after = self._worker.memory_mib()[1]
        self.results |= {
            "recovery_s": round(last.at - began, 2),
            "recovery_owned_after_s": round(first.at - began, 2),
            "recovery_read_after_s": round(read.at - began, 2),
            "session_timeout_s": self._settings.worker.session_timeout_ms / 1000,
            "resident_after_joins_mib": round(resident),
            "peak_mib": round(max(peak, after)),
        }

    def stop(self) -> None:
        """End the worker."""
        self._worker.stop()

    def _start(self) -> Process:
        return Process(self._settings, self._home, profile=self._profile)

    def _watch(self, said: Said) -> None:
        self._console.print(f"  {said.held:>12,} read")


def _has_read(said: Said, ends: dict[int, int]) -> bool:
    return all(said.positions.get(partition, 0) >= end for partition, end in ends.items())


def run_plain(server: KafkaServer, rows: int, home: Path, console: Console) -> dict[str, float]:
    """The plain Faust table on ``rows`` of the same predictions, and their labels."""
    topics = Topics(server.bootstrap_servers)
    names = topics.create("plain-predictions"), topics.create("plain-labels")
    topics.put(names[0], predictions(range(rows)), keyed=True)
    address = server.bootstrap_servers
    rates = in_process(run_plain_join, address, names, PARTITIONS, rows, home / "plain")
    console.print(
        f"  {rates['joins_per_s']:>12,.0f} joins/s, {rates['writes_per_s']:,.0f} table writes/s"
    )
    return rates


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--pending", type=int, default=1_000_000, help="predictions, all the time")
    options.add_argument("--labels", type=int, default=300_000, help="a round")
    options.add_argument("--rounds", type=int, default=2, help="each with new labels")
    options.add_argument("--plain-rows", type=int, default=30_000, help="for the plain table")
    options.add_argument("--profile", action="store_true", help="where the workers' time goes")
    given = options.parse_args()
    sizes = Sizes(given.pending, given.labels, given.rounds, given.plain_rows)
    console = Console(stderr=True)
    with KafkaServer() as server, tempfile.TemporaryDirectory() as home:
        kafka = KafkaSettings(bootstrap_servers=server.bootstrap_servers, partitions=PARTITIONS)
        worker = WorkerSettings(data_dir=str(Path(home) / "state"))
        often = LabelSettings(emit_interval_ms=EMIT_MS)
        settings = Settings(kafka=kafka, worker=worker, labels=often)
        console.print(f"a plain Faust table, {sizes.plain:,} predictions and their labels")
        plain = run_plain(server, sizes.plain, Path(home), console)
        asyncio.run(prepare(settings))
        console.print("the worker")
        run = Run(settings, sizes, Path(home) / "worker", given.profile, console)
        try:
            run.fill()
            rounds = [run.round(number) for number in range(sizes.rounds)]
            console.print("killed and started again")
            run.recover()
        finally:
            run.stop()
    # All labels over all seconds: a round without summing up must not make up for one with it.
    joins_per_s = statistics.harmonic_mean([rate for rate, _ in rounds])
    results = {
        "predictions": sizes.predictions,
        "labels_a_round": sizes.labels,
        "partitions": PARTITIONS,
        "emit_interval_s": EMIT_MS / 1000,
        "rounds": [round(rate) for rate, _ in rounds],
        "timed": "from the worker's first step, all labels of the round in the topic, to its "
        "last join",
        **run.results,
        "plain_faust_table": {
            "rows": sizes.plain,
            **{name: round(rate) for name, rate in plain.items()},
        },
        "joins_per_s_to_plain_faust_table": round(joins_per_s / plain["joins_per_s"], 1),
    }
    return report(
        "labels",
        results,
        [
            Target("joins_per_s", round(joins_per_s), ">=", 50_000),
            Target("pending_predictions", min(left for _, left in rounds), ">=", 1_000_000),
            Target("resident_mib", run.results["peak_mib"], "<=", 1_024),
            Target("recovery_s", run.results["recovery_s"], "<=", 15),
        ],
    )


async def prepare(settings: Settings) -> None:
    """The topics, and the model's reference."""
    await create_topics(settings)
    await publish(reference(), settings.kafka)


if __name__ == "__main__":
    raise SystemExit(main())
