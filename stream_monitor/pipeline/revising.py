"""Late labels restate: windows are reported again, their alerts judged again, until they close."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from stream_monitor.alerts.episode import Episode, forget
from stream_monitor.alerts.history import fold, rejudge
from stream_monitor.alerts.severity import severity_of
from stream_monitor.alerts.tracker import AlertTracker
from stream_monitor.detectors.degradation.verdicts import PREFIX, state_of
from stream_monitor.detectors.performance import judge_performance
from stream_monitor.detectors.verdict import Verdict
from stream_monitor.detectors.worse import MONITOR
from stream_monitor.errors import ConfigurationError
from stream_monitor.pipeline import state
from stream_monitor.pipeline.degrading import Degrading, Standings
from stream_monitor.pipeline.effects import EvaluateEffect, Publish, Settle, Stream
from stream_monitor.pipeline.items import KeptRetired, PaneRef
from stream_monitor.pipeline.judging import degraded, publish_alert, told
from stream_monitor.pipeline.lane import Lane
from stream_monitor.pipeline.model_state import EvaluatorConfig, EvaluatorCounts, ModelState
from stream_monitor.pipeline.records import WindowRecord, changes, figures_of
from stream_monitor.pipeline.report import cumulative_document, revision_document
from stream_monitor.reference.model import Reference
from stream_monitor.summaries.slices import SlicedTraffic
from stream_monitor.windows.panes import WindowSpec

#: Windows that are revised in one go, so that what else there is to do does not wait long.
AT_ONCE = 50

_Revised = tuple[str, Reference | None, WindowRecord, WindowRecord, SlicedTraffic, list[Verdict]]


class Revising:
    """Revises the windows of a model, closes them, and lets panes go."""

    def __init__(self, config: EvaluatorConfig, counts: EvaluatorCounts) -> None:
        self._config = config
        self._counts = counts

    def revise(self, name: str, model: ModelState, now_ms: int) -> list[EvaluateEffect]:
        """Revised reports of windows whose labels have changed, the oldest first."""
        model.revised_ms = min(model.revised_ms, now_ms)  # a clock may be set back
        if not model.unrevised or now_ms - model.revised_ms < self._config.revise_interval_ms:
            return []
        self._spread(name, model)
        turn = sorted(model.unrevised)[:AT_ONCE]
        if len(turn) == len(model.unrevised):
            model.revised_ms = now_ms
        return self._revise(name, model, turn)

    def close(self, name: str, model: ModelState) -> list[EvaluateEffect]:
        """Close windows that are past revision, and let panes go that no label can come for."""
        assert model.watermark_ms is not None
        spec = self._config.spec(name)
        now = model.watermark_ms - spec.allowed_lateness_ms
        closing = [k for k in model.records if k[0] + self._config.revision_ms(name) <= now]
        if not closing and not model.outdated:
            return []
        if model.unrevised.intersection(closing):
            self._spread(name, model)
        effects = self._revise(name, model, sorted(model.unrevised.intersection(closing)))
        tracker = AlertTracker(name, self._config.settings(name))
        past = [model.records[key].past(spec) for key in closing]
        model.base, _ = fold(tracker, model.base, past)
        for key in closing:
            del model.records[key]
        if not model.records:
            model.performance = dict(model.base)
        begins = min(model.records, default=(now, ""))[0] - spec.window_ms
        model.episodes = forget(model.episodes, begins, model.base)
        effects.append(model.put(name))
        closing += model.outdated
        model.outdated = []
        effects += [state.delete_record(name, hash_, end) for end, hash_ in closing]
        # A pane stays as long as a label may come, and a window that holds it may be revised.
        before = min(now - self._config.retention_ms, begins) - spec.slide_ms
        for hash_, lane in model.lanes.items():
            effects += self._retire(name, hash_, lane, min(before, _unjudged(lane)))
        return effects

    def _retire(self, name: str, hash_: str, lane: Lane, before_ms: int) -> list[EvaluateEffect]:
        if not self._config.known(name, hash_):
            return []
        reference = self._config.reference(name, hash_)
        comparing = lane.comparing(self._config.settings(name), reference)
        self._detectors(name, lane, reference)  # both are told of the panes before they leave
        gone = lane.ledger.retire(before_ms, reference)
        if not gone:
            return []
        detectors = self._detectors(name, lane, reference)
        if detectors is not None:
            detectors.retire(before_ms)
        comparing.retire(before_ms)
        kept = KeptRetired(
            name,
            hash_,
            before_ms,
            lane.ledger.retired,
            b"" if detectors is None else detectors.kept(),
            comparing.kept(),
            lane.ledger.first_ms,
        )
        effects: list[EvaluateEffect] = [state.put_retired(kept)]
        for start, pane in gone:
            at = PaneRef(name, hash_, start, lane.spec.slide_ms)
            effects.append(state.delete_traffic(at))
            effects += [state.delete_entry(at, partition) for partition in pane.entries]
        return effects

    def _revise(
        self, name: str, model: ModelState, turn: Sequence[tuple[int, str]]
    ) -> list[EvaluateEffect]:
        if not turn:
            return []
        revised: list[_Revised] = []
        for hash_ in dict.fromkeys(hash_ for _, hash_ in turn):
            ends = [end for end, of in turn if of == hash_]
            if self._config.known(name, hash_) and hash_ in model.lanes:
                revised += self._again(name, model, hash_, ends)
        model.unrevised.difference_update(turn)
        if not revised:
            return []
        news = self._rejudge(name, model, revised)
        # A number that was published is never given again, whatever crashes: it is taken first.
        effects: list[EvaluateEffect] = [
            state.put_record(name, hash_, replace(before, revision=record.revision))
            for hash_, _, before, record, _, _ in revised
        ]
        effects.append(Settle())
        # The same for all of them, and as large as they are together: one carries it.
        carries = {hash_: record.end_ms for hash_, _, _, record, _, _ in revised}
        for hash_, reference, before, record, traffic, verdicts in revised:
            window = record.past(self._config.spec(name)).window
            document = revision_document(
                name,
                hash_,
                reference,
                self._config.settings(name),
                window,
                record.revision,
                traffic,
                record.status,
                verdicts,
                model.all_alerts,
                changes(before.figures, verdicts),
                [e for e in model.episodes if e.overlaps(window.start_ms, window.end_ms)],
                self._cumulative(name, model.lanes[hash_], reference, window.end_ms)
                if carries[hash_] == window.end_ms
                else None,
            )
            id_ = f"{document['report_id']}:{record.revision}"
            effects.append(Publish(Stream.REPORTS, name, id_, document))
            self._counts.revisions[name] += 1
        for episode in news:
            effects.append(publish_alert(name, episode.event, self._counts))
        # The alerts first: what finds the records as they were revises them again, and a window
        # that is marked revised is not judged again to find what was said of it.
        effects.append(model.put(name))
        return effects + [
            state.put_record(name, hash_, record) for hash_, _, _, record, _, _ in revised
        ]

    def _again(
        self, name: str, model: ModelState, hash_: str, ends: Sequence[int]
    ) -> list[_Revised]:
        """Judge the performance of windows again; their records say so from now on."""
        lane, settings = model.lanes[hash_], self._config.settings(name)
        reference = self._config.reference(name, hash_)
        revised: list[_Revised] = []
        found = degraded(lane, settings, reference, ends, self._counts)
        compared = {one.end_ms: one for one in lane.comparing(settings, reference).at(ends)}
        for end, traffic in lane.ledger.sweep(ends, reference):
            before = model.records[end, hash_]
            verdicts = list(judge_performance(traffic.total, reference, settings))
            labelled = traffic.total.performance.labelled
            verdicts += told(found, settings, lane, end, labelled, hash_)
            verdicts += compared[end].verdicts
            record = replace(
                before,
                revision=before.revision + 1,
                labelled=lane.ledger.labelled(lane.spec.window_start(end), end),
                deciding=tuple(v for v in verdicts if v.decides),
                figures=figures_of(verdicts),
            )
            model.records[end, hash_] = record
            revised.append((hash_, reference, before, record, traffic, verdicts))
        return revised

    def _cumulative(
        self, name: str, lane: Lane, reference: Reference | None, end_ms: int
    ) -> dict[str, Any]:
        to_ms = end_ms if lane.last_end_ms is None else max(end_ms, lane.last_end_ms)
        return cumulative_document(
            lane.ledger.cumulative(reference), to_ms, reference, self._config.settings(name)
        )

    def _spread(self, name: str, model: ModelState) -> None:
        """A changed pane may change what is said of errors in windows that do not hold the pane."""
        settings = self._config.settings(name)
        for hash_, lane in model.lanes.items():
            if not self._config.known(name, hash_):
                continue
            reference = self._config.reference(name, hash_)
            ends = sorted(end for end, of in model.records if of == hash_)
            for compared in lane.comparing(settings, reference).at(ends):
                said = model.records[compared.end_ms, hash_].deciding
                if _of_versions(said) != _of_versions(compared.verdicts):
                    model.unrevised.add((compared.end_ms, hash_))
            detectors = self._detectors(name, lane, reference)
            for found in () if detectors is None else detectors.at(ends):
                deciding = model.records[found.end_ms, hash_].deciding
                if _differs(deciding, found, lane.spec, settings.min_samples):
                    model.unrevised.add((found.end_ms, hash_))

    def _detectors(self, name: str, lane: Lane, reference: Reference | None) -> Degrading | None:
        settings = self._config.settings(name)
        if not settings.performance.degradation.detectors:
            return None
        try:
            return lane.degrading(settings, reference)
        except ConfigurationError:
            return None

    def _rejudge(
        self, name: str, model: ModelState, revised: Sequence[_Revised]
    ) -> tuple[Episode, ...]:
        """Fold the alerts anew if a deciding verdict has changed; what is news of it."""
        if all(_states(before) == _states(now) for _, _, before, now, _, _ in revised):
            return ()
        spec = self._config.spec(name)
        records = sorted(model.records.values(), key=lambda record: record.number)
        again = rejudge(
            AlertTracker(name, self._config.settings(name)),
            model.base,
            [record.past(spec) for record in records],
            model.episodes,
            records[-1].end_ms,
            again=True,
        )
        model.performance, model.episodes = again.states, again.episodes
        return again.news


def _differs(
    verdicts: Sequence[Verdict], found: Standings, spec: WindowSpec, min_samples: int
) -> bool:
    """Whether a detector that decides says something else of a window than it said."""
    bounds = spec.window_start(found.end_ms), found.end_ms
    for verdict in verdicts:
        name = verdict.monitor.removeprefix(PREFIX)
        if verdict.monitor.startswith(PREFIX) and name in found.standings:
            alarms, standing = found.alarms.get(name, ()), found.standings[name]
            if state_of(alarms, standing, *bounds, verdict.n, min_samples) is not verdict.state:
                return True
    return False


def _of_versions(verdicts: Sequence[Verdict]) -> list[tuple[str, str, str]]:
    """All that an alert on a version hangs on."""
    return sorted((v.column, v.state, severity_of(v)) for v in verdicts if v.monitor == MONITOR)


def _states(record: WindowRecord) -> list[tuple[str, str, str, str]]:
    """All that an alert hangs on."""
    return [(v.monitor, v.column, v.state, severity_of(v)) for v in record.deciding]


def _unjudged(lane: Lane) -> int:
    """The first pane of a lane that has not been judged: it is not let go."""
    return min((pane for pane in lane.panes if not lane.is_frozen(pane)), default=_FOR_EVER)


_FOR_EVER = 2**62
