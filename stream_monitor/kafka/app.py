"""The Faust application of a worker, without tables and agents: those are added to it."""

from __future__ import annotations

import asyncio
import logging
import signal
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import faust

from stream_monitor.config.security import SecuritySettings
from stream_monitor.errors import BrokerError
from stream_monitor.kafka.membership import NotAMemberError
from stream_monitor.kafka.security import faust_credentials
from stream_monitor.kafka.table import AcknowledgedTable
from stream_monitor.kafka.transport import SCHEME, register

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

#: Longer than a batch at work and a commit; orchestrators kill after 30 s.
_STOP_TIMEOUT_S = 25.0


@dataclass(frozen=True)
class AppSettings:
    """What a worker has to know before it can join its group.

    Attributes:
        bootstrap_servers: ``host:port``, several separated by commas.
        group: consumer group and prefix of the changelog topics.
        data_dir: where RocksDB lives; a worker that keeps it recovers fast. Every worker
            needs its own.
        commit_interval_s: seconds between commits.
        session_timeout_s: how long a killed worker's partitions stay without an owner.
        topic_partitions, replication_factor: of topics that Faust creates (changelogs).
        create_topics: whether changelog topics are created by the worker.
        memory_store: tables in memory, rebuilt from the changelog at every start.
        security: encryption and authentication toward the broker.
    """

    bootstrap_servers: str
    group: str
    data_dir: Path
    commit_interval_s: float = 2.0
    session_timeout_s: float = 10.0
    topic_partitions: int = 4
    replication_factor: int = 1
    create_topics: bool = True
    memory_store: bool = False
    security: SecuritySettings = field(default_factory=SecuritySettings)


def broker_settings(
    session_timeout_s: float = 10.0, commit_interval_s: float = 2.0
) -> Mapping[str, Any]:
    """Faust's settings toward the broker, each chosen and not left to its default."""
    return {
        # A worker that is killed without leaving holds up the next rebalance for this long.
        # Faust's 60 s is a minute of silence; below the broker's 6 s it is refused.
        "broker_session_timeout": session_timeout_s,
        # Three or more chances within a session, and a rebalance is noticed at a heartbeat.
        "broker_heartbeat_interval": min(2.0, session_timeout_s / 3),
        # How long the group waits for a member that is finishing its work.
        "broker_rebalance_timeout": 30.0,
        # Not below the session timeout (Faust refuses); also bounds a commit.
        "broker_request_timeout": max(30.0, session_timeout_s),
        "broker_commit_interval": commit_interval_s,
        # Commits follow the clock: what counts messages counts batches here.
        "broker_commit_every": 1_000_000,
        # Rows a fetch hands on. Faust's default cuts a fetched megabyte into 500-row pieces.
        "broker_max_poll_records": 20_000,
        # Bytes a partition and fetch: the memory of a worker is this times its partitions.
        "consumer_max_fetch_size": 1024 * 1024,
        "consumer_auto_offset_reset": "earliest",
        # Faust's default lets a lost send hold up commits, and a stop, for 20 minutes.
        "producer_request_timeout": 20.0,
        # Sends of one loop step share a request; a commit waits this much longer.
        "producer_linger": 0.005,
        "producer_max_batch_size": 256 * 1024,
    }


def create_app(settings: AppSettings) -> faust.App:
    """A Faust app on our transport: commits that are right, quiet logs, a start in seconds.

    Raises:
        ConfigurationError: a file of ``security`` cannot be used.
    """
    register()
    servers = settings.bootstrap_servers.split(",")
    return faust.App(
        settings.group,
        broker=[f"{SCHEME}://{server.strip()}" for server in servers],
        broker_credentials=faust_credentials(settings.security),
        datadir=settings.data_dir,
        Table=AcknowledgedTable,
        store="memory://" if settings.memory_store else "rocksdb://",
        version=1,
        autodiscover=False,
        web_enabled=False,
        topic_partitions=settings.topic_partitions,
        topic_replication_factor=settings.replication_factor,
        topic_allow_declare=settings.create_topics,
        # The leader's topic and its consumer are for @timer(on_leader=True), unused here.
        topic_disable_leader=True,
        # A standby doubles the recovery traffic of a state that is small and rebuilt in seconds.
        table_standby_replicas=0,
        # Events, not bytes: topics of batches have their own, smaller bound.
        stream_buffer_maxsize=4096,
        stream_wait_empty=True,
        stream_recovery_delay=0.0,
        worker_redirect_stdouts=False,
        **broker_settings(settings.session_timeout_s, settings.commit_interval_s),
    )


async def run_app(app: faust.App, stop: asyncio.Event | None = None) -> None:
    """Run the app on this event loop until ``stop`` is set, SIGTERM or SIGINT.

    Returns after the last commit.

    Raises:
        BrokerError: the worker could not stop in time, which takes a broker that is gone; or it
            stood still for so long that it is no member of its group any more.
        BaseException: whatever the app crashed with.
    """
    stop = stop or asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    app.in_worker = True
    stopped = asyncio.ensure_future(stop.wait())
    started = asyncio.ensure_future(app.start())
    crashed = asyncio.ensure_future(app._crashed.wait())
    try:
        await asyncio.wait({started, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if started.done():
            started.result()
            await asyncio.wait({crashed, stopped}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (started, crashed, stopped):
            task.cancel()
        stopping = asyncio.ensure_future(app.stop())
        try:
            await asyncio.wait({stopping}, timeout=_STOP_TIMEOUT_S)
        finally:
            in_time = stopping.done()
            stopping.cancel()
            await asyncio.wait({stopping}, timeout=1)
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)
    if not in_time:
        crash = f" It had crashed: {app.crash_reason!r}" if app.crash_reason else ""
        raise BrokerError(
            f"The worker did not stop within {_STOP_TIMEOUT_S:.0f} s; what it had not "
            f"committed is read again at the next start.{crash}"
        ) from app.crash_reason
    if isinstance(app.crash_reason, NotAMemberError):
        raise BrokerError(str(app.crash_reason.args[0])) from app.crash_reason
    if app.crash_reason is not None:
        raise app.crash_reason
    stopping.result()


def quiet_logs(level: int = logging.WARNING) -> None:
    """Faust, mode and aiokafka at ``level``; everything else is left alone."""
    for name in ("faust", "mode", "aiokafka"):
        logging.getLogger(name).setLevel(level)
    # A coordinator that is not there yet is an error to aiokafka, and any group's first second.
    coordinator = logging.getLogger("aiokafka.consumer.group_coordinator")
    coordinator.setLevel(max(level, logging.CRITICAL) if level >= logging.ERROR else level)
