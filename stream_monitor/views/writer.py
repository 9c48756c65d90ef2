"""The task that brings what a worker publishes to Redis; the pipeline never waits for it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable
from contextlib import suppress

from stream_monitor.delivery.backlog import Backlog
from stream_monitor.delivery.backoff import wait_ms
from stream_monitor.metrics.snapshot import RedisView
from stream_monitor.views.local import LocalView
from stream_monitor.views.protocol import UnavailableError
from stream_monitor.views.redis_store import RedisStore
from stream_monitor.views.said import Said

#: Documents a request.
_BATCH = 64
#: How often it is seen whether Redis is there and still knows what it was told.
_LOOK_S = 1.0
#: The longest wait for a Redis that is gone.
_LONGEST_MS = 10_000
#: How long a stop waits for what is still to be written.
_LAST_WORDS_S = 2.0


class Writer:
    """Brings documents to Redis in their order, the newest of each, at most ``queue`` waiting.

    When Redis is there again, has forgotten everything, or was spared documents because too many
    waited, all that ``local`` has is compared with what Redis has, and what is missing is
    written; and open alerts of a model of this worker that its state does not have are taken
    out. The same after a refill (see ``refill``), which may bring such alerts; ``refills`` says
    whether there is one. ``name`` is this writer's alone. All methods are for one event loop but
    :attr:`status`.
    """

    def __init__(
        self,
        store: RedisStore,
        local: LocalView,
        queue: int,
        name: str,
        address: str,
        *,
        refills: bool = False,
    ) -> None:
        self._store = store
        self._local = local
        self._name = name
        self._refills = refills
        self._backlog: Backlog[Said] = Backlog(queue, lambda said: said.key)
        self._owed: set[str] = set()  # models to be compared
        self._news = asyncio.Event()
        self._dropped = 0  # of the backlog, when all was last owed
        self._looked_s = float("-inf")
        self._fill: bytes | None = None
        self._status = RedisView(address)

    @property
    def status(self) -> RedisView:
        """How it goes."""
        return self._status._replace(dropped=self._backlog.dropped, waiting=len(self._backlog))

    def hear(self, said: Said) -> None:
        """Something is to be written; returns at once."""
        self._backlog.put([said])
        self._news.set()

    def owe(self, models: Iterable[str]) -> None:
        """All that is known of these is to be there."""
        self._owed.update(models)
        if self._owed:
            self._news.set()

    async def run(self) -> None:
        """Write until cancelled, and then for a moment what is still to be written."""
        failed = 0
        try:
            while True:
                self._news.clear()
                try:
                    await self._look()
                    await self._write()
                except UnavailableError as exc:
                    failed += 1
                    failures = self._status.failures + 1
                    self._status = self._status._replace(
                        connected=False, failures=failures, problem=str(exc)
                    )
                    await asyncio.sleep(wait_ms(failed, random.random(), _LONGEST_MS) / 1000)
                    continue
                failed = 0
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_S):
                        await self._news.wait()
        finally:
            with suppress(TimeoutError, UnavailableError):
                async with asyncio.timeout(_LAST_WORDS_S):
                    await self._write()

    async def _look(self) -> None:
        """See whether Redis is there; after a time without it, or its memory, all is owed."""
        now_s = asyncio.get_running_loop().time()
        if self._status.connected and now_s - self._looked_s < _LOOK_S:
            return
        remembered, fill = await self._store.sign(self._name)
        self._looked_s = now_s
        if not (self._status.connected and remembered and fill == self._fill):
            self._owed |= self._local.known
        self._fill = fill
        self._status = self._status._replace(
            connected=True, problem="", refilling=self._refills and fill is None
        )

    async def _write(self) -> None:
        if self._dropped != self._backlog.dropped:
            self._dropped = self._backlog.dropped
            self._owed |= self._local.known
        while self._owed:
            model = next(iter(self._owed))
            await self._compare(model)
            self._owed.discard(model)
        while len(self._backlog):
            batch = self._backlog.first(_BATCH)
            await self._put(batch)
            self._backlog.done(batch)

    async def _compare(self, model: str) -> None:
        """Make what Redis has of a model at least what is known here."""
        held = await self._store.held(model)
        missing = [
            said
            for said in self._local.everything(model)
            if held.get((said.part, said.id), -1) < said.number
        ]
        for at in range(0, len(missing), _BATCH):
            await self._put(missing[at : at + _BATCH])
        if model in self._local.owned:
            there = await self._store.open_alerts(model)
            known = self._local.open_alerts(model)
            stale = {id_: number for id_, number in there.items() if id_ not in known}
            if stale:
                await self._store.forget_alerts(model, stale)

    async def _put(self, saids: Iterable[Said]) -> None:
        listed = list(saids)
        await self._store.put(listed)
        self._status = self._status._replace(writes=self._status.writes + len(listed))
