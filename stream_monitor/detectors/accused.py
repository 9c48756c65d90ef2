"""Columns that the evidence has accused, and what a window says of them.

An alarm of the evidence accuses the columns that carry it. Whether that matters, and when it is
over, is for the effect to say, since the evidence starts anew and learns what has become usual:
a column stays accused until its effect is below ``recover_below`` of the smallest that matters, in
a window of only such rows as came after its change began.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from stream_monitor.config.monitors import EVIDENCE
from stream_monitor.config.settings import ModelSettings
from stream_monitor.detectors.effects import Effect
from stream_monitor.detectors.evidence.detector import Evidence
from stream_monitor.detectors.verdict import Carrier, Family, State, Verdict
from stream_monitor.detectors.watched import Watched
from stream_monitor.reference.model import Reference, Role, column_id

_LN10 = math.log(10.0)
_LOWEST = -300.0  # log10 of no evidence at all, which is no number in JSON


class Accusation(NamedTuple):
    """``since_ms``: the start of the pane where the change began; ``share``: of the evidence."""

    since_ms: int
    alarm_ms: int
    share: float


def smallest_effect(watched: Watched, settings: ModelSettings) -> float:
    """The effect from which on a change matters."""
    return settings.quality.min_increase if watched.rate else settings.drift.min_effect


def is_over(watched: Watched, effect: Effect | None, settings: ModelSettings) -> bool:
    """Whether the effect, of enough rows, is so small that the column is quiet again."""
    least = smallest_effect(watched, settings) * settings.alerts.recover_below
    return effect is not None and effect.n >= settings.min_samples and effect.size < least


def evidence_verdicts(
    watched: Sequence[Watched],
    accused: Mapping[str, Accusation],
    effects: Mapping[str, Effect | None],
    evidence: Evidence | None,
    rows: int,
    reference: Reference,
    settings: ModelSettings,
) -> tuple[Verdict, ...]:
    """Of a window: one verdict for drift and one for quality, which decide, then one a column.

    ``accused`` and ``effects`` are by name of what is watched, ``rows`` those of the window. The
    statistic is log10 of the evidence, of a column weighted as it counts in the whole: where it
    reaches the threshold on its own, the model alarms. ``ALARM``: an accused column has an effect
    that matters; ``INFO``: it is accused, and has not, or not any more, but is not quiet either;
    ``THIN``: too few rows to tell; else ``OK``. ``None`` as the evidence: no period is over yet.
    """
    own = {} if evidence is None else dict(evidence.columns)
    threshold = None if evidence is None else evidence.log_threshold / _LN10
    verdicts: list[Verdict] = []
    for family in dict.fromkeys(one.family for one in watched):
        mine = [one for one in watched if one.family is family]
        states = [_state(one, accused, effects, settings) for one in mine]
        if rows < settings.min_samples:
            states = [State.THIN] * len(mine)
        carriers = sorted(
            (
                _carrier(one, accused[one.name], effects.get(one.name))
                for one in mine
                if one.name in accused and not _explained(one, accused, reference)
            ),
            key=lambda carrier: (-(carrier.effect or 0.0), carrier.column),
        )
        size = max((carrier.effect or 0.0 for carrier in carriers), default=None)
        total = None if evidence is None else _log10(evidence.log_evidence)
        whole = _verdict(family, "", rows, reference, _worst(states), total, threshold, size)
        verdicts.append(replace(whole, decides=True, carriers=tuple(carriers)))
        for one, state in zip(mine, states, strict=True):
            if one.rate:
                continue  # the checks say it
            effect, log_own = effects.get(one.name), own.get(one.name)
            statistic = None if log_own is None else _log10(log_own + math.log(one.weight))
            n, size = (rows, None) if effect is None else (effect.n, effect.size)
            verdicts.append(
                _verdict(family, one.column.id, n, reference, state, statistic, threshold, size)
            )
    return tuple(verdicts)


def _state(
    one: Watched,
    accused: Mapping[str, Accusation],
    effects: Mapping[str, Effect | None],
    settings: ModelSettings,
) -> State:
    if one.name not in accused:
        return State.OK
    effect = effects.get(one.name)
    matters = effect is not None and effect.size >= smallest_effect(one, settings)
    return State.ALARM if matters else State.INFO


def _explained(one: Watched, accused: Mapping[str, Accusation], reference: Reference) -> bool:
    """Whether a derived column has moved since a feature has that it is computed from."""
    if one.column.role is not Role.DEPENDENCE:
        return False
    return any(column_id(Role.FEATURE, n) in accused for n in reference.sources(one.column))


def _worst(states: Sequence[State]) -> State:
    return next((s for s in (State.ALARM, State.INFO, State.THIN) if s in states), State.OK)


def _carrier(one: Watched, accusation: Accusation, effect: Effect | None) -> Carrier:
    others = () if effect is None else effect.others
    size = None if effect is None else effect.size
    column = one.name if one.rate else one.column.id
    return Carrier(column, accusation.share, accusation.since_ms, size, others)


def _verdict(
    family: Family,
    column: str,
    n: int,
    reference: Reference,
    state: State,
    statistic: float | None,
    threshold: float | None,
    effect: float | None,
) -> Verdict:
    return Verdict(
        family=family,
        monitor=EVIDENCE,
        column=column,
        state=state,
        statistic=statistic,
        threshold=threshold,
        p_value=None,
        n=n,
        reference_n=reference.rows,
        reference_hash=reference.hash,
        effect=effect,
    )


def _log10(log: float) -> float:
    return max(log / _LN10, _LOWEST)
