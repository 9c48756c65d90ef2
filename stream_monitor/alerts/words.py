"""An alert as one paragraph, for somebody who is woken by it."""

from __future__ import annotations

from stream_monitor.alerts.columns import ranked
from stream_monitor.alerts.event import AlertEvent
from stream_monitor.alerts.look import look_first
from stream_monitor.alerts.names import (
    FIGURE,
    WHAT,
    effect_named,
    listed,
    name_of,
    rate_of,
)
from stream_monitor.alerts.rule import Status
from stream_monitor.alerts.times import rfc3339
from stream_monitor.config import duration
from stream_monitor.detectors.degradation.verdicts import PREFIX
from stream_monitor.detectors.verdict import Carrier, Family

#: Times more than chance from which on the number itself tells nothing.
_BEYOND_ALL_DOUBT = 6  # log10


def paragraph(event: AlertEvent) -> str:
    """What has changed, since when, in which columns and by how much, and where to look.

    All of it follows from the other fields of the event.
    """
    subject = f"model {event.model}"
    if event.status == Status.WITHDRAWN:
        return (
            f"Withdrawn: {subject}: that {_what(event)} was said too early. With the labels that "
            "have come since, no window was in alarm for long enough; nothing has to be done."
        )
    if event.status == Status.RECOVERED:
        return f"Recovered: {subject}: {_over(event) if event.n else _gone(event)}"
    about = _of_columns(event) if _is_of_columns(event) else _of_figure(event)
    return f"{_head(event)}: {subject}: {about} Look first at {look_first(event)}."


def _head(event: AlertEvent) -> str:
    severity = event.severity.capitalize()
    if event.status == Status.ESCALATED:
        return f"{severity} now, a warning before"
    if event.status == Status.ONGOING:
        return f"{severity}, and more columns than before"
    return f"{severity}, again" if event.sequence > 1 else severity


def _is_of_columns(event: AlertEvent) -> bool:
    return not event.column and bool(event.columns)


def _of_columns(event: AlertEvent) -> str:
    """What is said of a model of which some columns have changed."""
    named = [_by_how_much(c, first=not at) for at, c in enumerate(ranked(event.columns))]
    order = ", the largest effect first" if len(named) > 1 else ""
    return (
        f"{_what(event)} since {rfc3339(event.since_ms)}{order}: {listed(named)}. "
        f"{_chance(event)} Compared with {_against(event)}, n = {event.n:,} in the window to "
        f"{rfc3339(event.window_end_ms)}."
    )


def _of_figure(event: AlertEvent) -> str:
    """What is said of one figure of a window."""
    chance = f" {_chance(event)}" if event.false_alarms else ""
    return (
        f"{_what(event)}: {_figures(event)} in the window to {rfc3339(event.window_end_ms)}, "
        f"against {_against(event)}. It has been so since {rfc3339(event.since_ms)}.{chance}"
    )


def _over(event: AlertEvent) -> str:
    ends = event.window_end_ms if event.recovered_at is None else event.recovered_at
    lasted = duration.render(max(0, ends - event.since_ms))
    if _is_of_columns(event):
        names = listed([name_of(c.column) for c in ranked(event.columns)])
        now = "what is left is too small to matter"
        was = f"{_what(event)} ({names})" if len(event.columns) > 1 else _what(event)
    else:
        was, now = _what(event), f"{_figures(event)} in the window to "
        now += rfc3339(event.window_end_ms)
    return (
        f"no longer so: {was}. Now {now}. It lasted {lasted}, from {rfc3339(event.since_ms)} to "
        f"{rfc3339(ends)}, and was {_article(event.severity)}."
    )


def _gone(event: AlertEvent) -> str:
    """The end of an alert whose question is not asked any more, so that no window was judged."""
    of = f" of {name_of(event.column)}" if event.column else ""
    return (
        f"{event.monitor.replace('_', ' ')}{of} is no longer asked against reference "
        f"{event.reference_hash}: the reference or the configuration was replaced."
    )


def _article(severity: str) -> str:
    return "a warning" if severity == "warning" else severity


def _what(event: AlertEvent) -> str:
    if _is_of_columns(event):
        return _what_of_columns(event)
    name = name_of(event.column)
    if _has_limit(event):
        figure = FIGURE.get(event.monitor, event.monitor.replace("_", " "))
        return f"{figure} is {'below its minimum' if event.below else 'above its maximum'}"
    if event.monitor in WHAT:
        return WHAT[event.monitor][0].format(name=name)
    return f"{event.monitor.replace('_', ' ')} of {name}"


def _what_of_columns(event: AlertEvent) -> str:
    count = len(event.columns)
    if event.family == Family.DRIFT:
        features = all(c.column.startswith("feature:") for c in event.columns)
        if count == 1:
            return f"{name_of(event.columns[0].column)} has drifted"
        return f"{count:,} {'features' if features else 'columns'} have drifted"
    if event.family == Family.QUALITY:
        if count == 1:
            return f"more {name_of(event.columns[0].column)}"
        return f"more bad values of {count:,} kinds"
    return WHAT.get(event.monitor, (event.monitor.replace("_", " "), ""))[0]


def _by_how_much(carrier: Carrier, *, first: bool) -> str:
    """A column and its effect; of the first one all measures."""
    name, effects = name_of(carrier.column), dict(carrier.effects)
    if rate_of(carrier.column)[0]:
        rise = effects.get("rise", carrier.effect)
        to = f" to {100 * effects['share']:.3g} %" if "share" in effects else ""
        by = "" if rise is None else f" up by {100 * rise:.3g} points"
        return f"{name}{by}{to}"
    size = "" if carrier.effect is None else f" by {carrier.effect:.3g}"
    others = ", ".join(effect_named(*each) for each in carrier.effects) if first else ""
    return f"{name}{size}" + (f" ({others})" if others else "")


def _figures(event: AlertEvent) -> str:
    """Statistic, threshold, p-value and sample size, each where there is one."""
    parts = []
    if event.false_alarms is not None:
        parts += [] if event.effect is None else [f"effect {event.effect:.3g}"]
    else:
        called = "" if _has_limit(event) else WHAT.get(event.monitor, ("", ""))[1]
        unit = f" {called}" if called == "ms" else ""
        called = "" if unit or not called else f"{called} "
        parts += [] if event.statistic is None else [f"{called}{event.statistic:.4g}{unit}"]
        if event.threshold is not None:
            parts.append(f"{_limit_word(event)} {event.threshold:.4g}")
    if event.p_value is not None:
        parts.append(f"p = {event.p_value:.2g}" if event.p_value else "p < 1e-300")
    parts.append(f"n = {event.n:,}")
    return ", ".join(parts)


def _chance(event: AlertEvent) -> str:
    """The evidence beside what chance comes to within the budget."""
    if event.false_alarms is None:
        return ""
    count, _, per = event.false_alarms.partition(" per ")
    often = f"once in {per}" if count == "1" else f"{count} times in {per}"
    beyond = (event.statistic or 0.0) - (event.threshold or 0.0)
    if beyond > _BEYOND_ALL_DOUBT:
        return f"The evidence is over a million times what chance reaches {often}."
    if beyond > 0:
        return f"The evidence is {_rounded(10**beyond)} times what chance reaches {often}."
    return f"Chance alone starts an alert {often}."


def _rounded(ratio: float) -> str:
    return f"{ratio:.2g}" if ratio < 10 else f"{float(f'{ratio:.2g}'):,.0f}"


def _has_limit(event: AlertEvent) -> bool:
    """Whether it is about a figure with a configured limit, and not about a change."""
    return event.family == Family.PERFORMANCE and not event.monitor.startswith(PREFIX)


def _limit_word(event: AlertEvent) -> str:
    if _has_limit(event):
        return "minimum" if event.below else "maximum"
    return "threshold"


def _against(event: AlertEvent) -> str:
    if event.monitor.startswith(PREFIX):
        return "the usual errors"
    if event.family in (Family.PERFORMANCE, Family.LATENCY):
        return "the configured limit"
    return f"reference {event.reference_hash} ({event.reference_n:,} rows)"
