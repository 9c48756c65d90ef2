"""The task that tells Alertmanagers what the desk has for them; the pipeline never waits for it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace

import aiohttp

from stream_monitor.config.alertmanager import AlertmanagerSettings
from stream_monitor.delivery.backoff import wait_ms
from stream_monitor.metrics.snapshot import NotifiedView, Snapshot
from stream_monitor.notify.backlog import Backlog
from stream_monitor.notify.client import Client, Outcome
from stream_monitor.notify.desk import Desk, Post
from stream_monitor.notify.payload import Links
from stream_monitor.pipeline.effects import Publish, Stream

#: Alerts a request.
_BATCH = 64
#: How often the worker's state is looked at; it is made anew about once a second.
_LOOK_S = 1.0
#: How long a stop waits for what is still to be said.
_LAST_WORDS_S = 2.0


@dataclass
class _Line:
    """One Alertmanager: what it is to be told, and how that goes."""

    client: Client
    backlog: Backlog
    news: asyncio.Event = field(default_factory=asyncio.Event)
    told: int = 0
    requests: int = 0
    failures: int = 0


class Notifier:
    """Tells every Alertmanager of the settings about the episodes of one worker.

    ``now_ms`` is the clock. All methods are for the worker's event loop but :meth:`show`, which
    any thread may call.

    Raises:
        ConfigurationError: a file of the settings cannot be read.
    """

    def __init__(self, settings: AlertmanagerSettings, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        links = Links(settings.generator_url, settings.runbook_url)
        self._desk = Desk(settings.resend_ms, links)
        self._lines = {
            url: _Line(Client(url, settings), Backlog(settings.queue)) for url in settings.urls
        }

    def hear(self, publish: Publish) -> None:
        """A document was published; returns at once."""
        if publish.stream is Stream.ALERTS and self._lines:
            self._put(self._desk.hear(publish.document, self._now_ms()))

    def show(self, snapshot: Snapshot) -> Snapshot:
        """The worker's snapshot with what the notifier has done."""
        views = tuple(
            NotifiedView(
                url,
                line.told,
                line.requests,
                line.failures,
                line.backlog.dropped,
                len(line.backlog),
                line.client.problem,
            )
            for url, line in self._lines.items()
        )
        return replace(snapshot, notified=views)

    async def run(self, read: Callable[[], Snapshot]) -> None:
        """Tell until cancelled, and then for a moment what is still to be said.

        ``read`` gives the worker's present snapshot.
        """
        async with aiohttp.ClientSession() as session:
            tasks = [
                asyncio.create_task(self._serve(session, line)) for line in self._lines.values()
            ]
            try:
                while not any(task.done() for task in tasks):  # only a bug ends one
                    snapshot, now_ms = read(), self._now_ms()
                    self._put(self._desk.present(snapshot.open_alerts, snapshot.as_of_ms, now_ms))
                    await asyncio.sleep(_LOOK_S)
                await asyncio.gather(*tasks)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LAST_WORDS_S):
                        lines = self._lines.values()
                        await asyncio.gather(*(self._drain(session, line) for line in lines))

    def _put(self, posts: list[Post]) -> None:
        if posts:
            for line in self._lines.values():
                line.backlog.put(posts)
                line.news.set()

    async def _serve(self, session: aiohttp.ClientSession, line: _Line) -> None:
        failed = 0
        while True:
            await line.news.wait()
            line.news.clear()
            while len(line.backlog):
                failed = 0 if await self._tell(session, line) else failed + 1
                if failed:
                    await asyncio.sleep(wait_ms(failed, random.random()) / 1000)

    async def _drain(self, session: aiohttp.ClientSession, line: _Line) -> None:
        while len(line.backlog) and await self._tell(session, line):
            pass

    async def _tell(self, session: aiohttp.ClientSession, line: _Line) -> bool:
        """One request; false if it may be tried again."""
        posts = line.backlog.next(_BATCH, self._now_ms())
        if not posts:
            return True
        line.requests += 1
        outcome = await line.client.tell(session, posts)
        if outcome is Outcome.TAKEN:
            line.backlog.done(posts)
            line.told += len(posts)
            return True
        line.failures += 1
        if outcome is Outcome.REFUSED:
            # One that it cannot read spoils the others' request: each is tried alone once.
            await self._one_by_one(session, line, posts)
            return True
        return False

    async def _one_by_one(
        self, session: aiohttp.ClientSession, line: _Line, posts: tuple[Post, ...]
    ) -> None:
        for post in posts:
            line.requests += 1
            outcome = await line.client.tell(session, [post])
            if outcome is Outcome.TAKEN:
                line.backlog.done([post])
                line.told += 1
                continue
            line.failures += 1
            if outcome is Outcome.REFUSED:
                line.backlog.give_up([post])
