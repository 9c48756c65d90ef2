"""What has no figures but a place in time: windows in alarm, episodes, drift of many columns.

These pictures have no text in them and are stretched to the width of the page.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from markupsafe import Markup

from stream_monitor.detectors.verdict import State
from stream_monitor.reports.columns import ColumnStory
from stream_monitor.reports.facts import WindowFacts
from stream_monitor.reports.svg import element, picture
from stream_monitor.reports.words import column_name, count, moment, number

CELLS = 96
#: From this effect on a cell has the fullest colour: a critical drift.
FULL = 0.2
_SHADES = 5
_WIDTH, _HEIGHT = 960.0, 16.0
#: What a window came to, as people say it.
WORDS = {State.OK: "ok", State.ALARM: "in alarm", State.THIN: "with too few events"}


class Track(NamedTuple):
    """The time that all strips of a page share: ``[begin_ms, end_ms)`` in equal cells."""

    begin_ms: int
    end_ms: int
    cells: int

    @classmethod
    def of(cls, windows: Sequence[WindowFacts]) -> Track:
        """A cell for each slide, or for several of them; ``windows`` must not be empty."""
        ends = sorted({window.end_ms for window in windows})
        steps = sorted(later - earlier for earlier, later in pairwise(ends))
        slide = steps[len(steps) // 2] if steps else ends[0] - windows[0].start_ms
        begin = ends[0] - slide
        return cls(begin, ends[-1], max(1, min(CELLS, (ends[-1] - begin) // slide)))

    def cell(self, end_ms: int) -> int:
        """In which cell a window is: that of its newest pane."""
        at = (end_ms - self.begin_ms - 1) * self.cells // (self.end_ms - self.begin_ms)
        return min(self.cells - 1, max(0, at))


def window_strip(windows: Sequence[WindowFacts], track: Track) -> Markup:
    """What the windows came to, the worst of each cell."""
    rank = {State.THIN.value: 1, State.OK.value: 2, State.ALARM.value: 3}
    worst: dict[int, str] = {}
    for window in windows:
        cell = track.cell(window.end_ms)
        worst[cell] = max(window.status, worst.get(cell, ""), key=lambda s: rank.get(s, 0))
    came = Counter(window.status for window in windows)
    said = f"{count(len(windows), 'window')} in the order of time: " + ", ".join(
        f"{came[state]:,} {told}" for state, told in WORDS.items()
    )
    return _cells(said, worst.items(), track.cells)


def episode_strip(
    title: str, since_ms: int, end_ms: int | None, class_: str, track: Track
) -> Markup:
    """The time of an alert within the period; one that is open goes on to its end."""
    begin, end, _ = track
    left = min(max(since_ms, begin), end)
    right = end if end_ms is None else min(max(end_ms, left), end)
    scale = _WIDTH / (end - begin)
    width = max((right - left) * scale, 6.0)
    x = min((left - begin) * scale, _WIDTH - width)
    bar = element("rect", x=x, y=2, width=width, height=_HEIGHT - 4, class_=class_)
    ground = element("rect", x=0, y=7, width=_WIDTH, height=2, class_="ground")
    until = "the end of the period, still open" if end_ms is None else moment(end_ms)
    return _stretched(f"{title}: {moment(since_ms)} to {until}", ground, bar)


def drift_strips(
    windows: Sequence[WindowFacts], stories: Sequence[ColumnStory], track: Track
) -> dict[str, Markup]:
    """Each column's drift: the stronger the darker, higher and of another colour in alarm.

    A cell has the largest effect of its windows.
    """
    found: dict[str, dict[int, tuple[float, bool]]] = {one.column: {} for one in stories}
    for window in windows:
        cell = track.cell(window.end_ms)
        if window.first is None:
            continue
        for column in found.keys() & window.first.effects.keys():
            effect, alarm = found[column].get(cell, (0.0, False))
            found[column][cell] = (
                max(effect, window.first.effects[column]),
                alarm or column in window.first.drifted,
            )
    return {
        one.column: _cells(
            f"drift of {column_name(one.column)}: {number(one.now)} in the newest window, "
            f"{number(one.largest)} at most, {count(one.in_alarm, 'window')} in alarm",
            [
                (cell, f"{'hot' if alarm else 'cool'}{shade(effect)}")
                for cell, (effect, alarm) in found[one.column].items()
            ],
            track.cells,
        )
        for one in stories
    }


def shade(effect: float) -> int:
    """0 to 4, the last from ``FULL`` on."""
    return min(_SHADES - 1, int(_SHADES * effect / FULL))


def _cells(title: str, cells: Iterable[tuple[int, str]], of: int) -> Markup:
    """A rectangle for each run of neighbouring cells of one class."""
    width = _WIDTH / of
    runs: list[tuple[int, int, str]] = []
    for at, class_ in sorted(cells):
        if runs and runs[-1][1:] == (at, class_):
            runs[-1] = runs[-1][0], at + 1, class_
        else:
            runs.append((at, at + 1, class_))
    drawn = [
        element(
            "rect",
            x=first * width,
            y=(_HEIGHT - (height := _height(class_))) / 2,
            width=(end - first) * width,
            height=height,
            class_=class_,
        )
        for first, end, class_ in runs
    ]
    return _stretched(title, *drawn)


def _height(class_: str) -> float:
    """An alarm is higher, so that it can be told without colours."""
    if class_ == State.THIN:
        return 4.0
    return _HEIGHT if class_ == State.ALARM or class_.startswith("hot") else 8.0


def _stretched(title: str, *children: Markup) -> Markup:
    return picture(title, _WIDTH, _HEIGHT, *children, class_="strip", preserveAspectRatio="none")
