"""Whether the errors of a lane have risen: a fold over its panes, done anew when one changes."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from stream_monitor.config.settings import ModelSettings
from stream_monitor.detectors.degradation.baseline import Baseline
from stream_monitor.detectors.degradation.degradation import Degradation, DegradationState
from stream_monitor.detectors.degradation.machine import Standing
from stream_monitor.detectors.degradation.panes import PaneErrors
from stream_monitor.detectors.degradation.residuals import ResidualCounts
from stream_monitor.detectors.degradation.terms import Terms
from stream_monitor.reference.model import Reference, Task
from stream_monitor.summaries.performance import PerformanceSummary

Alarms = Mapping[str, tuple[int, ...]]


class Standings(NamedTuple):
    """Of the detectors at the end of a window: their alarms in its panes, and where they stand."""

    end_ms: int
    alarms: Alarms
    standings: Mapping[str, Standing]


def pane_errors(pane_ms: int, performance: PerformanceSummary) -> PaneErrors:
    """What the detectors are told of a pane."""
    if performance.residuals is not None:
        sums = performance.residuals.sums
        return PaneErrors(
            pane_ms,
            performance.residuals.n,
            0,
            sums.absolute.value,
            sums.squared.value,
            ResidualCounts.of_summary(performance.residuals),
        )
    confusion = performance.confusion
    return PaneErrors(pane_ms, confusion.labelled, confusion.labelled - confusion.correct)


@dataclass(slots=True)
class Degrading:
    """The detectors of one lane.

    ``base`` is their state after the panes that change no more; the others are in ``_panes``
    and are folded from there, up to the end of a window that is asked for. What is found there
    is kept in ``_marks`` until a pane before that end changes; ``_ends`` are its keys, ascending.
    """

    machine: Degradation
    base: DegradationState
    _panes: dict[int, PaneErrors] = field(default_factory=dict)
    _marks: dict[int, tuple[DegradationState, Standings]] = field(default_factory=dict)
    _ends: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, settings: ModelSettings, reference: Reference | None, kept: bytes) -> Degrading:
        """The detectors of the settings; ``kept`` is what :meth:`kept` gave, or nothing.

        Raises ConfigurationError for a detector that cannot watch the model.
        """
        task = Task.UNKNOWN if reference is None else reference.task
        sample = None if reference is None else reference.residuals
        machine = Degradation.of(
            settings.performance.degradation,
            task,
            _baseline(reference),
            None if sample is None else ResidualCounts.of_sample(sample),
            Terms.of(settings),
        )
        try:
            return cls(machine, machine.load(kept))
        except ValueError:  # there is none, or it is of other settings: start anew
            return cls(machine, machine.start())

    def kept(self) -> bytes:
        """The state after the panes that have left, as bytes."""
        return self.machine.dump(self.base)

    def put(self, pane: PaneErrors) -> None:
        """A pane's counts are these now."""
        before = self._panes.get(pane.start_ms)
        if pane == before or (before is None and not pane.n):
            return
        if self.base.last_ms is not None and pane.start_ms <= self.base.last_ms:
            return
        self._panes[pane.start_ms] = pane
        first = bisect_right(self._ends, pane.start_ms)
        self._forget(slice(first, None))

    def at(self, ends_ms: Iterable[int]) -> Iterator[Standings]:
        """The detectors as they stand at the ends of windows, ascending."""
        starts = sorted(self._panes)
        for end in ends_ms:
            if end not in self._marks:
                self._mark(end, starts)
            yield self._marks[end][1]

    def retire(self, before_ms: int) -> None:
        """Panes that began before a time change no more."""
        gone = sorted(start for start in self._panes if start < before_ms)
        if gone:
            self.base, _ = self.machine.fold(self.base, [self._panes.pop(start) for start in gone])
        self._forget(slice(None, bisect_right(self._ends, before_ms)))

    def _mark(self, end_ms: int, starts: Sequence[int]) -> None:
        """Fold the panes (all ``starts``, ascending) from the last mark before the end on."""
        at = bisect_left(self._ends, end_ms)
        state: DegradationState = self.base
        alarms: Alarms = {}
        if at:
            state, before = self._marks[self._ends[at - 1]]
            alarms = before.alarms
        first = 0 if state.last_ms is None else bisect_right(starts, state.last_ms)
        rest = [self._panes[start] for start in starts[first : bisect_left(starts, end_ms)]]
        state, found = self.machine.fold(state, rest)
        begin = end_ms - self.machine.terms.window_ms
        within = {
            name: tuple(start for start in (*alarms.get(name, ()), *panes) if start >= begin)
            for name, panes in found.items()
        }
        standings = Standings(end_ms, within, self.machine.standings(state, end_ms))
        self._marks[end_ms] = state, standings
        self._ends.insert(at, end_ms)

    def _forget(self, which: slice) -> None:
        for end in self._ends[which]:
            del self._marks[end]
        del self._ends[which]


def _baseline(reference: Reference | None) -> Baseline | None:
    """The usual errors, where the reference's rows had labels."""
    if reference is None:
        return None
    if reference.task is Task.REGRESSION:
        sample = reference.residuals
        return None if sample is None else Baseline.of_residuals(sample)
    if reference.baseline is None or reference.baseline_error is None:
        return None
    return Baseline.of_rate(reference.baseline_error, reference.baseline.labelled)
