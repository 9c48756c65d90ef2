"""A window that is due: what is said of it first, and what is kept for what comes later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from stream_monitor.alerts.event import AlertEvent
from stream_monitor.alerts.history import rejudge
from stream_monitor.alerts.rule import Window
from stream_monitor.alerts.tracker import AlertTracker
from stream_monitor.config.settings import ModelSettings
from stream_monitor.detectors.degradation.verdicts import degradation_verdicts
from stream_monitor.detectors.few_rows import judge_rows
from stream_monitor.detectors.judge import judge
from stream_monitor.detectors.verdict import Family, Verdict
from stream_monitor.errors import ConfigurationError
from stream_monitor.pipeline import state
from stream_monitor.pipeline.degrading import Standings
from stream_monitor.pipeline.effects import EvaluateEffect, Publish, Stream
from stream_monitor.pipeline.items import PaneRef
from stream_monitor.pipeline.lane import DueWindow, Lane
from stream_monitor.pipeline.messages import SlotKey
from stream_monitor.pipeline.model_state import EvaluatorConfig, EvaluatorCounts, ModelState
from stream_monitor.pipeline.records import WindowRecord, figures_of
from stream_monitor.pipeline.report import report_document, status
from stream_monitor.pipeline.watching import Rows
from stream_monitor.reference.model import Reference


class Judging:
    """Judges windows, each once."""

    def __init__(self, config: EvaluatorConfig, counts: EvaluatorCounts) -> None:
        self._config = config
        self._counts = counts

    def judge(
        self,
        name: str,
        model: ModelState,
        hash_: str,
        reference: Reference | None,
        window: DueWindow,
    ) -> list[EvaluateEffect]:
        """The report of a window, with the labels that are there, and its alerts."""
        lane, settings = model.lanes[hash_], self._config.settings(name)
        ledger, slide = lane.ledger, lane.spec.slide_ms
        pane_ms = window.end_ms - slide
        kept = ledger.judged(pane_ms, window.newest.traffic)
        later = ledger.later(window.start_ms, window.end_ms, reference)
        summary = replace(window.summary, traffic=window.summary.traffic.merge(later))
        window = replace(window, summary=summary)
        verdicts = judge(summary, reference, settings)
        full = lane.is_full(window.start_ms)
        verdicts += judge_rows(summary.rows, hash_, settings, is_full=full)
        verdicts += self._watched(lane, settings, reference, window)
        found = degraded(lane, settings, reference, [window.end_ms], self._counts)
        labelled = summary.traffic.total.performance.labelled
        verdicts += told(found, settings, lane, window.end_ms, labelled, hash_)
        (compared,) = lane.comparing(settings, reference).at([window.end_ms])
        verdicts += compared.verdicts
        self._counts.dropped["versions"] += compared.left_rows
        tracker, bounds = (
            AlertTracker(name, settings),
            Window(window.start_ms, window.end_ms, pane_ms),
        )
        others = [v for v in verdicts if v.family is not Family.PERFORMANCE]
        model.alerts, events = tracker.advance(model.alerts, others, bounds)
        record = WindowRecord(
            end_ms=window.end_ms,
            number=model.windows,
            revision=0,
            labelled=ledger.labelled(window.start_ms, window.end_ms),
            others=status(others),
            deciding=tuple(v for v in verdicts if v.family is Family.PERFORMANCE and v.decides),
            figures=figures_of(verdicts),
            cut=(lane.spec.window_ms, slide),
        )
        model.windows += 1
        self._counts.dropped["slice_values"] += sum(
            dimension.dropped for dimension in window.newest.traffic.dimensions.values()
        )
        model.records[window.end_ms, hash_] = record
        past = [record.past(lane.spec)]
        again = rejudge(
            tracker, model.performance, past, model.episodes, window.end_ms, again=False
        )
        model.performance, model.episodes = again.states, again.episodes
        cumulative = ledger.cumulative(reference)
        report = report_document(
            name, hash_, reference, settings, window, verdicts, model.all_alerts, cumulative
        )
        effects: list[EvaluateEffect] = [
            Publish(Stream.REPORTS, name, str(report["report_id"]), report)
        ]
        self._counts.windows[name, str(report["status"])] += 1
        said = [*events, *(episode.event for episode in again.news)]
        effects += [publish_alert(name, event, self._counts) for event in said]
        effects.append(state.put_traffic(PaneRef(name, hash_, pane_ms, slide), kept))
        effects.append(state.put_record(name, hash_, record))
        watching = lane.watching(settings, reference)
        if watching is not None:
            # In turn in two places: what was kept with the window before is there until this
            # one is marked judged.
            lane.kept_watching = (1 - lane.kept_watching[0], watching.kept())
            effects.append(state.put_watching(name, hash_, window.end_ms, *lane.kept_watching))
        gone = list(lane.close(window.end_ms))
        effects.append(model.put(name))
        return effects + [forget_slot(name, hash_, lane, pane, at) for pane, at in gone]

    def _watched(
        self,
        lane: Lane,
        settings: ModelSettings,
        reference: Reference | None,
        window: DueWindow,
    ) -> tuple[Verdict, ...]:
        watching = lane.watching(settings, reference)
        if watching is None:
            return ()
        watching.take(window.end_ms - lane.spec.slide_ms, window.newest.columns)
        return watching.judge(
            window.start_ms,
            Rows(window.summary.columns, lane.rows(window.start_ms, window.end_ms)),
            lambda start_ms: lane.since(start_ms, window.end_ms, reference),
        )


def degraded(
    lane: Lane,
    settings: ModelSettings,
    reference: Reference | None,
    ends_ms: Sequence[int],
    counts: EvaluatorCounts,
) -> dict[int, Standings]:
    """The detectors of degradation at the ends of windows, ascending.

    Nothing for a configuration that does not fit the model: that is counted, and the rest of
    the window is judged.
    """
    if not settings.performance.degradation.detectors:
        return {}
    try:
        detectors = lane.degrading(settings, reference)
    except ConfigurationError:
        counts.dropped["degradation_unfit"] += 1
        return {}
    return {found.end_ms: found for found in detectors.at(ends_ms)}


def told(
    found: Mapping[int, Standings],
    settings: ModelSettings,
    lane: Lane,
    end_ms: int,
    labelled: int,
    reference_hash: str,
) -> tuple[Verdict, ...]:
    """The verdicts on degradation of a window."""
    there = found.get(end_ms)
    if there is None:
        return ()
    return degradation_verdicts(
        there.alarms,
        there.standings,
        lane.spec.window_start(end_ms),
        end_ms,
        labelled,
        settings,
        reference_hash,
    )


def publish_alert(name: str, event: AlertEvent, counts: EvaluatorCounts) -> EvaluateEffect:
    """Tell the world of an alert."""
    counts.alerts[name, event.status] += 1
    return Publish(Stream.ALERTS, name, event.event_id, event.to_dict())


def forget_slot(
    name: str, hash_: str, lane: Lane, pane: int, at: tuple[int, int]
) -> EvaluateEffect:
    """Forget a slot whose pane no window needs any more."""
    return state.delete_slot(SlotKey(name, hash_, pane, lane.spec.slide_ms, *at))
