"""All alerts of one model: verdicts of a window in, states and events out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from stream_monitor.alerts.event import AlertEvent
from stream_monitor.alerts.rule import Status, Window
from stream_monitor.alerts.signals import limits_of, signal_of
from stream_monitor.alerts.state import QUIET, AlertState, step
from stream_monitor.alerts.telling import event_of, news_of
from stream_monitor.config.settings import ModelSettings
from stream_monitor.detectors.verdict import Family, Verdict, empty_verdict


class AlertKey(NamedTuple):
    """Which question of a model an alert is about; ``str`` and :meth:`parse` are inverse."""

    family: Family
    monitor: str
    column: str

    def __str__(self) -> str:
        return f"{self.family.value}/{self.monitor}/{self.column}"

    @classmethod
    def parse(cls, text: str) -> AlertKey:
        """The key that ``str`` wrote; a ``ValueError`` for anything else."""
        family, monitor, column = text.split("/", 2)  # only a column may hold a slash
        return cls(Family(family), monitor, column)


AlertStates = Mapping[AlertKey, AlertState]


@dataclass(frozen=True, slots=True)
class AlertTracker:
    """Keeps one :class:`AlertState` for each deciding question of one model.

    :meth:`advance` is pure: the same states, verdicts and window give the same answer. It
    expects *all* verdicts of a window at once. A held key that the verdicts no longer ask
    about (a column left the reference or is now ignored), and one of drift or quality held
    against another reference, is dropped, and its alert, if open, has recovered: what it
    compared no longer exists. Hence the states are never more than the deciding verdicts of
    one window, at most columns × monitors; keys that never were in alarm take no room.
    """

    model: str
    settings: ModelSettings

    def advance(
        self, states: AlertStates, verdicts: Sequence[Verdict], window: Window
    ) -> tuple[dict[AlertKey, AlertState], tuple[AlertEvent, ...]]:
        """The states after a window, and what is new of its alerts, in verdict order.

        A window without any verdict changes nothing, and neither does one that is not
        later than the last window a key has seen.
        """
        asked = {_key(verdict): verdict for verdict in verdicts if verdict.decides}
        if not verdicts:
            return dict(states), ()
        kept: dict[AlertKey, AlertState] = {}
        events: list[AlertEvent] = []
        for key, state in states.items():
            if not _stale(key, state, asked.get(key)) or _seen(state, window):
                kept[key] = state
            elif state.is_open:
                events.append(self._retired(key, state, window))
        for key, verdict in asked.items():
            before = kept.get(key, QUIET)
            after, status = self._step(before, verdict, window)
            if status is not None:
                events.append(self._event(verdict, after, status, window))
            if after != QUIET and not _untouched(key, kept, after):
                kept[key] = after
        return kept, tuple(events)

    def _step(
        self, before: AlertState, verdict: Verdict, window: Window
    ) -> tuple[AlertState, Status | None]:
        signal = signal_of(verdict, self.settings, is_open=before.is_open)
        after, status = step(before, signal, window, limits_of(verdict.monitor, self.settings))
        if after.first is not None and after.first != before.first:
            after = replace(after, reference_hash=verdict.reference_hash)
        return news_of(after, status, verdict)

    def _event(
        self, verdict: Verdict, state: AlertState, status: Status, window: Window
    ) -> AlertEvent:
        return event_of(self.model, verdict, state, status, window, self.settings.false_alarms)

    def _retired(self, key: AlertKey, state: AlertState, window: Window) -> AlertEvent:
        """The end of an alert whose question is not asked any more: no figures."""
        gone = empty_verdict(key.family, key.monitor, key.column, state.reference_hash)
        told = replace(state, sequence=state.sequence + 1)
        return self._event(gone, told, Status.RECOVERED, window)


def states_to_dict(states: AlertStates) -> dict[str, object]:
    """The states as JSON's own types; :func:`states_from_dict` gives equal states back."""
    return {str(key): state.to_dict() for key, state in states.items()}


def states_from_dict(data: Mapping[str, object]) -> dict[AlertKey, AlertState]:
    """The states that :func:`states_to_dict` wrote; a ``ValueError`` for anything else."""
    states: dict[AlertKey, AlertState] = {}
    for text, state in data.items():
        if not isinstance(state, Mapping):
            raise ValueError(f"an alert's state was expected at {text!r}")
        states[AlertKey.parse(text)] = AlertState.from_dict(state)
    return states


def _key(verdict: Verdict) -> AlertKey:
    return AlertKey(verdict.family, verdict.monitor, verdict.column)


def _seen(state: AlertState, window: Window) -> bool:
    return state.last_end_ms is not None and window.end_ms <= state.last_end_ms


def _stale(key: AlertKey, state: AlertState, verdict: Verdict | None) -> bool:
    """Whether what a state was held about is not what is asked now."""
    if verdict is None:
        return True
    if key.family not in (Family.DRIFT, Family.QUALITY) or state.first is None:
        return False
    return state.reference_hash != verdict.reference_hash


def _untouched(key: AlertKey, kept: Mapping[AlertKey, AlertState], after: AlertState) -> bool:
    """Whether a key that never was in alarm would only take room."""
    return key not in kept and after.first is None
