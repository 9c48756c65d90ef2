"""The task that reads back what was published, for a Redis that has lost its history."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, suppress

from stream_monitor.errors import StreamMonitorError
from stream_monitor.pipeline.effects import Publish
from stream_monitor.views.protocol import UnavailableError
from stream_monitor.views.redis_store import RedisStore
from stream_monitor.views.said import Said, said_of

#: Documents by when they were published (the clock's ms), a few at a time, the oldest first.
Published = AsyncGenerator[Sequence[tuple[int, Publish]], None]

#: How often it is seen whether Redis has its history, and how long to wait after a trouble.
_LOOK_S, _AGAIN_S = 0.5, 5.0


class Refill:
    """Brings all that ``read`` gives to Redis, of every model, whenever it ``is_wanted``.

    One worker at a time does it, and takes a turn with the pipeline after every few documents.
    Those older than ``ttl_ms`` are left out: Redis would have forgotten them. What is newer in
    Redis stays.
    """

    def __init__(
        self,
        store: RedisStore,
        read: Callable[[], Published],
        is_wanted: Callable[[], bool],
        now_ms: Callable[[], int],
        ttl_ms: int,
    ) -> None:
        self._store = store
        self._read = read
        self._is_wanted = is_wanted
        self._now_ms = now_ms
        self._ttl_ms = ttl_ms
        self._name = uuid.uuid4().hex
        #: Documents that were brought back.
        self.documents = 0
        #: Why what was published cannot be read; "" where it can.
        self.problem = ""

    async def run(self) -> None:
        """Look, and refill, until cancelled."""
        while True:
            try:
                if self._is_wanted() and await self._store.claim(self._name):
                    await self._fill()
                self.problem = ""
            except UnavailableError:  # the writer says it
                pass
            except StreamMonitorError as exc:
                self.problem = f"what was published cannot be read back: {exc}"
                with suppress(UnavailableError):
                    await self._store.give_up()
                await asyncio.sleep(_AGAIN_S)
            await asyncio.sleep(_LOOK_S)

    async def _fill(self) -> None:
        clock = asyncio.get_running_loop().time
        async with aclosing(self._read()) as published:
            async for some in published:
                began = clock()
                saids = self._saids(some)
                await self._store.put(saids)
                self.documents += len(saids)
                if not await self._store.claim(self._name, again=True):
                    return  # it has lost its memory again, and with it what was brought
                await asyncio.sleep(clock() - began)  # the pipeline has the loop for as long
        await self._store.filled()

    def _saids(self, some: Sequence[tuple[int, Publish]]) -> list[Said]:
        since_ms = self._now_ms() - self._ttl_ms
        found: list[Said] = []
        for at_ms, publish in some:
            with suppress(LookupError, TypeError, ValueError):  # JSON, and no document of ours
                if at_ms >= since_ms:
                    found.append(said_of(publish, at_ms))
        return found
