"""Workers' boards beside a real Redis, and how to wait for what they do."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from stream_monitor.config.redis import RedisSettings
from stream_monitor.metrics.snapshot import OpenAlert, RedisView, Snapshot
from stream_monitor.pipeline.effects import Publish
from stream_monitor.testing.redis import RedisServer
from stream_monitor.views.board import Board
from stream_monitor.views.refill import Published
from tests.views.worlds import end_of, owning

EVER = (0, end_of(1_000), 1_000)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass
class Site:
    """A worker's board, and what the worker owns."""

    board: Board
    models: list[str] = field(default_factory=lambda: ["m"])
    alerts: list[OpenAlert] = field(default_factory=list)

    def say(self, *publishes: Publish) -> None:
        for publish in publishes:
            self.board.hear(publish)

    def read(self) -> Snapshot:
        return owning(*self.models, as_of_ms=now_ms(), alerts=self.alerts)

    @property
    def status(self) -> RedisView:
        status = self.board.show(self.read()).redis
        assert status is not None
        return status


@asynccontextmanager
async def working(
    settings: RedisSettings, published: Callable[[], Published] | None = None, **owned: Any
) -> AsyncIterator[Site]:
    site = Site(Board(settings, now_ms, published), **owned)
    task = asyncio.create_task(site.board.run(site.read))
    try:
        yield site
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def at(server: RedisServer, **changes: Any) -> RedisSettings:
    return RedisSettings(url=server.url, **{"timeout_ms": 500, **changes})


async def soon(ask: Callable[[], Awaitable[Any] | bool], what: str) -> None:
    """Wait until it is so."""
    until = time.monotonic() + 15
    while True:
        said = ask()
        if said if isinstance(said, bool) else await said:
            return
        assert time.monotonic() < until, what
        await asyncio.sleep(0.02)


def wrote(site: Site, count: int) -> Callable[[], bool]:
    return lambda: site.status.writes >= count and not site.status.waiting


async def knows(site: Site, model: str, number: int) -> bool:
    latest = await site.board.view.latest(model)
    return latest is not None and latest["window"]["end_ms"] == end_of(number)


async def everything(site: Site) -> tuple[Any, ...]:
    view = site.board.view
    return await view.latest("m"), await view.history("m", *EVER), await view.alerts(None)
