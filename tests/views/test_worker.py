"""Real workers: what they publish is in Redis, and their tables are known after a restart."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from stream_monitor.config.redis import RedisSettings
from stream_monitor.config.render import to_yaml
from stream_monitor.config.settings import Settings
from stream_monitor.kafka.clock import now_ms
from stream_monitor.kafka.published import published_before
from stream_monitor.kafka.references import publish
from stream_monitor.kafka.rehearsal import embedded
from stream_monitor.kafka.replay import replay
from stream_monitor.kafka.worker import Worker
from stream_monitor.metrics.snapshot import Snapshot, WorkerState
from stream_monitor.pipeline.effects import Publish, Stream
from stream_monitor.scenarios.acts import Act, drift
from stream_monitor.testing.kafka import free_port
from stream_monitor.testing.redis import RedisServer
from stream_monitor.views.board import Board
from stream_monitor.views.protocol import View
from stream_monitor.windows.panes import WindowSpec
from tests.alerting.servers import until
from tests.metrics.expositions import read, value
from tests.notify.test_worker import page

EVER = (0, 2**53, 1_000)


def last_end(act: Act) -> int:
    """The end of the last window of an act."""
    spec = WindowSpec.of(act.settings.for_model(act.reference.model))
    last = max(int(batch.timestamps.max()) for batch in act.batches())
    return spec.pane(last) + spec.slide_ms


def at_home(settings: Settings, home: Path) -> Settings:
    changes = {"data_dir": str(home / "state"), "port": free_port()}
    return settings.model_copy(update={"worker": settings.worker.model_copy(update=changes)})


async def soon(done: Callable[[], Any], what: str) -> None:
    end = time.monotonic() + 120
    while not done():
        assert time.monotonic() < end, what
        await asyncio.sleep(0.05)


@asynccontextmanager
async def working(settings: Settings) -> AsyncIterator[tuple[Worker, Board, list[Publish]]]:
    """A worker in this process with its board, and what it publishes."""
    said: list[Publish] = []
    board = Board(settings.redis, now_ms, lambda: published_before(settings.kafka))

    def hear(document: Publish) -> None:
        said.append(document)
        board.hear(document)

    worker, stop = Worker(settings, create=False, on_document=hear), asyncio.Event()
    tasks = [asyncio.create_task(worker.run(stop)), asyncio.create_task(board.run(worker.snapshot))]
    try:
        yield worker, board, said
    finally:
        stop.set()
        await asyncio.wait(tasks[:1])
        tasks[1].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def test_after_a_restart_without_traffic_windows_and_open_alerts_are_known(tmp_path: Path) -> None:
    async def play() -> None:
        act = drift(7)
        model, end = act.reference.model, last_end(act)
        async with embedded(act.settings) as reaching:
            settings = at_home(reaching, tmp_path)
            await publish(act.reference, settings.kafka)
            async with working(settings) as (worker, board, said):
                await replay(act.batches(), settings.kafka)
                await soon(lambda: said and _last(said) == end, "the last window is judged")
                await soon(lambda: worker.snapshot().open_alerts, "alerts are open")
                (before,) = await board.view.models()
                open_before = await _open(board.view)
                assert open_before
                reports = [p.document for p in said if p.stream is Stream.REPORTS]
                assert await board.view.history(model, *EVER) == reports[::-1]
            async with working(settings) as (worker, board, said):
                await soon(lambda: board.local.owned, "its tables are read")
                (card,) = await board.view.models()
                assert not said
                assert (card.model, card.window_end_ms) == (model, end)
                assert (card.rows, card.reference_hash) == (before.rows, before.reference_hash)
                assert card.open_alerts == before.open_alerts == len(open_before)
                assert await _open(board.view) == open_before
                assert await board.view.latest(model) is None
                assert worker.snapshot().state is WorkerState.RUNNING

    asyncio.run(play())


def test_a_redis_that_is_flushed_while_its_worker_restarts_has_the_whole_history_again(
    tmp_path: Path,
) -> None:
    async def play(redis: RedisServer) -> None:
        act = drift(7)
        model, end = act.reference.model, last_end(act)
        async with embedded(act.settings) as reaching:
            settings = at_home(reaching, tmp_path)
            settings = settings.model_copy(update={"redis": RedisSettings(url=redis.url)})
            await publish(act.reference, settings.kafka)
            async with working(settings) as (_, board, said):
                await replay(act.batches(), settings.kafka)
                await soon(lambda: said and _last(said) == end, "the last window is judged")
                reports = [p.document for p in said if p.stream is Stream.REPORTS][::-1]
                deadline = time.monotonic() + 90
                while await board.view.history(model, *EVER) != reports:
                    assert time.monotonic() < deadline, "all is written"
                    await asyncio.sleep(0.1)
                alerts = await board.view.alerts(None)
                assert alerts
            redis.ask("FLUSHALL")
            async with working(settings) as (_, board, said):

                def full() -> bool:
                    status = board.show(Snapshot.empty()).redis
                    return status is not None and status.refilled > 0 and not status.refilling

                await soon(full, "it is refilled")
                assert not said, "nothing new was judged"
                assert await board.view.history(model, *EVER) == reports
                assert await board.view.alerts(None) == alerts

    with RedisServer() as redis:
        asyncio.run(play(redis))


def test_a_worker_as_a_process_writes_to_redis_and_goes_on_without_it(tmp_path: Path) -> None:
    secret = "correct-horse"

    async def play(redis: RedisServer) -> str:
        act = drift(7)
        model, end = act.reference.model, last_end(act)
        async with embedded(act.settings) as reaching:
            settings = at_home(reaching, tmp_path)
            config = tmp_path / "monitor.yaml"
            config.write_text(to_yaml(settings))
            await publish(act.reference, settings.kafka)
            command = [sys.executable, "-m", "stream_monitor", "worker", "--config", str(config)]
            log = (tmp_path / "log").open("w")
            worker = subprocess.Popen(
                [*command, "--no-create-topics"],
                env={**os.environ, "REDIS_URL": redis.url.replace("//", f"//:{secret}@")},
                stdout=log,
                stderr=log,
            )
            try:
                await asyncio.to_thread(until, lambda: page(settings, "/ready"), "it is ready")
                await asyncio.to_thread(redis.stop)
                await replay(act.batches(), settings.kafka)

                def health() -> Any:
                    return json.loads(page(settings, "/health"))

                def judged() -> bool:
                    window = health()["models"][model]["last_window"]
                    return window is not None and window["end"] is not None

                await asyncio.to_thread(until, judged, "windows are judged without Redis")
                assert health()["ready"]
                assert health()["redis"]["connected"] is False
                await asyncio.to_thread(redis.start)

                def connected() -> bool:
                    its = health()["redis"]
                    return bool(its["connected"]) and not its["waiting"]

                await asyncio.to_thread(until, connected, "Redis is there again")
                away = RedisSettings(url=redis.url, password=SecretStr(secret))
                reader = Board(away, now_ms)
                task = asyncio.create_task(reader.run(Snapshot.empty))
                try:
                    deadline = time.monotonic() + 90
                    while True:
                        latest = await reader.view.latest(model)
                        if latest is not None and latest["window"]["end_ms"] == end:
                            break
                        assert time.monotonic() < deadline, "the last window arrives"
                        await asyncio.sleep(0.1)
                    (card,) = await reader.view.models()
                    assert card.open_alerts == health()["models"][model]["open_alerts"] > 0
                    ends = [r["window"]["end_ms"] for r in await reader.view.history(model, *EVER)]
                    spec = WindowSpec.of(settings.for_model(model))
                    assert ends == list(range(end, ends[-1] - 1, -spec.slide_ms)), "without a gap"
                finally:
                    task.cancel()
                    await asyncio.gather(task, return_exceptions=True)
                shown = read(page(settings, "/metrics"))
                assert value(shown, "redis_connected") == 1
                assert value(shown, "redis_writes_total") >= len(ends)
                assert value(shown, "redis_failures_total") > 0
                assert value(shown, "redis_dropped_total") == 0
                seen = page(settings, "/health") + page(settings, "/metrics")
            finally:
                worker.send_signal(signal.SIGTERM)
                assert worker.wait(30) == 0
                log.close()
        return str(seen) + (tmp_path / "log").read_text()

    with RedisServer(secret) as redis:
        assert secret not in asyncio.run(play(redis))


async def _open(view: View) -> list[tuple[str, str, str]]:
    found = await view.alerts(None)
    return [(a["alert_id"], a["family"], a["column"]) for a in found if a["recovered_at"] is None]


def _last(said: list[Publish]) -> int:
    ends = [p.document["window"]["end_ms"] for p in said if p.stream is Stream.REPORTS]
    return max(ends, default=0)
