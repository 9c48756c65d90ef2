"""The reference's and a window's distribution drawn over each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any
from unicodedata import east_asian_width

import numpy as np
from markupsafe import Markup

from stream_monitor.reports.columns import shares_of
from stream_monitor.reports.scale import Scale
from stream_monitor.reports.svg import element, path, picture
from stream_monitor.reports.words import limit, marks, number

WIDTH, HEIGHT = 360.0, 168.0
LEFT, RIGHT, TOP, BOTTOM = 12.0, 12.0, 10.0, 24.0
#: Categories with bars of their own; the rest is put together.
BARS = 6
#: A density so much above the middle one hides all others.
_SPIKE = 12.0


def distribution_chart(title: str, counts: Mapping[str, Any]) -> Markup:
    """A column's ``distributions``: densities of a continuous column, bars of any other."""
    then, now = shares_of(counts, "reference"), shares_of(counts, "counts")
    if "categories" in counts:
        names = [*(str(each) for each in counts["categories"]), "(others)", "(unseen)"]
        return _bars(title, *_foremost(names, then, now))
    edges = [float(each) for each in counts["edges"]]
    if _is_smooth(edges, then, now):
        return _densities(title, edges, then, now)
    names = [f"≤ {limit(edge)}" for edge in edges[1:-1]]
    names.append(f"> {limit(edges[-2])}" if len(edges) > 2 else "all")
    return _bars(title, *_pooled(names, then, now))


def _is_smooth(edges: Sequence[float], then: Sequence[float], now: Sequence[float]) -> bool:
    """Whether densities can be drawn: enough bins, all of them wide, none a spike."""
    widths = np.diff(_clipped(edges))
    if len(then) < BARS or not np.isfinite(widths).all() or not (widths > 0).all():
        return False
    with np.errstate(over="ignore"):  # of a bin that is hardly wider than nothing
        densities = np.maximum(np.array(then), np.array(now)) / widths
    return bool(0 < densities.max() <= _SPIKE * np.median(densities))


def _clipped(edges: Sequence[float]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Edges whose outer bins are no wider than a third of all between them.

    Else a single far value would press everything else against the other side.
    """
    found = np.array(edges, dtype=np.float64)
    if len(found) > 3:
        widest = (found[-2] - found[1]) / 3
        found[0] = max(found[0], found[1] - widest)
        found[-1] = min(found[-1], found[-2] + widest)
    return found


def _densities(
    title: str, edges: Sequence[float], then: Sequence[float], now: Sequence[float]
) -> Markup:
    places = _clipped(edges)
    widths = np.diff(places)
    old, new = np.array(then) / widths, np.array(now) / widths
    x = Scale(float(places[0]), float(places[-1]), LEFT, WIDTH - RIGHT)
    y = Scale(0.0, float(max(old.max(), new.max())) * 1.05, HEIGHT - BOTTOM, TOP)

    def outline(heights: np.ndarray[Any, np.dtype[np.float64]]) -> Iterator[tuple[float, float]]:
        yield x(float(places[0])), y(0.0)
        for (left, right), height in zip(pairwise(places), heights, strict=True):
            yield x(float(left)), y(float(height))
            yield x(float(right)), y(float(height))
        yield x(float(places[-1])), y(0.0)

    there = x.marks(4)
    marked = [
        element("text", text, x=x(mark), y=HEIGHT - 7, class_="mark middle")
        for mark, text in zip(there, marks(there), strict=True)
        if LEFT + 10 <= x(mark) <= WIDTH - RIGHT - 10
    ]
    ground = y(0.0)
    return picture(
        title,
        WIDTH,
        HEIGHT,
        element("path", d=path(outline(old), closed=True), class_="then"),
        element("path", d=path(outline(new)), class_="now"),
        element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=ground, y2=ground, class_="axis"),
        *marked,
    )


def _foremost(
    names: list[str], then: list[float], now: list[float]
) -> tuple[list[str], list[float], list[float]]:
    """Those with the largest share then or now in their order; the rest is among the others."""
    filled = [at for at in range(len(names)) if then[at] or now[at]]
    chosen = sorted(sorted(filled, key=lambda at: -max(then[at], now[at]))[:BARS])
    rest = [at for at in filled if at not in chosen]
    found = [[list_[at] for at in chosen] for list_ in (then, now)]
    labels = [names[at] for at in chosen]
    if rest:
        labels.append(f"({len(rest)} more)")
        found[0].append(sum(then[at] for at in rest))
        found[1].append(sum(now[at] for at in rest))
    return labels, found[0], found[1]


def _pooled(
    names: list[str], then: list[float], now: list[float]
) -> tuple[list[str], list[float], list[float]]:
    """Neighbouring bins put together until there are few enough; the name is the last one's."""
    each = -(-len(names) // (BARS + 1))
    starts = range(0, len(names), each)
    return (
        [names[min(at + each, len(names)) - 1] for at in starts],
        [sum(then[at : at + each]) for at in starts],
        [sum(now[at : at + each]) for at in starts],
    )


def _bars(title: str, names: Sequence[str], then: Sequence[float], now: Sequence[float]) -> Markup:
    step, left, right = 30.0, 128.0, 56.0
    height = TOP + step * len(names)
    x = Scale(0.0, max([*then, *now, 1e-9]), left, WIDTH - right)
    drawn: list[Markup] = []
    for at, (name, old, new) in enumerate(zip(names, then, now, strict=True)):
        y = TOP + at * step
        label = fitting(name, left - 10)
        drawn.append(element("text", label, x=left - 6, y=y + 16, class_="mark right"))
        for share, top, class_ in ((old, y, "then"), (new, y + 12, "now-bar")):
            width = max(x(share) - left, 1.0)
            place = {"x": left, "y": top, "width": width, "height": 11}
            drawn.append(element("rect", **place, class_=class_))
            at_x = left + width + 4
            drawn.append(
                element("text", number(share, "share"), x=at_x, y=top + 9.5, class_="mark small")
            )
    return picture(title, WIDTH, height, *drawn)


def fitting(text: str, width: float) -> str:
    """The beginning of a text that is no wider than a place, in the letters of a picture.

    >>> fitting("north", 80.0), fitting("a long name of a place", 80.0)
    ('north', 'a long n…')
    """
    if sum(map(_width, text)) <= width:
        return text
    room = width - _width("…")
    for at, letter in enumerate(text):
        room -= _width(letter)
        if room < 0:
            return f"{text[:at]}…"
    return text


def _width(letter: str) -> float:
    """Of a letter of 12 pixels in the widest of the page's fonts."""
    if letter in "WMmw@%…—" or east_asian_width(letter) in "WF":
        return 12.2
    if letter.isupper() or ord(letter) > 0x24F:
        return 9.4
    return 7.7
