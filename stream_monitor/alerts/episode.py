"""One alert as it was last published, for as long as late labels can still change it."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from stream_monitor.alerts.event import AlertEvent
from stream_monitor.alerts.rule import Status
from stream_monitor.alerts.tracker import AlertStates


class Judgement(StrEnum):
    """What became of an alert when its windows were judged again."""

    RAISED = "raised"
    KEPT = "kept"
    RECOVERED = "recovered"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Episode:
    """One alert as it was last published, and what the last fold said of it.

    Its ``start_pane_ms``, ``since_ms`` and ``started_at`` are those of the last fold, the rest is
    as published; ``event.sequence`` is how much was published of it.
    """

    event: AlertEvent
    judgement: Judgement

    @property
    def is_withdrawn(self) -> bool:
        """Whether there was nothing."""
        return self.event.status == Status.WITHDRAWN

    def begins_with(self, event: AlertEvent) -> bool:
        """Whether it is about the same question, and since the same pane."""
        return self.event.key == event.key and self.event.start_pane_ms == event.start_pane_ms

    def overlaps(self, start_ms: int, end_ms: int) -> bool:
        """Whether a window's end lies in the alert's life."""
        until = self.event.recovered_at
        return self.event.start_pane_ms < end_ms and (until is None or until > start_ms)

    def meets(self, event: AlertEvent) -> bool:
        """Whether it is about the same question, and was open at some time when ``event`` was."""
        until = _FOR_EVER if event.recovered_at is None else event.recovered_at
        ends = _FOR_EVER if self.event.recovered_at is None else self.event.recovered_at
        return (
            self.event.key == event.key
            and self.event.start_pane_ms < until
            and ends > event.start_pane_ms
        )

    def is_over(self, before_ms: int) -> bool:
        """Whether it had ended before a time."""
        ends = self.event.recovered_at
        return ends is not None and ends < before_ms


def forget(episodes: Iterable[Episode], before_ms: int, held: AlertStates) -> tuple[Episode, ...]:
    """The episodes without those that were over before a time.

    One that a state still holds is kept: what comes before its cooldown is over continues it.
    """
    going_on = {
        (key.family.value, key.monitor, key.column, state.first.pane_ms)
        for key, state in held.items()
        if state.has_started and state.first is not None
    }
    return tuple(
        episode
        for episode in episodes
        if not episode.is_over(before_ms)
        or (*episode.event.key, episode.event.start_pane_ms) in going_on
    )


def unused(alert_id: str, taken: Container[str]) -> str:
    """An alert that has become two: the second one may not have the id of the first."""
    found, number = alert_id, 2
    while found in taken:
        found, number = f"{alert_id}-{number}", number + 1
    return found


def episodes_to_list(episodes: Iterable[Episode]) -> list[object]:
    """The episodes as JSON's own types; :func:`episodes_from_list` gives equal ones back."""
    return [[episode.event.to_dict(), episode.judgement.value] for episode in episodes]


def episodes_from_list(data: Sequence[Sequence[object]]) -> tuple[Episode, ...]:
    """The episodes that :func:`episodes_to_list` wrote; a ``ValueError`` for anything else."""
    found = []
    for event, judgement in data:
        if not isinstance(event, Mapping):
            raise ValueError("an alert was expected")
        found.append(Episode(AlertEvent.from_dict(event), Judgement(str(judgement))))
    return tuple(found)


_FOR_EVER = 2**62
