"""``stream-monitor worker``: both stages for the partitions the group gives it."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import click

from stream_monitor.cli.api import serve
from stream_monitor.cli.output import (
    Output,
    bootstrap_servers_option,
    config_option,
    load_settings,
)
from stream_monitor.kafka.app import quiet_logs
from stream_monitor.kafka.clock import now_ms
from stream_monitor.kafka.published import published_before
from stream_monitor.kafka.worker import Worker
from stream_monitor.metrics.exporter import Exporter
from stream_monitor.metrics.snapshot import Snapshot
from stream_monitor.notify.notifier import Notifier
from stream_monitor.pipeline.effects import Publish
from stream_monitor.views.board import Board
from stream_monitor.web.api.address import peer_tls
from stream_monitor.web.api.counts import ApiCounts
from stream_monitor.web.api.peers import Peers
from stream_monitor.web.counts import ServedCounts
from stream_monitor.web.pages import Pages
from stream_monitor.web.server import MonitorServer


@click.command()
@config_option
@bootstrap_servers_option
@click.option("--group", metavar="NAME", help="The consumer group [default: kafka.group].")
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where RocksDB keeps the state; one a worker [default: worker.data_dir].",
)
@click.option("--port", type=click.IntRange(0, 65535), help="Of /metrics and /health.")
@click.option("--api-port", type=click.IntRange(0, 65535), help="Of the HTTP API.")
@click.option(
    "--create-topics/--no-create-topics",
    default=True,
    show_default=True,
    help="Create topics that are missing.",
)
@click.option("-v", "--verbose", is_flag=True, help="What Faust and aiokafka have to say.")
def worker(
    config_path: Path | None,
    bootstrap_servers: str | None,
    group: str | None,
    data_dir: Path | None,
    port: int | None,
    api_port: int | None,
    create_topics: bool,
    verbose: bool,
) -> None:
    """Monitor what comes on the topic predictions, until Ctrl-C or SIGTERM.

    Start as many as there are partitions; each needs a data directory of its own.
    """
    settings = load_settings(
        config_path,
        {
            "kafka.bootstrap_servers": bootstrap_servers,
            "kafka.group": group,
            "worker.data_dir": None if data_dir is None else str(data_dir),
            "worker.port": port,
            "api.port": api_port,
        },
    )
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )
    quiet_logs(logging.INFO if verbose else logging.ERROR)
    output = Output()
    notifier = Notifier(settings.alertmanager, now_ms)
    board = Board(
        settings.redis,
        now_ms,
        lambda: published_before(settings.kafka),
        everybody=settings.api.enabled,
    )

    def hear(publish: Publish) -> None:
        notifier.hear(publish)
        board.hear(publish)

    made = Worker(settings, create=create_topics, on_document=hear)

    served = ServedCounts()
    counts = ApiCounts() if settings.api.enabled else None
    peers = Peers(peer_tls(settings.api)) if settings.api.enabled else None

    def read() -> Snapshot:
        shown = served.show(board.show(notifier.show(made.snapshot())))
        if counts is None or peers is None:
            return shown
        return replace(counts.show(shown), peers=peers.counts)

    pages = Pages(read, Exporter(read), now_ms)
    api = None
    if counts is not None and peers is not None:
        api = serve(settings, made, pages, board, peers, counts)
    with MonitorServer(pages, settings.worker.host, settings.worker.port, counts=served) as server:
        output.line(
            f"worker of {settings.kafka.group} on {settings.kafka.bootstrap_servers}, "
            f"state in {settings.worker.data_dir}"
        )
        output.line(f"health  {server.url}/health")
        output.line(f"metrics {server.url}/metrics")
        if api is not None:
            output.line(f"api     {api}/")
        asyncio.run(_run(made, notifier, board))
    output.line("stopped: everything read is committed")


async def _run(worker: Worker, notifier: Notifier, board: Board) -> None:
    """The worker until it ends, and what runs beside it; none goes on without the others."""
    stop = asyncio.Event()
    beside = [
        asyncio.create_task(notifier.run(worker.snapshot)),
        asyncio.create_task(board.run(worker.snapshot)),
    ]
    for task in beside:
        task.add_done_callback(lambda task: stop.set())
    try:
        await worker.run(stop)
    finally:
        for task in beside:
            task.cancel()
        for task in beside:
            with suppress(asyncio.CancelledError):
                await task  # raises what it has ended with, which only a bug does
