"""Alerts that late labels can still change: they are judged again, not just continued.

A performance verdict of a window is not final while labels come. So its alerts are a fold over
all windows that are still open to revision, done anew whenever one of them has changed, from
the states that the closed windows have left. What comes out is compared with what has been
published: an alert is raised, kept, resolved, or withdrawn with a reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from stream_monitor.alerts.event import AlertEvent
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
    begins = past[0].window.start_ms if past else newest_end_ms
    left = list(published)
    found: list[Episode] = []
    news: list[Episode] = []

    def say(event: AlertEvent, judgement: Judgement, said: int) -> Episode:
        news.append(Episode(event, judgement, said))
        return news[-1]

    for last in _last_words(events, base, published):
        before = _same(last, left)
        if before is None:
            raised = last if last.opened_at >= newest_end_ms else _by_labels(last)
            if last.status == "resolved":
                say(_opening(raised), Judgement.RAISED, 1)
                found.append(say(raised, Judgement.RESOLVED, 2))
            else:
                found.append(say(raised, Judgement.RAISED, 1))
            continue
        left.remove(before)
        kept = replace(last, alert_id=before.event.alert_id)
        if (kept.status, kept.resolved_at) == (before.event.status, before.event.resolved_at):
            found.append(replace(before, judgement=Judgement.KEPT))
        elif kept.status == "resolved":
            found.append(say(kept, Judgement.RESOLVED, before.said + 1))
        else:
            found.append(say(_by_labels(kept), Judgement.RAISED, before.said + 1))
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


def _last_words(
    events: Sequence[AlertEvent], base: AlertStates, published: Sequence[Episode]
) -> list[AlertEvent]:
    """The last event of each alert; of one that was open before, its opening."""
    last: dict[tuple[str, str, str, int], AlertEvent] = {}
    for key, state in base.items():
        of_key = (key.family.value, key.monitor, key.column)
        opened = [e for e in published if e.key == of_key and e.event.status == "opened"]
        if state.is_open and state.first is not None and opened:
            last[(*of_key, state.first.end_ms)] = opened[-1].event
    for event in events:
        last[event.family, event.monitor, event.column, event.since_ms] = event
    return list(last.values())


def _same(event: AlertEvent, published: Sequence[Episode]) -> Episode | None:
    """The published alert that this one is: of one question, and of overlapping time."""
    key = (event.family, event.monitor, event.column)
    until = _FOR_EVER if event.resolved_at is None else event.resolved_at
    for episode in published:
        ends = episode.event.resolved_at
        if (
            episode.key == key
            and episode.event.since_ms <= until
            and (ends is None or ends >= event.since_ms)
        ):
            return episode
    return None


def _over(episode: Episode, before_ms: int) -> bool:
    ends = episode.event.resolved_at
    return ends is not None and ends < before_ms


def _opening(event: AlertEvent) -> AlertEvent:
    """The opening of an alert that was over when it was found."""
    return replace(event, status="opened", resolved_at=None)


def _by_labels(event: AlertEvent) -> AlertEvent:
    return replace(event, summary=f"{event.summary} Labels that came late have raised it.")


def _withdrawn(event: AlertEvent, at_ms: int) -> AlertEvent:
    subject = f"model {event.model}" + (f", {event.column}" if event.column else "")
    return replace(
        event,
        status=WITHDRAWN,
        resolved_at=max(at_ms, event.opened_at),
        summary=f"Withdrawn: {subject}: {event.monitor.replace('_', ' ')}: with the labels that "
        "have come since, no window was in alarm for long enough; nothing has to be done.",
    )


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
