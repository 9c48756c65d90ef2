"""What a logger is made from, checked before anything is logged: here errors are raised."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stream_monitor.errors import BadMessageError, ConfigurationError
from stream_monitor.events.faults import check_model
from stream_monitor.events.limits import Limits

if TYPE_CHECKING:
    from stream_monitor.config.settings import KafkaSettings

#: The largest message that is made, in bytes: what a broker's own default takes.
MAX_MESSAGE_BYTES = 900_000


def kafka_settings(bootstrap_servers: str | None, settings: KafkaSettings | None) -> KafkaSettings:
    """Where Kafka is: one of the two, or the default of the settings.

    Raises:
        ConfigurationError: both are given, or the address is none.
    """
    # Here and not above: pydantic is not needed to import the client.
    from pydantic import ValidationError

    from stream_monitor.config.settings import KafkaSettings

    if settings is not None:
        if not isinstance(settings, KafkaSettings):
            raise ConfigurationError(
                f"settings is a {type(settings).__name__}; give the section kafka of the "
                "settings, as in settings=load(...).kafka"
            )
        if bootstrap_servers is not None:
            raise ConfigurationError(
                "bootstrap_servers and settings both say where Kafka is; give one of them"
            )
        return settings
    if bootstrap_servers is None:
        return KafkaSettings()
    try:
        return KafkaSettings(bootstrap_servers=bootstrap_servers)
    except ValidationError as error:
        what = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise ConfigurationError(f"bootstrap_servers: {what}") from None


def check_options(model: object, version: object, **counts: object) -> None:
    """Raise ``ConfigurationError`` for a model's name, version or a number that cannot be."""
    try:
        check_model(model, "model", Limits())
    except BadMessageError as error:
        raise ConfigurationError(error.sentence) from None
    if version is not None and type(version) not in (str, int, float):
        raise ConfigurationError(f"version is {version!r}; give a text, a number or nothing")
    for name, value in counts.items():
        if type(value) is not int or not 1 <= value <= 10_000_000:
            raise ConfigurationError(
                f"{name} is {value!r}; give a whole number from 1 to 10,000,000"
            )


def check_size(max_queue_bytes: object) -> None:
    """Raise ``ConfigurationError`` for a size of the queue that cannot be, or holds no message."""
    if type(max_queue_bytes) is not int or max_queue_bytes < MAX_MESSAGE_BYTES:
        raise ConfigurationError(
            f"max_queue_bytes is {max_queue_bytes!r}; give a whole number of at least "
            f"{MAX_MESSAGE_BYTES:,}"
        )


def check_topics(**topics: object) -> None:
    """Raise ``ConfigurationError`` for a topic's name that Kafka has not."""
    for name, topic in topics.items():
        right = isinstance(topic, str) and re.fullmatch(r"[a-zA-Z0-9._-]{1,249}", topic)
        if topic is not None and (not right or topic in (".", "..")):
            raise ConfigurationError(
                f"{name} is {topic!r}; give 1 to 249 letters, digits, dots, underscores and "
                "hyphens, or nothing"
            )
