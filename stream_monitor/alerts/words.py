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
from stream_monitor.alerts.rule import Severity, Status
from stream_monitor.alerts.times import rfc3339
from stream_monitor.config import duration
from stream_monitor.detectors.degradation.verdicts import PREFIX
from stream_monitor.detectors.few_rows import MONITOR as ROWS
from stream_monitor.detectors.verdict import Carrier, Family
from stream_monitor.detectors.worse import MONITOR as WORSE

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
    severity = "critical" if event.severity == Severity.CRITICAL else "a warning"
    if event.status == Status.ESCALATED:
        return f"Now {severity}, until now a warning"
    if event.status == Status.ONGOING:
        return f"Still {severity}, now in more columns"
    return event.severity.capitalize() + (", again" if event.sequence > 1 else "")


def _is_of_columns(event: AlertEvent) -> bool:
    return not event.column and bool(event.columns)


def _of_columns(event: AlertEvent) -> str:
    """What is said of a model of which some columns have changed."""
    named = [_by_how_much(c, first=not at) for at, c in enumerate(ranked(event.columns))]
    since = f"since {rfc3339(event.since_ms)}"
    if event.family == Family.DRIFT and len(named) == 1:
        changed = f"{_what(event)}{named[0].removeprefix(_name(event))} {since}"
    else:
        changed = f"{_what(event)} {since}: {listed(named)}"
    return (
        f"{changed}.{_chance(event)} Compared with {_against(event)}, n = {event.n:,} in the "
        f"window to {rfc3339(event.window_end_ms)}."
    )


def _of_figure(event: AlertEvent) -> str:
    """What is said of one figure of a window."""
    since = f"It has been so since {rfc3339(event.since_ms)}.{_chance(event)}"
    return f"{_what(event)}: {_figures(event)} {_until(event)}, against {_against(event)}. {since}"


def _until(event: AlertEvent) -> str:
    """What the figures are of; versions are compared over all of their events."""
    span = "until" if event.monitor == WORSE else "in the window to"
    return f"{span} {rfc3339(event.window_end_ms)}"


def _over(event: AlertEvent) -> str:
    ends = event.window_end_ms if event.recovered_at is None else event.recovered_at
    lasted = duration.render(max(0, ends - event.since_ms))
    if not _is_of_columns(event):
        gone = f"it is no longer so that {_what(event)}"
        if event.monitor == WORSE:
            gone = f"{name_of(event.column)} is no longer worse than the champion, or not served"
        now = f"{gone}: {_figures(event)} {_until(event)}"
    else:
        names = listed([name_of(c.column) for c in ranked(event.columns)])
        near = {
            Family.DRIFT.value: "close to the reference again",
            Family.QUALITY.value: "about as rare as in the reference again",
        }
        verb = "is" if len(event.columns) == 1 and event.family == Family.DRIFT else "are"
        now = f"{names} {verb} {near.get(event.family, 'as usual again')}"
    return (
        f"{now}. It lasted {lasted}, from {rfc3339(event.since_ms)} to {rfc3339(ends)}, and was "
        f"{'critical' if event.severity == Severity.CRITICAL else 'a warning'}."
    )


def _gone(event: AlertEvent) -> str:
    """The end of an alert whose question is not asked any more, so that no window was judged."""
    if event.monitor == WORSE:
        return (
            f"{name_of(event.column)} is no longer compared with a champion: it has become the "
            "champion, or the reference or the configuration was replaced."
        )
    of = f" of {name_of(event.column)}" if event.column else ""
    return (
        f"{event.monitor.replace('_', ' ')}{of} is no longer asked against reference "
        f"{event.reference_hash}: the reference or the configuration was replaced."
    )


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
        kind = "features" if features else "columns"
        return f"{_name(event)} has drifted" if count == 1 else f"{count:,} {kind} have drifted"
    if event.family == Family.QUALITY:
        return "more bad values"
    return WHAT.get(event.monitor, (event.monitor.replace("_", " "), ""))[0]


def _name(event: AlertEvent) -> str:
    """The only column of an event."""
    return name_of(event.columns[0].column)


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
    """The evidence beside what chance comes to within the budget, as a further sentence."""
    if event.false_alarms is None:
        return ""
    count, _, per = event.false_alarms.partition(" per ")
    often = f"once in {per}" if count == "1" else f"{count} times in {per}"
    beyond = (event.statistic or 0.0) - (event.threshold or 0.0)
    if event.monitor == WORSE:  # its chance is of ever, and not of so often
        times = "over a million" if beyond > _BEYOND_ALL_DOUBT else _rounded(10 ** max(0.0, beyond))
        return f" The evidence is {times} times what an alarm needs." if beyond > 0 else ""
    if beyond > _BEYOND_ALL_DOUBT:
        return f" The evidence is over a million times what chance reaches {often}."
    if beyond > 0:
        return f" The evidence is {_rounded(10**beyond)} times what chance reaches {often}."
    return f" Chance alone starts such an alert no more often than {often}."


def _rounded(ratio: float) -> str:
    return f"{ratio:.2g}" if ratio < 10 else f"{float(f'{ratio:.2g}'):,.0f}"


def _has_limit(event: AlertEvent) -> bool:
    """Whether it is about a figure with a configured limit, and not about a change."""
    changes = event.monitor.startswith(PREFIX) or event.monitor == WORSE
    return event.family == Family.PERFORMANCE and not changes


def _limit_word(event: AlertEvent) -> str:
    if _has_limit(event) or event.monitor == ROWS:
        return "minimum" if event.below else "maximum"
    return "limit" if event.family == Family.LATENCY else "threshold"


def _against(event: AlertEvent) -> str:
    if event.monitor.startswith(PREFIX):
        return "the usual errors"
    if event.monitor == WORSE:
        return f"the champion's {event.reference_n:,} labelled events of the same hours"
    limited = event.monitor in ("duplicates", ROWS)
    if event.family in (Family.PERFORMANCE, Family.LATENCY) or limited:
        return "the configured limit"
    return f"reference {event.reference_hash} ({event.reference_n:,} rows)"
