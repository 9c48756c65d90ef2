"""The evidence of a lane: a fold over its judged panes, and the columns that it has accused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec
import numpy as np

from stream_monitor.config.settings import ModelSettings
from stream_monitor.detectors.accused import Accusation, evidence_verdicts, is_over
from stream_monitor.detectors.effects import Effect, effect_of
from stream_monitor.detectors.evidence.detector import Evidence, EvidenceDetector
from stream_monitor.detectors.evidence.state import State
from stream_monitor.detectors.verdict import Verdict
from stream_monitor.detectors.watched import Watched, counts_of, watched_of
from stream_monitor.reference.model import Reference
from stream_monitor.statistics.arrays import IntArray
from stream_monitor.summaries.column import ColumnSummary

SHARES = 2
"""Into how many parts the budget is split: what comes with the events, and what comes later."""

Columns = Mapping[str, ColumnSummary]


@dataclass(slots=True)
class Watching:
    """The detector of one lane and where it stands.

    ``pending`` are the counts of a period that is not over (``season.period``), which began at
    ``pending_ms``. ``evidence`` is that after the newest pane or period, ``None`` before the first.
    """

    reference: Reference
    settings: ModelSettings
    watched: tuple[Watched, ...]
    detector: EvidenceDetector
    state: State
    accused: dict[str, Accusation] = field(default_factory=dict)
    pending: dict[str, IntArray] = field(default_factory=dict)
    pending_ms: int | None = None
    evidence: Evidence | None = None

    @classmethod
    def of(
        cls, settings: ModelSettings, reference: Reference | None, kept: bytes
    ) -> Watching | None:
        """The evidence as the settings have it, or nothing if they leave nothing to it.

        ``kept`` is what :meth:`kept` gave; if it is of another configuration, all starts anew.
        """
        watched = watched_of(reference, settings)
        if not watched or reference is None:
            return None
        panes = settings.false_alarms.panes(settings.season.period_ms or settings.slide_ms)
        detector = EvidenceDetector.of(
            [one.bins for one in watched], SHARES * panes, {one.name: one.weight for one in watched}
        )
        made = cls(reference, settings, watched, detector, detector.start())
        if kept:
            made._load(kept)
        return made

    def take(self, pane_ms: int, columns: Columns) -> None:
        """A pane that is judged now, the next one in the order of event time."""
        period = self.settings.season.period_ms
        counts = counts_of(self.watched, columns, pane_ms)
        if period is None:
            self._update(counts, pane_ms)
            return
        begins = pane_ms - pane_ms % period
        if self.pending_ms is not None and self.pending_ms != begins:
            self._end_of_period()
        self.pending_ms = begins
        for name, drawn in counts.items():
            self.pending[name] = self.pending.get(name, np.zeros_like(drawn)) + drawn
        if pane_ms + self.settings.slide_ms >= begins + period:
            self._end_of_period()

    def judge(
        self,
        start_ms: int,
        rows: int,
        columns: Columns,
        since: Callable[[int], Columns],
    ) -> tuple[Verdict, ...]:
        """The verdicts of the window ``[start_ms, …)`` that ends with the newest pane taken.

        ``columns`` are those of the whole window, ``since(ms)`` those of its panes from a time on.
        """
        effects: dict[str, Effect | None] = {}
        for one in self.watched:
            accusation = self.accused.get(one.name)
            if accusation is None and one.rate:
                continue
            effect = self._effect(one, columns, measures=accusation is not None)
            if accusation is None:
                pass
            elif accusation.since_ms > start_ms:
                newer = self._effect(one, since(accusation.since_ms))
                if newer is not None and newer.n >= self.settings.min_samples:
                    effect = newer
            elif is_over(one, effect, self.settings):
                del self.accused[one.name]
            effects[one.name] = effect
        return evidence_verdicts(
            self.watched,
            self.accused,
            effects,
            self.evidence,
            rows,
            self.reference,
            self.settings,
        )

    def kept(self) -> bytes:
        """Where it stands, as bytes."""
        return _encoder.encode(
            _Kept(
                self.detector.dump(self.state),
                self.accused,
                {name: counts.tolist() for name, counts in self.pending.items()},
                self.pending_ms,
            )
        )

    def _effect(self, one: Watched, columns: Columns, *, measures: bool = True) -> Effect | None:
        bins = self.settings.drift.bins
        return effect_of(one, columns[one.column.id], bins, measures=measures)

    def _end_of_period(self) -> None:
        assert self.pending_ms is not None
        self._update(self.pending, self.pending_ms)
        self.pending, self.pending_ms = {}, None

    def _update(self, counts: Mapping[str, IntArray], pane_ms: int) -> None:
        self.state, self.evidence = self.detector.update(self.state, counts, pane_ms)
        if not self.evidence.alarm:
            return
        since, shares = dict(self.evidence.since), dict(self.evidence.shares)
        for name in self.evidence.carriers:
            before = self.accused.get(name)
            begun = since[name] if before is None else before.since_ms
            self.accused[name] = Accusation(begun, pane_ms, shares[name])

    def _load(self, kept: bytes) -> None:
        try:
            found = _decoder.decode(kept)
            self.state = self.detector.load(found.state)
        except (ValueError, msgspec.DecodeError):  # of another configuration: start anew
            return
        self.accused = dict(found.accused)
        self.pending = {name: np.array(c, dtype=np.int64) for name, c in found.pending.items()}
        self.pending_ms = found.pending_ms


class _Kept(msgspec.Struct, array_like=True):
    state: bytes
    accused: dict[str, Accusation]
    pending: dict[str, list[int]]
    pending_ms: int | None


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Kept)
