"""The HTTP API of a worker, put together: its view, its door to Kafka, its server."""

from __future__ import annotations

import logging
import time

from stream_monitor.config.settings import Settings
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
from stream_monitor.web.api.handlers import Handlers
from stream_monitor.web.api.peers import Peers
from stream_monitor.web.api.routing import Routing
from stream_monitor.web.pages import Pages

log = logging.getLogger(__name__)


def serve(settings: Settings, worker: Worker, pages: Pages, board: Board, peers: Peers) -> str:
    """Have the worker serve the API; its URL, without a slash at the end.

    It answers from the shared view if there is one; else the owner of a model is asked, and the
    board is told all that is published, which it follows.

    Raises:
        ConfigurationError: the port or a token cannot be used.
    """
    api = settings.api
    tokens = Tokens.of(api)
    intake = Intake(settings.kafka)
    beside = [intake.run, peers.run]
    shared = settings.redis.url is not None
    follower = PublishedFollower(settings.kafka, board.follow, worker.complain)
    if not shared:
        beside.append(follower.run)

    def view() -> View:
        return board.view if shared else PublishedView(board.view, follower.age_ms)

    simulator = Simulator(settings.kafka, worker.references, now_ms) if api.simulate else None
    handlers = Handlers(settings, view, intake, pages, now_ms, simulator)
    on = listen(api.host, api.port)
    if simulator is not None:
        beside.append(simulator.run)
    routing = Routing(worker.owners, peers, shared=shared)
    worker.serve(application(settings, handlers, tokens, _monotonic_ms, routing), on, beside)
    if tokens.write is None:
        log.info("api.write_token_file is not set: only this machine may write")
    port = on.getsockname()[1]
    worker.owners.announce(advertised(api, port))
    return f"http://{f'[{api.host}]' if ':' in api.host else api.host}:{port}"


def _monotonic_ms() -> int:
    return time.monotonic_ns() // 1_000_000
