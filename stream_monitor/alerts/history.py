"""Alerts that late labels can still change: they are judged again, not just continued.

A performance verdict of a window is not final while labels come. So its alerts are a fold over
all windows that are still open to revision, done anew whenever one of them has changed, from
the states that the closed windows have left. What comes out is compared with what has been
published: an alert is raised, kept, resolved, or withdrawn with a reason.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from stream_monitor.alerts.event import AlertEvent, rfc3339
from stream_monitor.alerts.rule import AlertState, Window
from stream_monitor.alerts.tracker import AlertKey, AlertStates, AlertTracker
from stream_monitor.detectors.verdict import Verdict


class Judgement(StrEnum):
    """What became of an alert when its windows were judged again."""

    RAISED = "raised"
    KEPT = "kept"
    RESOLVED = "resolved"
    WITHDRAWN = "withdrawn"


WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Past:
    """A judged window with the verdicts that decide about alerts."""

    window: Window
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class Episode:
    """One alert as it was last published, and what the last fold said of it.

    Its ``since_ms`` and ``opened_at`` are those of the last fold, the rest is as published.
    ``said`` counts what was published of it.
    """

    event: AlertEvent
    judgement: Judgement
    said: int = 1

    @property
    def event_id(self) -> str:
        """The id of its last event; a third and later one tells itself from the first two."""
        event = self.event
        return f"{event.alert_id}:{event.status}" + (f":{self.said}" if self.said > 2 else "")

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is about."""
        return (self.event.family, self.event.monitor, self.event.column)

    def overlaps(self, start_ms: int, end_ms: int) -> bool:
        """Whether a window's end lies in the alert's life."""
        until = self.event.resolved_at
        return self.event.since_ms <= end_ms and (until is None or until > start_ms)


@dataclass(frozen=True, slots=True)
class Rejudged:
    """What a fold comes to: the states after it, all episodes, and those that are news."""

    states: dict[AlertKey, AlertState]
    episodes: tuple[Episode, ...]
    news: tuple[Episode, ...]


def fold(
    tracker: AlertTracker, base: AlertStates, past: Iterable[Past]
) -> tuple[dict[AlertKey, AlertState], list[AlertEvent]]:
    """The states after all windows in their order, and the events on the way."""
    states: dict[AlertKey, AlertState] = dict(base)
    events: list[AlertEvent] = []
    for each in past:
        states, said = tracker.advance(states, each.verdicts, each.window)
        events += said
    return states, events


def rejudge(
    tracker: AlertTracker,
    base: AlertStates,
    past: Sequence[Past],
    published: Sequence[Episode],
    newest_end_ms: int,
    *,
    again: bool,
) -> Rejudged:
    """Fold windows and compare with what was published.

    ``again``: ``past`` are all windows open to revision, and an alert of their time that is
    not found any more is withdrawn; else they are new, and continue what was. An alert that
    is found again, if only in part of its time, keeps the id it was published under.
    ``newest_end_ms``: an alert that opens before this window's end is raised by late labels,
    and says so.
    """
    states, events = fold(tracker, base, past)
    # What was over before the first of these windows is none of this fold's business.
    begins = min((each.window.end_ms for each in past), default=newest_end_ms)
    left = list(published)
    told = _told(events, base, published)
    matches = _matches(told, left, again=again)
    taken = {episode.event.alert_id for episode in published}
    found: list[Episode] = []
    news: list[Episode] = []

    def say(event: AlertEvent, judgement: Judgement, said: int) -> Episode:
        if judgement is Judgement.RAISED and event.opened_at < newest_end_ms:
            event = replace(event, summary=f"{event.summary} {_BY_LABELS}")
        news.append(Episode(event, judgement, said))
        return news[-1]

    for (opening, last), before in zip(told, matches, strict=True):
        id_ = _unused(last.alert_id, taken) if before is None else before.event.alert_id
        taken.add(id_)
        opening, last = replace(opening, alert_id=id_), replace(last, alert_id=id_)
        said, status, ends = (0, WITHDRAWN, None) if before is None else _known(before)
        if before is not None and (last.status, last.resolved_at) == (status, ends):
            event = replace(before.event, since_ms=last.since_ms, opened_at=last.opened_at)
            found.append(Episode(event, Judgement.KEPT, said))
        elif last.status != "resolved":
            found.append(say(last, Judgement.RAISED, said + 1))
        else:
            if status == WITHDRAWN:
                said = say(opening, Judgement.RAISED, said + 1).said
            found.append(say(last, Judgement.RESOLVED, said + 1))
    for episode in left:
        if not again or episode.event.status == WITHDRAWN or _over(episode, begins):
            found.append(episode)
        else:
            gone = _withdrawn(episode.event, newest_end_ms)
            found.append(say(gone, Judgement.WITHDRAWN, episode.said + 1))
    return Rejudged(states, tuple(found), tuple(news))


def forget(episodes: Iterable[Episode], before_ms: int) -> tuple[Episode, ...]:
    """The episodes without those that were over before a time."""
    return tuple(episode for episode in episodes if not _over(episode, before_ms))


class _Told(NamedTuple):
    """An alert that a fold has found: how it opened, and the last that it said of it."""

    opening: AlertEvent
    last: AlertEvent


def _told(
    events: Sequence[AlertEvent], base: AlertStates, published: Sequence[Episode]
) -> list[_Told]:
    """The alerts of a fold, in the order of what it said last of them."""
    told: dict[tuple[tuple[str, str, str], int], _Told] = {}
    for key, state in base.items():
        if not state.is_open or state.first is None:
            continue
        of_key = (key.family.value, key.monitor, key.column)
        for episode in published:
            if episode.key == of_key and episode.event.since_ms == state.first.end_ms:
                opened = _still_open(episode.event)
                told[of_key, state.first.end_ms] = _Told(opened, opened)
    for event in events:
        at = ((event.family, event.monitor, event.column), event.since_ms)
        before = told.pop(at, None)
        told[at] = _Told(_opening(event) if before is None else before.opening, event)
    return list(told.values())


def _matches(told: Sequence[_Told], left: list[Episode], *, again: bool) -> list[Episode | None]:
    """The published alert that each found one is; they are taken out of ``left``.

    One that began at the same time comes first; where windows are judged ``again``, then one
    that was open at some time when this one is: it has only become longer or shorter.
    """
    found: list[Episode | None] = [None] * len(told)
    for same in (_begins_with, _overlaps) if again else (_begins_with,):
        for at, (_, last) in enumerate(told):
            if found[at] is None:
                found[at] = next((episode for episode in left if same(episode, last)), None)
                left[:] = [episode for episode in left if episode is not found[at]]
    return found


def _begins_with(episode: Episode, event: AlertEvent) -> bool:
    key = (event.family, event.monitor, event.column)
    return episode.key == key and episode.event.since_ms == event.since_ms


def _overlaps(episode: Episode, event: AlertEvent) -> bool:
    key = (event.family, event.monitor, event.column)
    until = _FOR_EVER if event.resolved_at is None else event.resolved_at
    ends = _FOR_EVER if episode.event.resolved_at is None else episode.event.resolved_at
    return episode.key == key and episode.event.since_ms <= until and ends >= event.since_ms


def _known(episode: Episode) -> tuple[int, str, int | None]:
    return episode.said, episode.event.status, episode.event.resolved_at


def _unused(alert_id: str, taken: Container[str]) -> str:
    """An alert that has become two: the second one may not have the id of the first."""
    found, number = alert_id, 2
    while found in taken:
        found, number = f"{alert_id}-{number}", number + 1
    return found


def _over(episode: Episode, before_ms: int) -> bool:
    ends = episode.event.resolved_at
    return ends is not None and ends < before_ms


def _opening(event: AlertEvent) -> AlertEvent:
    """The opening of an alert, of which nothing else may be known than how it resolved."""
    return replace(event, status="opened", resolved_at=None)


def _still_open(event: AlertEvent) -> AlertEvent:
    """The opening of an alert that was published as resolved and is not."""
    if event.status == "opened":
        return event
    return replace(
        event,
        status="opened",
        resolved_at=None,
        summary=f"Open again: {_subject(event)}: it is still in alarm since "
        f"{rfc3339(event.since_ms)}.",
    )


def _subject(event: AlertEvent) -> str:
    subject = f"model {event.model}" + (f", {event.column}" if event.column else "")
    return f"{subject}: {event.monitor.replace('_', ' ')}"


def _withdrawn(event: AlertEvent, at_ms: int) -> AlertEvent:
    return replace(
        event,
        status=WITHDRAWN,
        resolved_at=max(at_ms, event.opened_at),
        summary=f"Withdrawn: {_subject(event)}: with the labels that have come since, "
        " no window was in alarm for long enough; nothing has to be done.",
    )


_BY_LABELS = "Labels that came late have raised it."
_FOR_EVER = 2**62


def episodes_to_list(episodes: Iterable[Episode]) -> list[object]:
    """The episodes as JSON's own types; :func:`episodes_from_list` gives equal ones back."""
    return [
        [episode.event.to_dict(), episode.judgement.value, episode.said] for episode in episodes
    ]


def episodes_from_list(data: Sequence[Sequence[object]]) -> tuple[Episode, ...]:
    """The episodes that :func:`episodes_to_list` wrote; a ``ValueError`` for anything else."""
    found = []
    for event, judgement, said in data:
        if not isinstance(event, Mapping) or not isinstance(said, int):
            raise ValueError("an alert was expected")
        found.append(Episode(AlertEvent(**event), Judgement(str(judgement)), said))
    return tuple(found)
