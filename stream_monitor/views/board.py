"""The view of a worker put together: its own, and the one in Redis if the settings have one."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import replace

from stream_monitor.config.redis import RedisSettings
from stream_monitor.metrics.snapshot import Snapshot
from stream_monitor.pipeline.effects import Publish
from stream_monitor.views.local import LocalView
from stream_monitor.views.protocol import View
from stream_monitor.views.redis_connection import RedisConnection
from stream_monitor.views.redis_store import RedisStore
from stream_monitor.views.redis_view import RedisView
from stream_monitor.views.refill import Published, Refill
from stream_monitor.views.shared import Patient, SharedView
from stream_monitor.views.shelf import Bounds
from stream_monitor.views.writer import Writer

#: How often the worker's state is looked at; it is made anew about once a second.
_LOOK_S = 1.0


class Board:
    """Hears what a worker publishes, and has the :attr:`view` to answer from.

    ``now_ms`` is the clock. ``published`` reads back what workers have published, for a Redis that
    has lost it; without it nothing is read back. Without Redis its own view may be of
    ``everybody``: then it is to be told (:meth:`follow`) what others publish too. All methods, and
    those of the view, are for the
    worker's event loop but :meth:`show`, which any thread may call.

    Raises:
        ConfigurationError: a file of the settings cannot be read.
    """

    def __init__(
        self,
        settings: RedisSettings,
        now_ms: Callable[[], int],
        published: Callable[[], Published] | None = None,
        *,
        everybody: bool = False,
    ) -> None:
        bounds = Bounds(settings.history, settings.ttl_ms)
        self.local = LocalView(bounds, now_ms, everybody=everybody and settings.url is None)
        self._shared: Patient | None = None
        self._connection: RedisConnection | None = None
        self._writer: Writer | None = None
        self._refill: Refill | None = None
        if settings.url is not None:
            connection = self._connection = RedisConnection(settings)
            store = RedisStore(connection, settings.prefix, bounds, settings.ttl_ms)
            name = uuid.uuid4().hex
            writer = self._writer = Writer(
                store,
                self.local,
                settings.queue,
                name,
                connection.address,
                refills=published is not None,
            )
            if published is not None:

                def lacks() -> bool:
                    return writer.status.connected and writer.status.refilling

                self._refill = Refill(store, published, lacks, now_ms, settings.ttl_ms)
            self._shared = Patient(RedisView(connection, settings.prefix, settings.ttl_ms), now_ms)

    @property
    def view(self) -> View:
        """The view to answer one request from."""
        return self.local if self._shared is None else SharedView(self._shared, self.local)

    def hear(self, publish: Publish) -> None:
        """A document was published; returns at once."""
        said = self.local.hear(publish)
        if self._writer is not None:
            self._writer.hear(said)

    def follow(self, publish: Publish) -> None:
        """A document of any worker, as it is on its topic; one that is known changes nothing."""
        self.local.hear(publish)

    def show(self, snapshot: Snapshot) -> Snapshot:
        """The worker's snapshot with what its view has lost and how the shared one is written."""
        snapshot = replace(snapshot, view_dropped=self.local.lost)
        if self._writer is None:
            return snapshot
        status, refill = self._writer.status, self._refill
        if refill is not None:
            problem = status.problem or refill.problem
            status = status._replace(problem=problem, refilled=refill.documents)
        return replace(snapshot, redis=status)

    async def run(self, read: Callable[[], Snapshot]) -> None:
        """Follow the worker's snapshots, write, and refill, until cancelled."""
        tasks = [asyncio.create_task(part.run()) for part in (self._writer, self._refill) if part]
        try:
            while not any(task.done() for task in tasks):  # only a bug ends one
                new = self.local.present(read())
                if self._writer is not None:
                    self._writer.owe(new)
                await asyncio.sleep(_LOOK_S)
            for task in tasks:
                if task.done():
                    await task
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if self._connection is not None:
                await self._connection.close()
