"""What the API asks of the rest of a worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

from stream_monitor.reports.history import Gathering
from stream_monitor.views.owner import Owner

Topic = Literal["predictions", "labels"]


class Intake(Protocol):
    """The door to Kafka."""

    async def send(self, topic: Topic, values: Sequence[bytes]) -> None:
        """One message each; returns when Kafka has them all, ``BrokerError`` else."""


class Owners(Protocol):
    """Who judges which model."""

    @property
    def me(self) -> str:
        """The id of this worker."""

    def of(self, model: str) -> Owner | None:
        """The owner, as far as this worker knows and it can be asked; ``None`` while that moves."""


class Simulator(Protocol):
    """Made-up traffic."""

    @property
    def names(self) -> Sequence[str]:
        """The scenarios there are."""

    async def start(self, name: str, seed: int) -> Mapping[str, Any]:
        """Begin to send one of them; ``CannotPlayError`` where that cannot be."""


class Archive(Protocol):
    """What was published and is still kept, however long ago."""

    async def read(self, model: str, since_ms: int, gathering: Gathering) -> None:
        """Put a model's reports from a time on, and its alerts, into ``gathering``.

        It is ``cut`` where a bound has ended the reading. ``UnavailableError`` while another is
        being read, ``BrokerError`` where Kafka does not answer.
        """
