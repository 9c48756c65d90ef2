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
from stream_monitor.views.board import Board
from stream_monitor.views.protocol import View
from stream_monitor.views.published import PublishedView
from stream_monitor.web.api.access import Tokens
from stream_monitor.web.api.address import advertised
from stream_monitor.web.api.application import application
from stream_monitor.web.api.counts import ApiCounts
from stream_monitor.web.api.handlers import Handlers
from stream_monitor.web.api.peers import Peers
from stream_monitor.web.api.routing import Routing
from stream_monitor.web.api.server import ApiServer
from stream_monitor.web.api.tls import server_context
from stream_monitor.web.api.watched import Watched
from stream_monitor.web.connections import Bounds, Connections
from stream_monitor.web.pages import Pages

log = logging.getLogger(__name__)


def serve(
    settings: Settings, worker: Worker, pages: Pages, board: Board, peers: Peers, counts: ApiCounts
) -> str:
    """Have the worker serve the API; its URL, without a slash at the end.

    It answers from the shared view if there is one; else the owner of a model is asked, and the
    board is told all that is published, which it follows. Files of tokens and certificates are
    read again when they change.

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
    beside = [intake.run, peers.run]
    shared = settings.redis.url is not None
    follower = PublishedFollower(settings.kafka, board.follow, worker.complain)
    if not shared:
        beside.append(follower.run)

    def view() -> View:
        return board.view if shared else PublishedView(board.view, follower.age_ms)

    simulator = Simulator(settings.kafka, worker.references, now_ms) if api.simulate else None
    handlers = Handlers(settings, view, Archive(settings), intake, pages, now_ms, simulator)
    on = listen(api.host, api.port)
    if simulator is not None:
        beside.append(simulator.run)
    routing = Routing(worker.owners, peers, shared=shared)
    connections = Connections(Bounds(api.max_connections), counts, time.monotonic)
    made = application(settings, handlers, tokens, _monotonic_ms, counts, connections, routing)
    worker.serve(ApiServer(made, on, connections, counts, tls), beside)
    if api.write_token_file is None:
        log.info("api.write_token_file is not set: only this machine may write")
    port, scheme = on.getsockname()[1], f"http{'s' * api.encrypts}"
    worker.owners.announce(advertised(api, port, scheme))
    return f"{scheme}://{f'[{api.host}]' if ':' in api.host else api.host}:{port}"


def _monotonic_ms() -> int:
    return time.monotonic_ns() // 1_000_000
