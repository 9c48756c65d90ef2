"""A joiner takes only what would be told to its partition now."""

from __future__ import annotations

import pytest

from stream_monitor.errors import ConfigurationError
from stream_monitor.joining.joiner import Joiner
from stream_monitor.joining.outbox import Outbox
from tests.joining.worlds import PREDICTIONS, L, Log, P, labels, predictions

IDS = [f"p{i}" for i in range(40)]


def told(partitions: int) -> dict[int, list[bytes]]:
    """What each of so many partitions of ``joins`` is told of predictions and labels."""
    outbox = Outbox(PREDICTIONS, partitions, 2**20)
    outbox.start(0)
    found: dict[int, list[bytes]] = {}
    rows = range(len(IDS))
    for part, end in (
        (predictions([P(id_) for id_ in IDS], list(rows)), 40),
        (labels([L(id_) for id_ in IDS], [i + 40 for i in rows]), 80),
    ):
        outbox.add(part)
        for target, message in outbox.take(end):
            found.setdefault(target, []).append(message.encode())
    return found


def read(messages: list[bytes], partition: int, partitions: int) -> Joiner:
    joiner = Joiner(Log().config, partition=partition, partitions=partitions)
    for offset, message in enumerate(messages):
        joiner.handle(offset, message)
    return joiner


def test_what_was_told_to_as_many_partitions_is_taken_in_each_of_them() -> None:
    held = [
        read(messages, partition, 4).models["m"].pending for partition, messages in told(4).items()
    ]
    assert [len(held), sum(map(len, held)), sum(each.labelled for each in held)] == [4, 40, 40]


@pytest.mark.parametrize("now", [3, 5, 8])
def test_what_was_told_to_another_number_of_partitions_is_refused(now: int) -> None:
    expected = rf"joins has {now} partitions now.* another kafka\.group"
    for partition, messages in told(4).items():
        if partition < now:
            with pytest.raises(ConfigurationError, match=expected):
                read(messages, partition, now)
