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
    """One alert as it was last published, and what the last fold said of it."""

    event: AlertEvent
    judgement: Judgement

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
    """What a fold comes to: the states after it, all episodes, and what is news."""

    states: dict[AlertKey, AlertState]
    episodes: tuple[Episode, ...]
    news: tuple[AlertEvent, ...]


def fold(
    tracker: AlertTracker, base: AlertStates, past: Iterable[Past]
) -> tuple[dict[AlertKey, AlertState], list[AlertEvent]]:
    """The states after all windows in their order, and the events on the way."""
    states, events = dict(base), []
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
) -> Rejudged:
    """Fold the windows anew and compare with what was published.

    An alert that is found again, if only in part of its time, keeps the id it was published
    under. ``newest_end_ms``: an alert that opens with this window is new; one that opens
    before it is raised by late labels, and says so. Episodes over before the first window
    of ``past`` are left alone.
    """
    states, events = fold(tracker, base, past)
    begins = past[0].window.start_ms if past else newest_end_ms
    left = list(published)
    found: list[Episode] = []
    news: list[AlertEvent] = []
    for last in _last_words(events, base, published):
        before = _same(last, left)
        if before is None:
            raised = last if last.opened_at >= newest_end_ms else _by_labels(last)
            if last.status == "resolved":
                news.append(replace(raised, status="opened", resolved_at=None))
            news.append(raised)
            found.append(Episode(raised, _judged(raised.status, Judgement.RAISED)))
            continue
        left.remove(before)
        kept = replace(last, alert_id=before.event.alert_id)
        if (kept.status, kept.resolved_at) != (before.event.status, before.event.resolved_at):
            again = kept.status == "opened" and before.event.status != "opened"
            news.append(_by_labels(kept) if again else kept)
            judgement = Judgement.RAISED if again else _judged(kept.status, Judgement.KEPT)
            found.append(Episode(news[-1], judgement))
        else:
            found.append(Episode(before.event, Judgement.KEPT))
    for episode in left:
        if episode.event.status == WITHDRAWN or _over(episode, begins):
            found.append(episode)
            continue
        gone = _withdrawn(episode.event, newest_end_ms)
        news.append(gone)
        found.append(Episode(gone, Judgement.WITHDRAWN))
    return Rejudged(states, tuple(found), tuple(news))


def forget(episodes: Iterable[Episode], before_ms: int) -> tuple[Episode, ...]:
    """The episodes without those that were over before a time."""
    return tuple(episode for episode in episodes if not _over(episode, before_ms))


def _last_words(
    events: Sequence[AlertEvent], base: AlertStates, published: Sequence[Episode]
) -> list[AlertEvent]:
    """The last event of each alert; one that is open from before has its opening there."""
    last: dict[str, AlertEvent] = {
        episode.event.alert_id: episode.event
        for episode in published
        if episode.event.status == "opened" and _is_open(episode, base)
    }
    for event in events:
        last[event.alert_id] = event
    return list(last.values())


def _is_open(episode: Episode, base: AlertStates) -> bool:
    """Whether the alert was open already when the first window of the fold began."""
    for key, state in base.items():
        if (key.family.value, key.monitor, key.column) == episode.key and state.is_open:
            return state.opened_at_ms == episode.event.opened_at
    return False


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


def _judged(status: str, otherwise: Judgement) -> Judgement:
    return Judgement.RESOLVED if status == "resolved" else otherwise


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
    return [[episode.event.to_dict(), episode.judgement.value] for episode in episodes]


def episodes_from_list(data: Sequence[Sequence[object]]) -> tuple[Episode, ...]:
    """The episodes that :func:`episodes_to_list` wrote; a ``ValueError`` for anything else."""
    found = []
    for event, judgement in data:
        if not isinstance(event, Mapping):
            raise ValueError("an alert was expected")
        found.append(Episode(AlertEvent(**event), Judgement(str(judgement))))
    return tuple(found)
