"""What an alert says when it opens and when it is resolved."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from stream_monitor.alerts.rule import AlertState, Severity, Transition, Window
from stream_monitor.detectors.verdict import Family, Verdict

#: The effect from which on an alert is critical: a verdict's ``effect`` in its own units.
#: Drift: KS and L∞ distance, PSI above its null bias (the field's "major shift"), W1 in
#: standard deviations of the reference, Jensen–Shannon as reported. Quality: rise of a
#: share. Performance: how far beyond its limit, see below. Latency: excess over the limit,
#: relative.
CRITICAL_EFFECT: dict[tuple[Family, str], float] = {
    (Family.DRIFT, "ks"): 0.2,
    (Family.DRIFT, "chi_square"): 0.2,
    (Family.DRIFT, "l_infinity"): 0.2,
    (Family.DRIFT, "psi"): 0.25,
    (Family.DRIFT, "wasserstein"): 0.5,
    (Family.DRIFT, "jensen_shannon"): 0.25,
}
CRITICAL_EFFECT_OF_FAMILY: dict[Family, float] = {
    Family.DRIFT: 0.25,
    Family.QUALITY: 0.1,
    Family.PERFORMANCE: 0.05,
    Family.LATENCY: 1.0,
}

#: Figures that have a unit or no upper end: critical from this share of their limit on.
CRITICAL_SHARE_OF_LIMIT = 0.1
_OF_ITS_LIMIT = frozenset(
    ("log_loss", "mae", "rmse", "mape", "bias", "residual_p5", "residual_p50", "residual_p95")
)

_WHAT: dict[str, str] = {
    "ks": "the distribution has moved (KS distance)",
    "psi": "the distribution has moved (PSI)",
    "wasserstein": "the distribution has moved (Wasserstein-1)",
    "jensen_shannon": "the distribution has moved (Jensen-Shannon)",
    "chi_square": "the mix of categories has moved (chi-square)",
    "l_infinity": "the mix of categories has moved (largest change of a share)",
    "missing": "more values are missing (share)",
    "non_finite": "more values are NaN or infinite (share)",
    "wrong_type": "values have the wrong type (share)",
    "out_of_range": "values lie outside the reference's range (share)",
    "unseen": "categories come that the reference never had (share)",
    "duplicates": "the same prediction_id comes more than once (share)",
    "degradation_evidence": "the errors have risen (evidence against the usual ones, log10)",
    "degradation_cusum": "the errors have risen (CUSUM)",
    "degradation_page_hinkley": "the errors have risen (Page-Hinkley)",
    "degradation_adwin": "the errors have risen (ADWIN)",
    "degradation_ddm": "the errors have risen (DDM)",
    "degradation_hddm_a": "the errors have risen (HDDM_A)",
    "p99": "the 99th percentile of the latency is above its limit (ms)",
}
#: Performance figures that are not called by the words of their names.
_FIGURE: dict[str, str] = {
    "coverage": "the share of labelled events",
    "f1": "F1",
    "mcc": "Matthews' correlation",
    "precision_weighted": "weighted precision",
    "recall_weighted": "weighted recall",
    "f1_weighted": "weighted F1",
    "roc_auc": "ROC AUC",
    "brier": "the Brier score",
    "ece": "the calibration error",
    "mae": "the mean absolute error",
    "rmse": "the root mean squared error",
    "mape": "the mean absolute relative error",
    "r2": "R²",
    "bias": "the mean error (bias)",
    "residual_p5": "the 5 % quantile of the error",
    "residual_p50": "the median error",
    "residual_p95": "the 95 % quantile of the error",
}
_LOOK: dict[Family, str] = {
    Family.DRIFT: "what fills this column upstream (units, encoding, a join, a new kind of "
    "customer), and whether other columns moved in the same window",
    Family.QUALITY: "the producer's last deployment and the schema of this column",
    Family.PERFORMANCE: "which class or range of values got worse, drift alerts of the same "
    "hours, and whether the labels themselves have changed",
    Family.LATENCY: "the load and the last deployment of the model server",
}


@dataclass(frozen=True, slots=True)
class AlertEvent:
    """One alert opened or resolved; every time is integer milliseconds of event time.

    The figures (``statistic`` … ``n``) are those of the window that opened or closed the
    alert, ``window_start_ms`` and ``window_end_ms`` its bounds; ``since_ms`` is the end of
    the run's first window in alarm. ``alert_id`` is the same in both events of one alert
    and in every replay.
    """

    alert_id: str
    status: str  # opened | resolved
    severity: str  # warning | critical, as it was when the alert opened
    model: str
    family: str
    monitor: str
    column: str
    statistic: float | None
    threshold: float | None
    p_value: float | None
    effect: float | None
    n: int
    window_start_ms: int
    window_end_ms: int
    since_ms: int
    opened_at: int
    resolved_at: int | None
    reference_hash: str
    summary: str

    def to_dict(self) -> dict[str, object]:
        """The event as JSON's own types, one key a field."""
        return asdict(self)


def severity_of(verdict: Verdict) -> Severity:
    """``critical`` from the effect in :data:`CRITICAL_EFFECT` on, ``warning`` below or unknown.

    A performance figure with a unit: from a tenth of its limit on; never, if that is 0.
    """
    if verdict.family is Family.PERFORMANCE and verdict.monitor in _OF_ITS_LIMIT:
        tenth = abs(verdict.threshold or 0.0) * CRITICAL_SHARE_OF_LIMIT
        critical = verdict.effect is not None and 0 < tenth <= verdict.effect
        return Severity.CRITICAL if critical else Severity.WARNING
    limit = CRITICAL_EFFECT.get(
        (verdict.family, verdict.monitor), CRITICAL_EFFECT_OF_FAMILY[verdict.family]
    )
    critical = verdict.effect is not None and verdict.effect >= limit
    return Severity.CRITICAL if critical else Severity.WARNING


def alert_id(model: str, family: str, monitor: str, column: str, first: Window, hash_: str) -> str:
    """16 hex digits of SHA-256 over who, what, the first window in alarm and the reference."""
    parts = (model, family, monitor, column, str(first.start_ms), str(first.end_ms), hash_)
    # the length before each part keeps ("a", "bc") and ("ab", "c") apart
    text = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def event_of(
    model: str, verdict: Verdict, state: AlertState, transition: Transition, window: Window
) -> AlertEvent:
    """The event of a transition; ``state`` is the alert's while open (before it resolved)."""
    first = window if state.first is None else state.first
    opened_at = window.end_ms if state.opened_at_ms is None else state.opened_at_ms
    severity = state.severity or severity_of(verdict)
    resolved = transition is Transition.RESOLVED
    key = (verdict.family.value, verdict.monitor, verdict.column)
    return AlertEvent(
        alert_id=alert_id(model, *key, first, state.reference_hash),
        status=transition.value,
        severity=severity.value,
        model=model,
        family=verdict.family.value,
        monitor=verdict.monitor,
        column=verdict.column,
        statistic=verdict.statistic,
        threshold=verdict.threshold,
        p_value=verdict.p_value,
        effect=verdict.effect,
        n=verdict.n,
        window_start_ms=window.start_ms,
        window_end_ms=window.end_ms,
        since_ms=first.end_ms,
        opened_at=opened_at,
        resolved_at=window.end_ms if resolved else None,
        reference_hash=state.reference_hash,
        summary=(
            _resolved(model, verdict, first, window)
            if resolved
            else _opened(model, verdict, severity, first, window)
        ),
    )


def rfc3339(ms: int) -> str:
    """A time in UTC, to the second (to the millisecond where there is one)."""
    moment = datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{moment}.{ms % 1000:03d}Z" if ms % 1000 else f"{moment}Z"


def _opened(model: str, verdict: Verdict, severity: Severity, first: Window, window: Window) -> str:
    return (
        f"{severity.value.capitalize()}: {_subject(model, verdict)}: {_what(verdict)}: "
        f"{_figures(verdict)} in the window {rfc3339(window.start_ms)} to "
        f"{rfc3339(window.end_ms)}, in alarm since {rfc3339(first.end_ms)}, against "
        f"{_against(verdict)}; look first at {_LOOK[verdict.family]}."
    )


def _resolved(model: str, verdict: Verdict, first: Window, window: Window) -> str:
    return (
        f"Resolved: {_subject(model, verdict)}: no longer so: {_what(verdict)}: "
        f"{_figures(verdict)} in the window that ends {rfc3339(window.end_ms)}; it was in "
        f"alarm since {rfc3339(first.end_ms)}."
    )


def _subject(model: str, verdict: Verdict) -> str:
    return f"model {model}, {verdict.column}" if verdict.column else f"model {model}"


def _what(verdict: Verdict) -> str:
    if _has_limit(verdict):
        name = _FIGURE.get(verdict.monitor, verdict.monitor.replace("_", " "))
        return f"{name} is {'below its minimum' if verdict.below else 'above its maximum'}"
    return _WHAT.get(verdict.monitor, verdict.monitor.replace("_", " "))


def _figures(verdict: Verdict) -> str:
    """Statistic, threshold, p-value and sample size, each where there is one."""
    parts = [] if verdict.statistic is None else [f"{verdict.statistic:.4g}"]
    if verdict.threshold is not None:
        parts.append(f"{_limit_word(verdict)} {verdict.threshold:.4g}")
    if verdict.p_value is not None:
        parts.append(f"p = {verdict.p_value:.2g}" if verdict.p_value else "p < 1e-300")
    parts.append(f"n = {verdict.n:,}")
    return ", ".join(parts)


def _has_limit(verdict: Verdict) -> bool:
    """Whether it is about a figure with a configured limit, and not about a change."""
    return verdict.family is Family.PERFORMANCE and not verdict.monitor.startswith("degradation_")


def _limit_word(verdict: Verdict) -> str:
    if _has_limit(verdict):
        return "minimum" if verdict.below else "maximum"
    return "threshold"


def _against(verdict: Verdict) -> str:
    if verdict.monitor.startswith("degradation_"):
        return "the usual errors"
    if verdict.family in (Family.PERFORMANCE, Family.LATENCY):
        return "the configured limit"
    return f"reference {verdict.reference_hash} ({verdict.reference_n:,} rows)"
