"""The evidence of a lane: a fold over its judged panes, and the columns that it has accused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec
import numpy as np

from stream_monitor.config.settings import ModelSettings
from stream_monitor.detectors.accused import Accusation, evidence_verdicts, is_over
from stream_monitor.detectors.effects import Distance, Effect, effect_of
from stream_monitor.detectors.evidence.detector import Evidence, EvidenceDetector
from stream_monitor.detectors.evidence.state import State
from stream_monitor.detectors.seasonal import seasonal_effect
from stream_monitor.detectors.verdict import Verdict
from stream_monitor.detectors.watched import Watched, counts_of, strata_of, watched_of
from stream_monitor.reference.model import Reference
from stream_monitor.statistics.arrays import IntArray
from stream_monitor.summaries.column import ColumnSummary
from stream_monitor.windows import calendar

SHARES = 2
"""Into how many parts the budget is split: what comes with the events, and what comes later."""

Columns = Mapping[str, ColumnSummary]


class Rows(NamedTuple):
    """Some panes together: the summaries of their columns, and the rows of each by its start."""

    columns: Columns
    by_pane: Mapping[int, int]


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
        detector = EvidenceDetector.stratified(
            {
                stratum: [one.bins_in(stratum) for one in watched]
                for stratum in strata_of(reference, settings) or ("",)
            },
            SHARES * panes,
            {one.name: one.weight for one in watched},
        )
        made = cls(reference, settings, watched, detector, detector.start())
        if kept:
            made._load(kept)
        return made

    def take(self, pane_ms: int, columns: Columns) -> None:
        """A pane that is judged now, the next one in the order of event time."""
        period = self.settings.season.period_ms
        stratum = self._stratum(pane_ms)
        if stratum is not None and stratum not in self.detector.strata:
            return  # the reference knows nothing of such hours
        counts = counts_of(self.watched, columns, pane_ms, stratum or "")
        if period is None:
            self._update(counts, pane_ms, stratum or "")
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
        window: Rows,
        since: Callable[[int], Rows],
    ) -> tuple[Verdict, ...]:
        """The verdicts of the window ``[start_ms, …)`` that ends with the newest pane taken.

        ``since(ms)`` are the rows of its panes from a time on.
        """
        effects: dict[str, Effect | None] = {}
        for one in self.watched:
            accusation = self.accused.get(one.name)
            if accusation is None and one.rate:
                continue
            effect = self._effect(one, window, measures=accusation is not None)
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
            sum(window.by_pane.values()),
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

    def _effect(self, one: Watched, of: Rows, *, measures: bool = True) -> Effect | None:
        summary, bins = of.columns[one.column.id], self.settings.drift.bins
        distance = self._seasonal(of.by_pane) if one.by_stratum and not one.rate else None
        return effect_of(one, summary, bins, distance, measures=measures)

    def _stratum(self, pane_ms: int) -> str | None:
        """The stratum of a pane; ``None`` without strata."""
        if not strata_of(self.reference, self.settings):
            return None
        return calendar.stratum(self.settings.season, pane_ms)

    def _seasonal(self, by_pane: Mapping[int, int]) -> Distance:
        """The distance of a column from what the panes' strata together should look like."""
        rows = Counter[str]()
        for pane_ms, n in by_pane.items():
            rows[self._stratum(pane_ms) or ""] += n
        strata = self.reference.strata
        assert strata is not None

        def distance(one: Watched, summary: ColumnSummary) -> float:
            counts = strata.counts_of(one.column.id, rows)
            return seasonal_effect(one.column, counts, summary.distribution, rows)

        return distance

    def _end_of_period(self) -> None:
        assert self.pending_ms is not None
        self._update(self.pending, self.pending_ms)
        self.pending, self.pending_ms = {}, None

    def _update(self, counts: Mapping[str, IntArray], pane_ms: int, stratum: str = "") -> None:
        self.state, self.evidence = self.detector.update(self.state, counts, pane_ms, stratum)
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
