"""The disk of a table knows what its changelog does, never more."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest
from faust.types import TP
from faust.types.tuples import FutureMessage, PendingMessage, RecordMetadata

from stream_monitor.kafka.app import AppSettings, create_app
from stream_monitor.kafka.disk_age import TRUSTED_MS
from stream_monitor.kafka.table import StateTable


class Broker:
    """The queue of an app's producer, acknowledged by hand."""

    def __init__(self) -> None:
        self.queued: list[FutureMessage] = []
        self.ends: dict[int, int] = {}

    def send_soon(self, fut: FutureMessage) -> None:
        self.queued.append(fut)

    def acknowledge(self) -> tuple[int, int]:
        """The oldest message is on the broker: its partition and offset."""
        fut = self.queued.pop(0)
        partition = fut.message.partition
        assert partition is not None
        assert fut.message.callback is not None
        offset = self.ends[partition] = self.ends.get(partition, -1) + 1
        at = TP("changelog", partition)
        fut.set_result(RecordMetadata(at.topic, partition, at, offset))
        fut.message.callback(fut)
        return partition, offset


def check_writes(home: Path, monkeypatch: pytest.MonkeyPatch, *, in_memory: bool) -> None:
    settings = AppSettings("127.0.0.1:1", "group", home, memory_store=in_memory)
    app = create_app(settings)
    broker = Broker()
    monkeypatch.setattr(app, "_producer", broker)  # what the table's sends end up in
    table = StateTable(app, "state", 1_000_000)
    changelog = table._table.changelog_topic_name
    held = {TP(changelog, partition) for partition in range(2)}
    monkeypatch.setattr(app.assignor, "assigned_actives", lambda: held)
    writes: list[tuple[int, bytes, bytes | None]] = [
        (0, b"a", b"1"),
        (1, b"a", b"2"),
        (0, b"b", b"3"),
        (0, b"a", None),
        (1, b"never there", None),
        (0, b"a", b"4"),
        (0, b"b", b""),
    ]
    for partition, key, value in writes:
        if value is None:
            table.delete(partition, key)
        else:
            table.put(partition, key, value)
    expected: dict[int, dict[bytes, bytes]] = {0: {}, 1: {}}
    for done, (partition, key, value) in enumerate(writes):
        assert {p: dict(table.items(p)) for p in expected} == expected
        assert sum(map(table.unacknowledged, expected)) == len(writes) - done
        assert broker.acknowledge()[0] == partition
        if value is None:
            expected[partition].pop(key, None)
        else:
            expected[partition][key] = value
    assert {p: dict(table.items(p)) for p in expected} == expected
    assert not any(map(table.unacknowledged, expected))
    if not in_memory:
        for partition, last in broker.ends.items():
            assert table._table.persisted_offset(TP("changelog", partition)) == last


@pytest.mark.parametrize("in_memory", [False, True])
def test_a_key_is_on_the_disk_when_the_broker_has_it_and_not_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_memory: bool
) -> None:
    async def within() -> None:
        check_writes(tmp_path, monkeypatch, in_memory=in_memory)

    asyncio.run(within())


def bytes_of(message: PendingMessage) -> int:
    key, value = message.key, message.value
    assert isinstance(key, bytes)
    assert isinstance(value, bytes)
    return len(key) + len(value)


def too_large(home: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[list[int], dict[bytes, bytes]]:
    """The sizes of the messages that three keys make, and what the table then has of them."""
    app = create_app(AppSettings("127.0.0.1:1", "group", home))
    broker = Broker()
    monkeypatch.setattr(app, "_producer", broker)
    table = StateTable(app, "state", 2048)
    held = {TP(table._table.changelog_topic_name, partition) for partition in range(2)}
    monkeypatch.setattr(app.assignor, "assigned_actives", lambda: held)

    async def within() -> tuple[list[int], dict[bytes, bytes]]:
        table.put(0, b"large", bytes(range(256)) * 40)
        table.put(1, b"large", b"of another partition" * 400)
        table.put(0, b"small", b"1")
        sizes = [bytes_of(each.message) for each in broker.queued]
        while broker.queued:
            broker.acknowledge()
        return sizes, dict(table.items(0))

    return asyncio.run(within())


def test_a_value_above_what_kafka_takes_is_kept_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes, kept = too_large(tmp_path, monkeypatch)
    assert max(sizes) <= 2048
    assert kept == {b"large": bytes(range(256)) * 40, b"small": b"1"}


def after_being_away(
    home: Path, monkeypatch: pytest.MonkeyPatch, hours: float
) -> tuple[dict[bytes, bytes], int | None]:
    """What a disk has of its partition when it comes back after so many hours."""
    app = create_app(AppSettings("127.0.0.1:1", "group", home))
    broker = Broker()
    monkeypatch.setattr(app, "_producer", broker)
    table = StateTable(app, "state", 1_000_000)
    tp = TP(table._table.changelog_topic_name, 0)
    monkeypatch.setattr(app.assignor, "assigned_actives", lambda: {tp})
    monkeypatch.setattr(app.assignor, "assigned_standbys", set)

    async def within() -> tuple[dict[bytes, bytes], int | None]:
        await table._table.on_rebalance({tp}, set(), {tp})
        table.put(0, b"a", b"1")
        broker.acknowledge()
        await table._table.on_rebalance(set(), {tp}, set())
        (mark,) = home.rglob("*.in-step")
        then = time.time() - hours * 3600
        os.utime(mark, (then, then))
        await table._table.on_rebalance({tp}, set(), {tp})
        return dict(table.items(0)), table._table.persisted_offset(tp)

    return asyncio.run(within())


def test_a_disk_that_was_away_for_long_is_recovered_whole_as_deletions_are_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = TRUSTED_MS / 3_600_000
    assert after_being_away(tmp_path / "short", monkeypatch, away - 0.1) == ({b"a": b"1"}, 0)
    assert after_being_away(tmp_path / "long", monkeypatch, away + 0.1) == ({}, None)
    assert after_being_away(tmp_path / "future", monkeypatch, -48) == ({}, None)
