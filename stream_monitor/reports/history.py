"""The record of a model over a period, gathered from its reports and alerts one by one.

What is kept is bounded: the newest windows, and whole documents of two of them only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from stream_monitor.alerts.event import AlertEvent
from stream_monitor.config.settings import ModelSettings
from stream_monitor.errors import DataError
from stream_monitor.reference.model import Reference
from stream_monitor.reports.episodes import Episode
from stream_monitor.reports.facts import WindowFacts, facts_of

MAX_WINDOWS = 10_000
#: Effects and figures of all windows together: with a thousand columns fewer windows are kept.
MAX_FACTS = 4_000_000
MAX_EPISODES = 1_000
_NEVER_MS = 2**63 - 1


class ReferenceFacts(NamedTuple):
    """Where a reference came from, for people."""

    hash: str
    rows: int
    source: str
    created_ms: int

    @classmethod
    def of(cls, reference: Reference) -> ReferenceFacts:
        return cls(reference.hash, reference.rows, reference.source, reference.created_ms)


class Shape(NamedTuple):
    """A column's ``distributions`` of one window; ``effect`` is its drift there.

    ``is_drifted``: it was in alarm.
    """

    end_ms: int
    is_drifted: bool
    effect: float
    counts: Mapping[str, Any]


class Cumulative(NamedTuple):
    """Figures of all windows up to ``to_ms`` against one reference; the greatest has most labels.

    ``told`` is as a report has it, empty before there is one.
    """

    to_ms: int
    reference_hash: str
    labelled: int
    end_ms: int  # of the window whose document carries it
    revision: int
    told: Mapping[str, Any]

    @classmethod
    def of(cls, told: Mapping[str, Any], facts: WindowFacts) -> Cumulative:
        """That of a report or a revision. Before it told of its end, first reports alone had it."""
        return cls(
            int(told.get("to_ms", facts.end_ms)),
            facts.reference_hash,
            int(told.get("labelled", 0)),
            facts.end_ms,
            facts.revision,
            told,
        )

    @property
    def rank(self) -> tuple[int, str, int, int, int]:
        return self[:-1]


@dataclass(frozen=True)
class History:
    """All that a report on a period is made of.

    ``windows`` are in the order of their ends, none twice. ``episodes`` are the alerts whose time
    meets the period, by their start. ``newest`` and ``strongest``: by column, the distributions of
    the newest window that was judged, and of the one in which its drift was largest (of those in
    alarm, if there are any).
    ``cumulative``: all judged against the newest reference up to the end of the period, with as
    many labels as any document knows. ``confusion`` is of the newest window with labels.
    ``dropped``: windows left out as there were too many; ``unread``: documents that could not be
    read; ``is_cut``: what was asked for was not read to its end.
    """

    model: str
    since_ms: int
    until_ms: int
    settings: ModelSettings
    windows: tuple[WindowFacts, ...]
    episodes: tuple[Episode, ...]
    newest: Mapping[str, Shape]
    strongest: Mapping[str, Shape]
    cumulative: Cumulative
    confusion: Mapping[str, Any]
    references: Mapping[str, ReferenceFacts]
    dropped: int = 0
    unread: int = 0
    is_cut: bool = False

    @property
    def found(self) -> tuple[int, int] | None:
        """From where to where there are windows."""
        if not self.windows:
            return None
        return min(window.start_ms for window in self.windows), self.windows[-1].end_ms

    @property
    def is_whole(self) -> bool:
        """Whether nothing of the period is missing, at either end or by a limit.

        The newest window may still be waited for.
        """
        if self.found is None or self.is_cut or self.dropped:
            return False
        begins, ends = self.found
        slide = self.settings.slide_ms
        due = ends + 2 * slide + self.settings.allowed_lateness_ms
        return begins < self.since_ms + slide and self.until_ms < due


class Gathering:
    """Takes documents of one model in any order, each as often as it comes.

    A window belongs to the period ``[since_ms, until_ms]`` if its end does, an alert if it was
    open at any time of it; what was said after ``until_ms`` is not known yet. Without ``since_ms``
    the period begins with the first window, without ``until_ms`` it ends with the last. Of
    ``max_windows`` and ``max_facts`` the newest are kept. Who could not read all there was sets
    ``cut``.
    """

    def __init__(
        self,
        model: str,
        since_ms: int | None,
        until_ms: int | None,
        settings: ModelSettings,
        *,
        max_windows: int = MAX_WINDOWS,
        max_facts: int = MAX_FACTS,
    ) -> None:
        self._asked = since_ms, until_ms
        since_ms = 0 if since_ms is None else since_ms
        until_ms = _NEVER_MS if until_ms is None else until_ms
        if since_ms >= until_ms:
            raise DataError("the period of a report ends before it begins; give a later end")
        self.unread = 0
        self.cut = False
        self._model, self._settings = model, settings
        self._since_ms, self._until_ms = since_ms, until_ms
        self._max_windows, self._max_facts = max_windows, max_facts
        self._windows: dict[str, WindowFacts] = {}
        self._episodes: dict[str, Episode] = {}
        self._newest: dict[str, Shape] = {}
        self._strongest: dict[str, Shape] = {}
        self._cumulative = Cumulative(since_ms - 1, "", 0, 0, 0, {})
        self._confusion: tuple[tuple[int, int], Mapping[str, Any]] = ((since_ms - 1, 0), {})
        self._facts = 0
        self._dropped = 0
        self._floor_ms = since_ms  # windows up to here were let go

    def report(self, document: Mapping[str, Any]) -> None:
        """Take one document of the topic ``reports`` in; what cannot be read is counted."""
        if document.get("model") != self._model:
            return
        try:
            facts = facts_of(document)
        except DataError:
            self.unread += 1
            return
        if not self._floor_ms <= facts.end_ms <= self._until_ms:
            return
        before = self._windows.get(facts.report_id)
        if before is not None:
            self._facts -= before.size
            facts = before.merge(facts)
        self._windows[facts.report_id] = facts
        self._facts += facts.size
        self._keep_whole(document, facts)
        if len(self._windows) > self._max_windows or self._facts > self._max_facts:
            self._let_go()

    def alert(self, document: Mapping[str, Any]) -> None:
        """Take one document of the topic ``alerts`` in; what cannot be read is counted."""
        if document.get("model") != self._model:
            return
        try:
            event = AlertEvent.from_dict(document)
        except ValueError:  # an alert of an earlier version
            self.unread += 1
            return
        if event.window_end_ms > self._until_ms:
            return
        found, before = Episode.of(event), self._episodes.get(event.alert_id)
        self._episodes[event.alert_id] = found if before is None else before.merge(found)
        if len(self._episodes) > 2 * MAX_EPISODES:
            kept = self._ordered()[-MAX_EPISODES:]
            self._episodes = {each.last.alert_id: each for each in kept}

    def history(self, references: Iterable[Reference] = ()) -> History:
        """All that was gathered."""
        windows = sorted(self._windows.values(), key=lambda w: (w.end_ms, w.report_id))
        since_ms, until_ms = self._asked
        if until_ms is None:
            until_ms = windows[-1].end_ms if windows else since_ms or 0
        if since_ms is None:
            since_ms = min((w.start_ms for w in windows), default=until_ms)
        met = (e for e in self._ordered() if e.end_ms is None or e.end_ms >= since_ms)
        used = {window.reference_hash for window in windows}
        return History(
            model=self._model,
            since_ms=since_ms,
            until_ms=until_ms,
            settings=self._settings,
            windows=tuple(windows),
            episodes=tuple(met)[-MAX_EPISODES:],
            newest=dict(self._newest),
            strongest=dict(self._strongest),
            cumulative=self._cumulative,
            confusion=self._confusion[1],
            references={r.hash: ReferenceFacts.of(r) for r in references if r.hash in used},
            dropped=self._dropped,
            unread=self.unread,
            is_cut=self.cut,
        )

    def _ordered(self) -> list[Episode]:
        return sorted(
            self._episodes.values(), key=lambda each: (each.last.started_at, each.last.alert_id)
        )

    def _keep_whole(self, document: Mapping[str, Any], facts: WindowFacts) -> None:
        at = (facts.end_ms, facts.revision)
        if document["labelled"] and at >= self._confusion[0]:
            self._confusion = (at, document.get("confusion", {}))
        if "cumulative" in document:
            found = Cumulative.of(document["cumulative"], facts)
            if found.to_ms <= self._until_ms and found.rank >= self._cumulative.rank:
                self._cumulative = found
        if "distributions" not in document or facts.first is None:
            return
        for column, counts in document["distributions"].items():
            effect = facts.first.effects.get(column)
            if effect is None or len(counts["counts"]) != len(counts["reference"]):
                continue
            shape = Shape(facts.end_ms, column in facts.first.drifted, effect, counts)
            self._newest[column] = max(shape, self._newest.get(column, shape), key=_when)
            self._strongest[column] = max(shape, self._strongest.get(column, shape), key=_how_much)

    def _let_go(self) -> None:
        """Forget the oldest tenth of the windows; they are not taken in again."""
        by_end = sorted(self._windows.values(), key=lambda window: window.end_ms)
        for window in by_end[: max(1, len(by_end) // 10)]:
            self._floor_ms = max(self._floor_ms, window.end_ms + 1)
        for window in by_end:
            if window.end_ms < self._floor_ms:
                del self._windows[window.report_id]
                self._facts -= window.size
                self._dropped += 1


def _when(shape: Shape) -> tuple[int, float]:
    return shape.end_ms, shape.effect


def _how_much(shape: Shape) -> tuple[bool, float, int]:
    # A window in alarm before any other: the noise of one with few rows may be larger.
    return shape.is_drifted, shape.effect, shape.end_ms
