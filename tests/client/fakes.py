"""A Kafka that a test holds in its hand, and what its messages decode to."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from stream_monitor.client.pack import Message
from stream_monitor.client.sending import Settle
from stream_monitor.events.batch import EventBatch, Record
from stream_monitor.events.decode import Decoder
from stream_monitor.events.labels import LabelBatch, LabelDecoder
from stream_monitor.events.limits import Limits

NOW_MS = 1_790_000_000_000


@dataclass
class FakeKafka:
    """Acknowledges while it is ``up``; else messages stay on their way, ``room`` of them."""

    up: bool = True
    size: int = 4
    broken: bool = False
    sent: list[tuple[str, Message]] = field(default_factory=list)
    on_the_way: list[tuple[str, Message, Settle]] = field(default_factory=list)
    threads: set[str] = field(default_factory=set)
    made: int = 0
    closed: int = 0

    def make(self) -> FakeKafka:
        self.made += 1
        self.broken = False
        return self

    def send(self, topic: str, message: Message, settle: Settle) -> None:
        self.threads.add(threading.current_thread().name)
        self.on_the_way.append((topic, message, settle))

    def poll(self, seconds: float) -> None:
        if self.up:
            coming, self.on_the_way = self.on_the_way, []
            for topic, message, settle in coming:
                self.sent.append((topic, message))
                settle(message, True)
        elif seconds:
            threading.Event().wait(seconds)

    @property
    def room(self) -> int:
        return self.size - len(self.on_the_way)

    def close(self) -> None:
        self.closed += 1
        coming, self.on_the_way = self.on_the_way, []
        for _, message, settle in coming:
            settle(message, False)

    def events(self) -> list[EventBatch]:
        return decoded([message for topic, message in self.sent if topic == "predictions"])

    def labels(self) -> list[LabelBatch]:
        return decoded_labels([message for topic, message in self.sent if topic == "labels"])


def records(messages: Sequence[Message], at_ms: int) -> list[Record]:
    return [
        Record("t", 0, offset, at_ms, message.value, headers=message.headers)
        for offset, message in enumerate(messages)
    ]


def decoded(messages: Sequence[Message], at_ms: int = 2**43) -> list[EventBatch]:
    """The events of messages, every one of which has to be readable."""
    found = Decoder(Limits()).decode(records(messages, at_ms))
    assert found.rejected == ()
    return list(found.batches)


def integers(batches: Iterable[EventBatch], feature: str) -> list[int]:
    """A feature of all rows in their order, each of which has to have an integer."""
    found: list[int] = []
    for batch in batches:
        for value in batch.features[feature]:
            assert isinstance(value, int | np.integer)
            found.append(int(value))
    return found


def decoded_labels(messages: Sequence[Message], at_ms: int = 2**43) -> list[LabelBatch]:
    found = LabelDecoder(Limits()).decode(records(messages, at_ms))
    assert found.rejected == ()
    return list(found.batches)
