"""Windows that are judged, revised and closed, and what is said of their alerts."""

from __future__ import annotations

from collections.abc import Sequence

from stream_monitor.alerts.episode import Episode, forget
from stream_monitor.alerts.event import AlertEvent
from stream_monitor.alerts.history import Past, Rejudged, fold, rejudge
from stream_monitor.alerts.rule import Window
from stream_monitor.alerts.state import AlertState
from stream_monitor.alerts.tracker import AlertKey, AlertTracker
from stream_monitor.config.monitors import AlertSettings
from stream_monitor.config.settings import ModelSettings
from stream_monitor.detectors.verdict import Family, State, Verdict

HOUR = 3_600_000
PANES = 3  # of a window
LETTERS = {"A": State.ALARM, "C": State.ALARM, ".": State.OK, "t": State.THIN}


def tracker(cooldown_hours: int = 0) -> AlertTracker:
    """Two windows start an alert, two end it, and so long after that it is the same one."""
    alerts = AlertSettings(consecutive=2, recover=2, cooldown_ms=cooldown_hours * HOUR)
    return AlertTracker("fraud", ModelSettings(alerts=alerts))


def past(number: int, letters: str) -> Past:
    """A window of two figures: A a warning, C critical, . quiet, t too few labels."""
    verdicts = tuple(
        Verdict(
            family=Family.PERFORMANCE,
            monitor=monitor,
            column="",
            state=LETTERS[letter],
            statistic=0.5,
            threshold=0.9,
            p_value=None,
            n=100,
            reference_n=0,
            reference_hash="one",
            effect=0.4 if letter == "C" else 0.01,
            decides=True,
        )
        for monitor, letter in zip(("accuracy", "f1"), letters, strict=False)
    )
    return Past(Window((number - PANES) * HOUR, number * HOUR, (number - 1) * HOUR), verdicts)


class Story:
    """What the second stage does: windows are judged, revised, and closed."""

    def __init__(self, letters: Sequence[str] = (), cooldown_hours: int = 0) -> None:
        self.tracker = tracker(cooldown_hours)
        self.base: dict[AlertKey, AlertState] = {}
        self.states: dict[AlertKey, AlertState] = {}
        self.windows: dict[int, str] = {}  # open to revision
        self.all: dict[int, str] = {}
        self.episodes: tuple[Episode, ...] = ()
        self.said: list[Episode] = []
        self.ids: list[str] = []
        for letter in letters:
            self.judge(letter)

    def judge(self, letters: str) -> list[str]:
        number = len(self.all) + 1
        self.windows[number] = self.all[number] = letters
        return self._take(
            rejudge(
                self.tracker,
                self.states,
                [past(number, letters)],
                self.episodes,
                number * HOUR,
                again=False,
            )
        )

    def revise(self, number: int, letters: str) -> list[str]:
        self.windows[number] = self.all[number] = letters
        return self._take(
            rejudge(
                self.tracker,
                self.base,
                [past(at, of) for at, of in self.windows.items()],
                self.episodes,
                max(self.windows) * HOUR,
                again=True,
            )
        )

    def close(self, until: int) -> None:
        closing = [number for number in self.windows if number <= until]
        self.base, _ = fold(
            self.tracker, self.base, [past(at, self.windows.pop(at)) for at in closing]
        )
        begins = min(self.windows, default=len(self.all)) * HOUR - PANES * HOUR
        self.episodes = forget(self.episodes, begins, self.base)

    def _take(self, found: Rejudged) -> list[str]:
        self.states, self.episodes = found.states, found.episodes
        self.said += found.news
        self.ids += [episode.event.event_id for episode in found.news]
        return [f"{e.judgement}:{e.event.status}" for e in found.news]


def life(event: AlertEvent) -> tuple[str, int, int | None]:
    ends = event.recovered_at
    return event.monitor, event.start_pane_ms // HOUR + 1, None if ends is None else ends // HOUR


def lives(episodes: Sequence[Episode]) -> set[tuple[str, int, int | None]]:
    return {life(one.event) for one in episodes if not one.is_withdrawn}


def in_one_pass(windows: dict[int, str], of: AlertTracker) -> set[tuple[str, int, int | None]]:
    _, events = fold(of, {}, [past(at, letters) for at, letters in windows.items()])
    found = {(event.monitor, event.start_pane_ms): life(event) for event in events}
    return set(found.values())
