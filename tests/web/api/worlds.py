"""The API over HTTP on 127.0.0.1, with a worker's documents and a Kafka of these tests."""

import asyncio
import http.client
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from stream_monitor.config.api import ApiSettings
from stream_monitor.errors import BrokerError
from stream_monitor.kafka.web import listen
from stream_monitor.metrics.exporter import Exporter
from stream_monitor.metrics.snapshot import ApiView, ReferenceView, Snapshot
from stream_monitor.pipeline.effects import Publish, Stream
from stream_monitor.pipeline.engine import LocalEngine
from stream_monitor.reference.registry import References
from stream_monitor.reports.history import Gathering
from stream_monitor.scenarios.now import CannotPlayError
from stream_monitor.views.local import LocalView
from stream_monitor.views.owner import Owner
from stream_monitor.views.protocol import (
    ModelCard,
    Report,
    Source,
    Told,
    UnavailableError,
    View,
)
from stream_monitor.views.published import PublishedView
from stream_monitor.views.shelf import Bounds as ShelfBounds
from stream_monitor.web.api.access import Tokens
from stream_monitor.web.api.application import application
from stream_monitor.web.api.counts import ApiCounts
from stream_monitor.web.api.handlers import Handlers
from stream_monitor.web.api.peers import Peers
from stream_monitor.web.api.ports import Topic
from stream_monitor.web.api.routing import Routing
from stream_monitor.web.api.server import ApiServer
from stream_monitor.web.api.tls import server_context
from stream_monitor.web.connections import Bounds, Connections
from stream_monitor.web.pages import Pages
from tests.metrics.worlds import NOW_MS, busy
from tests.pipeline.events import SETTINGS, Event, log, reference

#: Models that a producer may name so.
HOSTILE = "<img src=x onerror=alert(1)>\"'&amp;</script>"
JSON = {"Content-Type": "application/json"}


@cache
def published(model: str = "m") -> tuple[Publish, ...]:
    """Reports and alerts of two minutes of a model, all of whose ``x`` have drifted."""
    engine = LocalEngine(SETTINGS, References(reference(model)))
    events = [
        Event(
            at_ms=i * 500,
            x=9.0 if i % 10 else None,
            c="abc"[i % 3],
            prediction="01"[i % 2],
            truth="01"[i % 3 % 2],
            id=str(i),
            model=model,
        )
        for i in range(240)
    ]
    said = [*engine.feed(0, log(events)), *engine.finish()]
    # As they come from Kafka: JSON and nothing else.
    return tuple(Publish(p.stream, p.model, p.id, json.loads(json.dumps(p.document))) for p in said)


def empty() -> LocalView:
    """A view that has heard of nothing."""
    return LocalView(ShelfBounds(300, 10**9), lambda: NOW_MS, everybody=True)


def view(*models: str) -> LocalView:
    """What is known of models with reports, and of one that has a reference alone."""
    made = empty()
    made.present(Snapshot(references={"asleep": ReferenceView("0123456789abcdef", 1)}))
    for model in models:
        for publish in published(model):
            made.hear(publish)
    return made


@dataclass
class Kafka:
    """An intake that keeps what it is sent, or fails."""

    sent: list[tuple[Topic, bytes]] = field(default_factory=list)
    is_gone: bool = False

    async def send(self, topic: Topic, values: Sequence[bytes]) -> None:
        if self.is_gone:
            raise BrokerError("Kafka cannot be reached at the moment; send this again later.")
        self.sent += [(topic, value) for value in values]


@dataclass
class Topics:
    """An archive: all that was published, of which as many documents are read as it may."""

    published: Sequence[Publish] = ()
    most: int = 1_000_000
    is_busy: bool = False
    asked: list[tuple[str, int]] = field(default_factory=list)

    async def read(self, model: str, since_ms: int, gathering: Gathering) -> None:
        if self.is_busy:
            raise UnavailableError("another report is being read; ask again in a moment")
        self.asked.append((model, since_ms))
        for publish in self.published[: self.most]:
            take = gathering.report if publish.stream is Stream.REPORTS else gathering.alert
            take(publish.document)
        gathering.cut = len(self.published) > self.most


@dataclass
class Ownership:
    """Who owns what: this worker nothing, until a test says so."""

    me: str = "me"
    owners: dict[str, Owner] = field(default_factory=dict)

    def of(self, model: str) -> Owner | None:
        return self.owners.get(model)


@dataclass
class Scenarios:
    """Scenarios that nobody sees."""

    begun: list[tuple[str, int]] = field(default_factory=list)
    is_busy: bool = False
    names: Sequence[str] = ("drift", "no-drift")

    async def start(self, name: str, seed: int) -> Mapping[str, Any]:
        if self.is_busy:
            raise CannotPlayError("another scenario is being sent; ask again when it is through")
        self.begun.append((name, seed))
        return {
            "scenario": name,
            "story": "Two hours.",
            "model": "credit",
            "reference_hash": "0123456789abcdef",
            "events": 24_000,
            "start": "2026-01-01T00:00:00Z",
            "end": "2026-01-01T02:00:00Z",
            "drifted": ["income"],
            "missing": None,
        }


@dataclass(frozen=True)
class Got:
    """An answer; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)


@dataclass
class Api:
    """A served API; ``now_ms`` is the clock of its rate limit, ``age_ms`` how old its view is."""

    port: int = 0
    kafka: Kafka = field(default_factory=Kafka)
    topics: Topics = field(default_factory=Topics)
    scenarios: Scenarios = field(default_factory=Scenarios)
    ownership: Ownership = field(default_factory=Ownership)
    peers: Peers = field(default_factory=lambda: Peers(ssl.create_default_context()))
    now_ms: int = 0
    counts: ApiCounts = field(default_factory=ApiCounts)
    age_ms: int | None = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def shown(self) -> ApiView:
        """What its metrics are made of."""
        view = self.counts.show(Snapshot()).api
        assert view is not None
        return view

    def ask(
        self, path: str, method: str = "GET", body: Any = None, headers: Mapping[str, str] = JSON
    ) -> Got:
        """One request: a body of bytes as it is, of pieces without its length, else as JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            as_it_is = body is None or isinstance(body, bytes | Iterator)
            sent = body if as_it_is else json.dumps(body).encode()
            connection.request(method, path, body=sent, headers=dict(headers))
            answer = connection.getresponse()
            lower = {name.lower(): text for name, text in answer.getheaders()}
            return Got(answer.status, lower, answer.read())
        finally:
            connection.close()

    def post(self, path: str, body: Any, headers: Mapping[str, str] = JSON) -> Got:
        return self.ask(path, "POST", body, headers)


class Gone:
    """A shared view that does not answer."""

    told = Told(Source.REDIS)

    async def models(self) -> list[ModelCard]:
        raise UnavailableError("Redis does not answer")

    async def latest(self, model: str) -> Report | None:
        raise UnavailableError("Redis does not answer")

    async def history(self, model: str, since_ms: int, until_ms: int, limit: int) -> list[Report]:
        raise UnavailableError("Redis does not answer")

    async def alerts(self, model: str | None) -> list[Report]:
        raise UnavailableError("Redis does not answer")


async def _settled() -> None:
    """What was cancelled has ended."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.gather(*others, return_exceptions=True)


@contextmanager
def serving(
    of: View | None = None,
    *,
    tokens: Tokens | Callable[[], Tokens] | None = None,
    bounds: Bounds | None = None,
    shared: bool = False,
    peers: Peers | None = None,
    snapshot: Snapshot | None = None,
    **settings: Any,
) -> Iterator[Api]:
    """The API until the block ends, on an event loop in a thread of its own."""
    api = Api() if peers is None else Api(peers=peers)
    chosen = SETTINGS.model_copy(
        update={"api": ApiSettings(**{"max_requests": 100_000, "simulate": True, **settings})}
    )

    def read() -> Snapshot:
        return snapshot or busy()

    given = view("m") if of is None else of
    answering = PublishedView(given, lambda: api.age_ms) if isinstance(given, LocalView) else given
    handlers = Handlers(
        chosen,
        lambda: answering,
        api.topics,
        api.kafka,
        Pages(read, Exporter(read), lambda: NOW_MS + 500),
        lambda: NOW_MS,
        api.scenarios if chosen.api.simulate else None,
    )
    counts = ApiCounts()
    limits = bounds or Bounds(chosen.api.max_connections)
    connections = Connections(limits, counts, time.monotonic)
    made = application(
        chosen,
        handlers,
        tokens if callable(tokens) else lambda: tokens or Tokens(),
        lambda: api.now_ms,
        counts,
        connections,
        Routing(api.ownership, api.peers, shared=shared),
    )
    on = listen("127.0.0.1", 0)
    api.port = on.getsockname()[1]
    api.counts = counts
    context = server_context(chosen.api)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = ApiServer(made, on, connections, counts, lambda: context)
    asking = asyncio.run_coroutine_threadsafe(api.peers.run(), loop)

    async def end() -> None:
        await server.stop()
        # As asyncio.run does: aiohttp lingers for bodies of peers that have gone.
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    try:
        asyncio.run_coroutine_threadsafe(server.start(), loop).result(10)
        yield api
    finally:
        asking.cancel()
        asyncio.run_coroutine_threadsafe(end(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
