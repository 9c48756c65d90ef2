"""Whether the errors of a lane have risen: a fold over its panes, done anew when one changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
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
    """Of the detectors after the last pane of a window: their alarms so far, where they stand."""

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
    and are folded from there, up to the end of a window that is asked for.
    """

    machine: Degradation
    base: DegradationState
    _panes: dict[int, PaneErrors] = field(default_factory=dict)
    _reached: DegradationState | None = None
    _alarms: dict[str, tuple[int, ...]] = field(default_factory=dict)

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
        reached = None if self._reached is None else self._reached.last_ms
        if reached is not None and pane.start_ms <= reached:
            self._reached = None

    def at(self, ends_ms: Iterable[int]) -> Iterator[Standings]:
        """The detectors as they stand at the ends of windows, ascending."""
        starts = sorted(self._panes)
        for end in ends_ms:
            state = self._begun(end)
            rest = [
                self._panes[start]
                for start in starts
                if start < end and (state.last_ms is None or start > state.last_ms)
            ]
            self._reached, found = self.machine.fold(state, rest)
            for name, panes in found.items():
                self._alarms[name] = self._alarms.get(name, ()) + panes
            yield Standings(end, dict(self._alarms), self.machine.standings(self._reached, end))

    def retire(self, before_ms: int) -> None:
        """Panes that began before a time change no more."""
        gone = sorted(start for start in self._panes if start < before_ms)
        if gone:
            self.base, _ = self.machine.fold(self.base, [self._panes.pop(start) for start in gone])
            self._reached = None

    def _begun(self, end_ms: int) -> DegradationState:
        """The state to go on from: what was reached, unless it is behind the end or has changed."""
        reached = self._reached
        if reached is None or (reached.last_ms is not None and reached.last_ms >= end_ms):
            self._alarms = {}
            return self.base
        return reached


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
