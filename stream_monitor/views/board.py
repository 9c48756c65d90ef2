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
from stream_monitor.views.shared import SharedView
from stream_monitor.views.shelf import Bounds
from stream_monitor.views.writer import Writer

#: How often the worker's state is looked at; it is made anew about once a second.
_LOOK_S = 1.0


class Board:
    """Hears what a worker publishes, and has the :attr:`view` to answer from.

    ``now_ms`` is the clock. Without Redis its own view may be of ``everybody``: then it is to be
    told (:meth:`follow`) what others publish too. All methods, and those of the view, are for the
    worker's event loop but :meth:`show`, which any thread may call.

    Raises:
        ConfigurationError: a file of the settings cannot be read.
    """

    def __init__(
        self, settings: RedisSettings, now_ms: Callable[[], int], *, everybody: bool = False
    ) -> None:
        bounds = Bounds(settings.history, settings.ttl_ms)
        self.local = LocalView(bounds, now_ms, everybody=everybody and settings.url is None)
        self._shared: View | None = None
        self._connection: RedisConnection | None = None
        self._writer: Writer | None = None
        if settings.url is not None:
            connection = self._connection = RedisConnection(settings)
            store = RedisStore(connection, settings.prefix, bounds, settings.ttl_ms)
            name = uuid.uuid4().hex
            self._writer = Writer(store, self.local, settings.queue, name, connection.address)
            self._shared = RedisView(connection, settings.prefix, settings.ttl_ms)

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
        redis = None if self._writer is None else self._writer.status
        return replace(snapshot, redis=redis, view_dropped=self.local.lost)

    async def run(self, read: Callable[[], Snapshot]) -> None:
        """Follow the worker's snapshots, and write, until cancelled."""
        writing = None if self._writer is None else asyncio.create_task(self._writer.run())
        try:
            while writing is None or not writing.done():  # only a bug ends it
                new = self.local.present(read())
                if self._writer is not None:
                    self._writer.owe(new)
                await asyncio.sleep(_LOOK_S)
            await writing
        finally:
            if writing is not None:
                writing.cancel()
                await asyncio.gather(writing, return_exceptions=True)
            if self._connection is not None:
                await self._connection.close()
