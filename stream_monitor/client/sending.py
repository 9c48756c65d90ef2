"""What carries messages to Kafka: librdkafka by confluent-kafka.

It does its work on threads in C without the GIL, which a producer written in Python would take
from the model; and it needs no event loop, which a server that is not asynchronous has not.
It is imported when the first message goes out.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from stream_monitor.client.pack import Message
from stream_monitor.client.secrets import password

if TYPE_CHECKING:
    from stream_monitor.config.security import SecuritySettings
    from stream_monitor.config.settings import KafkaSettings

#: How long a message may be on its way before it counts as lost, in ms.
DELIVERY_TIMEOUT_MS = 120_000

#: The most messages on their way; the others wait in the queue, where the oldest can be dropped.
MAX_IN_FLIGHT = 16

_SAID_EVERY_S = 60.0  # how often the same trouble is worth a line in the log

_log = logging.getLogger("stream_monitor.client")

Settle = Callable[[Message, bool], None]


class Sender(Protocol):
    """What a courier needs of Kafka; all is called from its one thread."""

    def send(self, topic: str, message: Message, settle: Settle) -> None:
        """Hand a message on without waiting; ``settle`` is called once, from ``poll``."""

    def poll(self, seconds: float) -> None:
        """Call what is to be settled, and wait so long for something to settle."""

    @property
    def room(self) -> int:
        """How many more messages may be sent now."""

    @property
    def broken(self) -> bool:
        """Whether nothing will be sent any more: it has to be closed, and made anew."""

    def close(self) -> None:
        """Give up what is on its way, settling it, and let go."""


class KafkaSender:
    """Idempotent, acknowledged by all replicas: Kafka has each message once, or it is lost."""

    def __init__(self, options: dict[str, Any]) -> None:
        from confluent_kafka import Producer  # at the first message, and not in the model's way

        self._in_flight: dict[int, tuple[Message, Settle]] = {}
        self._sent = 0
        self._broken = False
        self._said: dict[str, float] = {}
        self._producer = Producer(options | {"error_cb": self._trouble})

    def send(self, topic: str, message: Message, settle: Settle) -> None:
        self._sent = number = self._sent + 1
        self._in_flight[number] = (message, settle)

        def delivered(error: Any, _: object) -> None:
            self._settle(number, error is None)
            if error is not None:
                self._say(f"A message to the topic {topic} was not delivered: {error.str()}")

        try:
            self._producer.produce(
                topic, message.value, headers=list(message.headers), on_delivery=delivered
            )
        except Exception as error:  # BufferError cannot be: there is room for MAX_IN_FLIGHT
            self._settle(number, False)
            self._say(f"A message to the topic {topic} cannot be sent: {error}")

    def _settle(self, number: int, acknowledged: bool) -> None:
        if known := self._in_flight.pop(number, None):
            message, settle = known
            settle(message, acknowledged)

    def poll(self, seconds: float) -> None:
        self._producer.poll(seconds)

    @property
    def room(self) -> int:
        return MAX_IN_FLIGHT - len(self._in_flight)

    @property
    def broken(self) -> bool:
        return self._broken

    def close(self) -> None:
        self._producer.purge()
        deadline = time.monotonic() + 1
        while self._in_flight and time.monotonic() < deadline:
            self._producer.poll(0.05)
        for number in list(self._in_flight):  # of these nothing more will be heard
            self._settle(number, False)

    def _trouble(self, error: Any) -> None:
        self._broken = self._broken or error.fatal()
        self._say(f"Kafka: {error.str()}")

    def _say(self, what: str) -> None:
        now = time.monotonic()
        if now - self._said.get(what[:60], -_SAID_EVERY_S) >= _SAID_EVERY_S:
            if len(self._said) > 100:
                self._said.clear()
            self._said[what[:60]] = now
            _log.warning("%s", what)


def options(kafka: KafkaSettings) -> dict[str, Any]:
    """librdkafka's configuration from ours.

    Raises:
        ConfigurationError: a password file cannot be used.
    """
    return {
        "bootstrap.servers": kafka.bootstrap_servers,
        "client.id": "stream-monitor-client",
        "acks": "all",
        "enable.idempotence": True,
        "linger.ms": 0,  # rows have lingered already
        "message.max.bytes": kafka.max_message_bytes,
        "message.timeout.ms": DELIVERY_TIMEOUT_MS,
        "log_level": 0,  # what matters comes to error_cb
        **_security(kafka.security),
    }


def _security(security: SecuritySettings) -> dict[str, str]:
    found: dict[str, str | None] = {"security.protocol": security.protocol}
    if security.encrypts:
        found |= {
            "ssl.ca.location": security.ca_file,
            "ssl.certificate.location": security.cert_file,
            "ssl.key.location": security.key_file,
        }
    if security.authenticates:
        found |= {
            "sasl.mechanism": (security.mechanism or "").upper(),
            "sasl.username": security.username,
            "sasl.password": password(security),
        }
    return {name: value for name, value in found.items() if value is not None}


def leak(thing: object) -> None:
    """Never let go of an object, not even at exit.

    A client of librdkafka that came along by fork has none of its threads here. To destroy it
    means to wait for them (a second, measured), and to end TLS on connections of the parent.
    """
    if sys.implementation.name == "cpython":
        import ctypes

        ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))
