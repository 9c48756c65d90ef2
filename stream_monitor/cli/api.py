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
from stream_monitor.web.api.handlers import Handlers
from stream_monitor.web.pages import Pages

log = logging.getLogger(__name__)


def serve(settings: Settings, worker: Worker, pages: Pages, shared: View | None) -> str:
    """Have the worker serve the API; its URL, without a slash at the end.

    It answers from the ``shared`` view; without one from all that is published, which it follows.

    Raises:
        ConfigurationError: the port or a token cannot be used.
    """
    api = settings.api
    tokens = Tokens.of(api)
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
    worker.serve(application(settings, handlers, tokens, _monotonic_ms), on, beside)
    if tokens.write is None:
        log.info("api.write_token_file is not set: only this machine may write")
    port = on.getsockname()[1]
    return f"http://{f'[{api.host}]' if ':' in api.host else api.host}:{port}"


def _monotonic_ms() -> int:
    return time.monotonic_ns() // 1_000_000
