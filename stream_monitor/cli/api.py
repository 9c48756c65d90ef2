"""The HTTP API of a worker, put together: its view, its door to Kafka, its server."""

from __future__ import annotations

import logging
import time

from stream_monitor.config.settings import Settings
from stream_monitor.kafka.archive import Archive
from stream_monitor.kafka.clock import now_ms
from stream_monitor.kafka.intake import Intake
from stream_monitor.kafka.published import PublishedFollower
from stream_monitor.kafka.simulating import Simulator
from stream_monitor.kafka.web import listen
from stream_monitor.kafka.worker import Worker
from stream_monitor.views.followed import FollowedView
from stream_monitor.views.protocol import View
from stream_monitor.views.waiting import WaitingView
from stream_monitor.web.api.access import Tokens
from stream_monitor.web.api.application import application
from stream_monitor.web.api.connections import Bounds, Connections
from stream_monitor.web.api.counts import ApiCounts
from stream_monitor.web.api.handlers import Handlers
from stream_monitor.web.api.server import ApiServer
from stream_monitor.web.api.tls import server_context
from stream_monitor.web.api.watched import Watched
from stream_monitor.web.pages import Pages

log = logging.getLogger(__name__)


def serve(
    settings: Settings, worker: Worker, pages: Pages, shared: View | None, counts: ApiCounts
) -> str:
    """Have the worker serve the API; its URL, without a slash at the end.

    It answers from the ``shared`` view; without one from all that is published, which it follows.
    Files of tokens and certificates are read again when they change.

    Raises:
        ConfigurationError: the port, a token or a certificate cannot be used.
    """
    api = settings.api

    def complain(sentence: str) -> None:
        log.warning("%s", sentence)
        worker.complain(sentence)

    secrets = (api.read_token_file, api.write_token_file)
    tokens = Watched(secrets, lambda: Tokens.of(api), _monotonic_ms, complain)
    certificates = (api.cert_file, api.key_file, api.client_ca_file)
    tls = Watched(certificates, lambda: server_context(api), _monotonic_ms, complain)
    intake = Intake(settings.kafka)
    beside = [intake.run]
    if shared is None:
        followed = FollowedView(
            lambda: {name: its.hash for name, its in worker.references.all_current().items()},
            now_ms,
        )
        follower = PublishedFollower(settings.kafka, followed.hear, worker.complain)
        shared = WaitingView(followed, lambda: follower.ready)
        beside.append(follower.run)
    simulator = Simulator(settings.kafka, worker.references, now_ms) if api.simulate else None
    handlers = Handlers(settings, shared, Archive(settings), intake, pages, now_ms, simulator)
    on = listen(api.host, api.port)
    if simulator is not None:
        beside.append(simulator.run)
    connections = Connections(Bounds(api.max_connections), counts, time.monotonic)
    made = application(settings, handlers, tokens, _monotonic_ms, counts, connections)
    worker.serve(ApiServer(made, on, connections, counts, tls), beside)
    if api.write_token_file is None:
        log.info("api.write_token_file is not set: only this machine may write")
    port = on.getsockname()[1]
    return f"http{'s' * api.encrypts}://{f'[{api.host}]' if ':' in api.host else api.host}:{port}"


def _monotonic_ms() -> int:
    return time.monotonic_ns() // 1_000_000
