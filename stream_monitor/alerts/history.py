"""Alerts that late labels can still change: they are judged again, not just continued.

A performance verdict of a window is not final while labels come. So its alerts are a fold over
all windows that are still open to revision, done anew whenever one of them has changed, from
the states that the closed windows have left. What comes out is compared with what has been
published: an alert is raised, kept, recovered, or withdrawn with a reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from stream_monitor.alerts.columns import joined
from stream_monitor.alerts.episode import Episode, Judgement, unused
from stream_monitor.alerts.event import AlertEvent
from stream_monitor.alerts.rule import Severity, Status, Window
from stream_monitor.alerts.severity import worse
from stream_monitor.alerts.state import AlertState
from stream_monitor.alerts.telling import worded
from stream_monitor.alerts.tracker import AlertKey, AlertStates, AlertTracker
from stream_monitor.detectors.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Past:
    """A judged window with the verdicts that decide about alerts."""

    window: Window
    verdicts: tuple[Verdict, ...]


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
    is found again, if only in part of its time, keeps the id it was published under, and its
    severity never falls. What is raised ``again`` is so by late labels, and says so.
    ``newest_end_ms`` is when an alert is withdrawn.
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
    for one, before in zip(told, matches, strict=True):
        id_ = unused(one.last.alert_id, taken) if before is None else before.event.alert_id
        taken.add(id_)
        said = list(_news(one, before, id_, again=again))
        news += said
        found.append(said[-1] if said else _kept(one, before))
    for episode in left:
        if not again or episode.is_withdrawn or episode.is_over(begins):
            found.append(episode)
        else:
            gone = _withdrawn(episode.event, newest_end_ms)
            news.append(Episode(gone, Judgement.WITHDRAWN))
            found.append(news[-1])
    return Rejudged(states, tuple(found), tuple(news))


class _Told(NamedTuple):
    """An alert that a fold has found: how it last started, and the last that it said of it."""

    start: AlertEvent
    last: AlertEvent


def _told(
    events: Sequence[AlertEvent], base: AlertStates, published: Sequence[Episode]
) -> list[_Told]:
    """The alerts of a fold, in the order of what it said last of them."""
    told: dict[tuple[tuple[str, str, str], int], _Told] = {}
    for key, state in base.items():
        if not state.has_started or state.first is None:
            continue
        at = ((key.family.value, key.monitor, key.column), state.first.pane_ms)
        for episode in published:
            if (episode.event.key, episode.event.start_pane_ms) == at and not episode.is_withdrawn:
                stood = _as_it_stood(episode.event, state)
                told[at] = _Told(stood, stood)
    for event in events:
        at = (event.key, event.start_pane_ms)
        before = told.pop(at, None)
        fresh = before is None or event.status == Status.STARTED
        told[at] = _Told(_start(event) if fresh or before is None else before.start, event)
    return list(told.values())


def _matches(told: Sequence[_Told], left: list[Episode], *, again: bool) -> list[Episode | None]:
    """The published alert that each found one is; they are taken out of ``left``.

    One that began at the same time comes first; where windows are judged ``again``, then one
    that was open at some time when this one is: it has only become longer or shorter.
    """
    found: list[Episode | None] = [None] * len(told)
    for same in (Episode.begins_with, Episode.meets) if again else (Episode.begins_with,):
        for at, (_, last) in enumerate(told):
            if found[at] is None:
                found[at] = next((episode for episode in left if same(episode, last)), None)
                left[:] = [episode for episode in left if episode is not found[at]]
    return found


def _news(one: _Told, before: Episode | None, id_: str, *, again: bool) -> Iterator[Episode]:
    """What has to be published of an alert that a fold has found, in its order."""
    was = None if before is None or before.is_withdrawn else before.event
    sequence = 0 if before is None else before.event.sequence
    news: list[tuple[AlertEvent, Judgement]] = []
    if one.last.is_open and (was is None or not was.is_open):
        news.append((one.start, Judgement.RAISED))
        if one.last.status != Status.STARTED:
            news.append((one.last, Judgement.KEPT))
    elif one.last.is_open and was is not None:
        status = _grown(was, one.last)
        if status is not None:
            news.append((replace(one.last, status=status.value), Judgement.KEPT))
    elif was is None:
        news += [(one.start, Judgement.RAISED), (one.last, Judgement.RECOVERED)]
    elif was.recovered_at != one.last.recovered_at:
        news.append((one.last, Judgement.RECOVERED))
    for event, judgement in news:
        sequence += 1
        event = _after(was, replace(event, alert_id=id_, sequence=sequence))
        if again and judgement is Judgement.RAISED:
            event = replace(event, summary=f"{event.summary} {_BY_LABELS}")
        was = event
        yield Episode(event, judgement)


def _grown(was: AlertEvent, now: AlertEvent) -> Status | None:
    """What has become worse of an alert that was open and is, if anything."""
    if worse(Severity(was.severity), Severity(now.severity)) != was.severity:
        return Status.ESCALATED
    return Status.ONGOING if len(joined(was.columns, now.columns)) > len(was.columns) else None


def _after(was: AlertEvent | None, event: AlertEvent) -> AlertEvent:
    """An event as it follows another of the same alert: what that one has said stays said."""
    if was is None:
        severity, columns = event.severity, event.columns
    else:
        severity = worse(Severity(was.severity), Severity(event.severity)).value
        columns = joined(was.columns, event.columns)
    return worded(replace(event, severity=severity, columns=columns))


def _kept(one: _Told, before: Episode | None) -> Episode:
    """The episode as it was published, with the times that the fold has found."""
    assert before is not None  # what was not published is news
    last = one.last
    event = replace(
        before.event,
        start_pane_ms=last.start_pane_ms,
        since_ms=last.since_ms,
        started_at=last.started_at,
    )
    return Episode(event, Judgement.KEPT)


def _start(event: AlertEvent) -> AlertEvent:
    """The start of an alert, of which nothing else may be known than how it went on."""
    if event.status == Status.STARTED:
        return event
    return replace(event, status=Status.STARTED.value, recovered_at=None)


def _as_it_stood(event: AlertEvent, state: AlertState) -> AlertEvent:
    """What was published last of an alert, as its state in a closed window has it."""
    over = None if state.is_open else state.recovered_at_ms
    if event.recovered_at == over:
        return event
    if over is not None:
        return replace(event, status=Status.RECOVERED.value, recovered_at=over)
    return replace(event, status=Status.STARTED.value, recovered_at=None)


def _withdrawn(event: AlertEvent, at_ms: int) -> AlertEvent:
    return worded(
        replace(
            event,
            status=Status.WITHDRAWN.value,
            sequence=event.sequence + 1,
            recovered_at=max(at_ms, event.started_at),
        )
    )


_BY_LABELS = "Labels that came late have raised it."
