"""The versions of a lane beside each other: a fold over its panes, done anew when one changes."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from stream_monitor.config.settings import ModelSettings
from stream_monitor.detectors.verdict import Verdict
from stream_monitor.detectors.worse import Beside, Loss, judge_version, most_compared
from stream_monitor.reference.model import NO_REFERENCE, Reference, Task
from stream_monitor.summaries.performance import PerformanceSummary
from stream_monitor.summaries.slices import VERSION, SlicedTraffic, smallest


class PaneVersions(NamedTuple):
    """What is known of a pane: the events of each version, and what their labels tell."""

    start_ms: int
    rows: Mapping[str, int]
    losses: Mapping[str, Loss]


class Compared(NamedTuple):
    """A window's verdicts; ``left_rows``: events of its newest pane whose version has none."""

    end_ms: int
    verdicts: tuple[Verdict, ...]
    left_rows: int


def pane_versions(pane_ms: int, traffic: SlicedTraffic) -> PaneVersions:
    """What a pane's traffic tells of its versions."""
    dimension = traffic.dimensions.get(VERSION)
    kept = {} if dimension is None else dimension.kept
    return PaneVersions(
        pane_ms,
        {version: of.rows for version, of in sorted(kept.items())},
        {
            version: _loss(of.performance)
            for version, of in sorted(kept.items())
            if of.performance.labelled
        },
    )


def _loss(found: PerformanceSummary) -> Loss:
    if found.residuals is not None:
        sums = found.residuals.sums
        return Loss(found.residuals.n, sums.absolute.value, sums.squared.value)
    confusion = found.confusion
    return Loss(confusion.labelled, confusion.labelled - confusion.correct)


@dataclass(slots=True)
class _Together:
    """The panes so far: the events of each version, and of every two what the first has lost.

    That is of the panes in which both have labels. Of more than ``cap`` versions those with the
    smallest hashes are kept, as in a dimension, so that what is kept does not depend on when.
    """

    cap: int
    last_ms: int | None = None
    rows: dict[str, int] = field(default_factory=dict)
    losses: dict[tuple[str, str], Loss] = field(default_factory=dict)

    def copy(self) -> _Together:
        return _Together(self.cap, self.last_ms, dict(self.rows), dict(self.losses))

    def add(self, pane: PaneVersions) -> None:
        """The next pane in the order of event time."""
        self.last_ms = pane.start_ms
        for version in (*pane.rows, *pane.losses):
            self.rows[version] = self.rows.get(version, 0)
        if len(self.rows) > self.cap:
            kept = set(smallest(self.rows, self.cap))
            self.rows = {version: n for version, n in self.rows.items() if version in kept}
            self.losses = {pair: of for pair, of in self.losses.items() if kept.issuperset(pair)}
        for version, n in pane.rows.items():
            if version in self.rows:
                self.rows[version] += n
        known = [(version, of) for version, of in pane.losses.items() if version in self.rows]
        for version, of in known:
            for other, _ in known:
                pair = version, other
                self.losses[pair] = self.losses.get(pair, Loss()).plus(of)

    def champion(self, given: str | None) -> str | None:
        """Whom others are compared with, if it has labels: as given, or with the most events."""
        labelled = sorted(version for version in self.rows if (version, version) in self.losses)
        if given is not None:
            return given if given in labelled else None
        return max(labelled, key=lambda version: self.rows[version], default=None)


@dataclass(slots=True)
class Comparing:
    """The versions of one lane.

    ``base`` are the panes that change no more; the others are in ``_panes`` and are folded from
    there up to the end of a window that is asked for. ``_mark`` is how far the last fold came,
    while no pane before has changed; ``_said`` is what was answered to which figures, by window.
    """

    settings: ModelSettings
    reference_hash: str
    regression: bool
    base: _Together
    _panes: dict[int, PaneVersions] = field(default_factory=dict)
    _mark: tuple[int, _Together] | None = None
    _said: dict[int, tuple[tuple[Beside, ...], tuple[Verdict, ...]]] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: ModelSettings, reference: Reference | None, kept: bytes) -> Comparing:
        """The versions; ``kept`` is what :meth:`kept` gave, or nothing."""
        cap = most_compared(settings)
        return cls(
            settings,
            NO_REFERENCE if reference is None else reference.hash,
            reference is not None and reference.task is Task.REGRESSION,
            _load(kept, cap) if kept else _Together(cap),
        )

    def kept(self) -> bytes:
        """What the panes that have left came to, as bytes."""
        base = self.base
        return _encoder.encode(
            _Kept(base.last_ms, base.rows, [(*pair, *of) for pair, of in base.losses.items()])
        )

    def put(self, pane: PaneVersions) -> None:
        """A pane is this now."""
        if pane == self._panes.get(pane.start_ms) or not (pane.rows or pane.losses):
            return
        if self.base.last_ms is not None and pane.start_ms <= self.base.last_ms:
            return
        self._panes[pane.start_ms] = pane
        if self._mark is not None and pane.start_ms < self._mark[0]:
            self._mark = None

    def at(self, ends_ms: Iterable[int]) -> Iterator[Compared]:
        """The verdicts of windows with these ends, ascending."""
        starts = sorted(self._panes)
        for end in ends_ms:
            together = self._until(end, starts)
            besides = tuple(self._besides(together, end, starts))
            if end not in self._said or self._said[end][0] != besides:
                self._said[end] = besides, tuple(map(self._judged, besides))
            yield Compared(end, self._said[end][1], self._left(together, end))

    def retire(self, before_ms: int) -> None:
        """Panes that began before a time change no more."""
        gone = sorted(start for start in self._panes if start < before_ms)
        for start in gone:
            self.base.add(self._panes.pop(start))
        if self._mark is not None and self._mark[0] < before_ms:
            self._mark = None
        for end in [end for end in self._said if end <= before_ms]:
            del self._said[end]

    def _until(self, end_ms: int, starts: list[int]) -> _Together:
        """All panes (their ``starts`` ascending) before a time, folded in order."""
        if self._mark is None or self._mark[0] > end_ms:
            self._mark = end_ms, self.base.copy()
        _, together = self._mark
        first = 0 if together.last_ms is None else bisect_right(starts, together.last_ms)
        for start in starts[first : bisect_left(starts, end_ms)]:
            together.add(self._panes[start])
        self._mark = end_ms, together
        return together

    def _besides(self, together: _Together, end_ms: int, starts: list[int]) -> Iterator[Beside]:
        champion = together.champion(self.settings.slices.champion)
        if champion is None or not self.settings.slices.decide_versions:
            return
        first = bisect_left(starts, end_ms - self.settings.window_ms)
        window = [self._panes[start] for start in starts[first : bisect_left(starts, end_ms)]]
        for version in sorted(together.rows):
            if version != champion and (version, version) in together.losses:
                yield Beside(
                    version,
                    champion,
                    together.losses.get((version, champion), Loss()),
                    together.losses.get((champion, version), Loss()),
                    any(pane.rows.get(version) for pane in window),
                )

    def _left(self, together: _Together, end_ms: int) -> int:
        newest = self._panes.get(end_ms - self.settings.slide_ms)
        if newest is None or not self.settings.slices.decide_versions:
            return 0
        return sum(n for version, n in newest.rows.items() if version not in together.rows)

    def _judged(self, beside: Beside) -> Verdict:
        return judge_version(beside, self.settings, self.reference_hash, regression=self.regression)


class _Kept(msgspec.Struct, array_like=True):
    last_ms: int | None
    rows: dict[str, int]
    losses: list[tuple[str, str, int, float, float]]


def _load(kept: bytes, cap: int) -> _Together:
    """Of more versions than are compared now, those that would have been."""
    found = _decoder.decode(kept)
    versions = set(smallest(found.rows, cap))
    return _Together(
        cap,
        found.last_ms,
        {version: n for version, n in found.rows.items() if version in versions},
        {
            (one, other): Loss(n, total, squares)
            for one, other, n, total, squares in found.losses
            if one in versions and other in versions
        },
    )


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Kept)
