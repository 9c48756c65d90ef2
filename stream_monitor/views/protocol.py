"""What any worker can say of any model: the protocol that every view keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from stream_monitor.errors import StreamMonitorError

#: A JSON document as it was published; nobody changes it.
Report = Mapping[str, Any]


class UnavailableError(StreamMonitorError):
    """The view cannot answer now; it may in a moment."""


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A model at a glance, as of its newest window.

    ``window_end_ms`` is event time, ``None`` before the first window; ``updated_ms`` is of the
    clock. ``status`` is the window's (ok, alarm, thin), or ``waiting`` before the first.
    """

    model: str
    reference_hash: str
    window_end_ms: int | None
    status: str
    rows: int
    drifted: tuple[str, ...]
    open_alerts: int
    updated_ms: int


class Source(StrEnum):
    """Who knows what an answer says."""

    OWNER = "owner"  # the worker that judges the model
    TOPICS = "topics"  # what was published, read back by the worker that answers
    REDIS = "redis"  # the shared view
    WORKER = "worker"  # the worker that answers, of its own models alone


class Told(NamedTuple):
    """From where an answer is; ``age_ms`` is what may have been said since and not be in it."""

    source: Source
    age_ms: int = 0


class View(Protocol):
    """Reports and alerts of every model; each method raises :class:`UnavailableError`."""

    @property
    def told(self) -> Told:
        """From where the last answer is."""

    async def models(self) -> list[ModelCard]:
        """Every model known, by name."""

    async def latest(self, model: str) -> Report | None:
        """The newest report of a model, in its newest revision."""

    async def history(self, model: str, since_ms: int, until_ms: int, limit: int) -> list[Report]:
        """Reports by window end in [since, until], the newest revision of each, newest first."""

    async def alerts(self, model: str | None) -> list[Report]:
        """The last event of each alert that is open or ended within the kept time, newest first."""
