"""How soon somebody should look, by the effect."""

from __future__ import annotations

from stream_monitor.alerts.rule import Severity
from stream_monitor.config.monitors import EVIDENCE
from stream_monitor.detectors.few_rows import MONITOR as ROWS
from stream_monitor.detectors.verdict import Family, Verdict

#: The effect from which on an alert is critical: a verdict's ``effect`` in its own units.
#: Drift: KS and L∞ distance, PSI above its null bias (the field's "major shift"), W1 in
#: standard deviations of the reference, Jensen–Shannon as reported. Quality: rise of a
#: share; of the fewest events that a window must have, the share that is missing. Performance:
#: how far beyond its limit, see below. Latency: excess over the limit, relative.
CRITICAL_EFFECT: dict[tuple[Family, str], float] = {
    (Family.DRIFT, EVIDENCE): 0.2,
    (Family.DRIFT, "ks"): 0.2,
    (Family.DRIFT, "chi_square"): 0.2,
    (Family.DRIFT, "l_infinity"): 0.2,
    (Family.DRIFT, "psi"): 0.25,
    (Family.DRIFT, "wasserstein"): 0.5,
    (Family.DRIFT, "jensen_shannon"): 0.25,
    (Family.QUALITY, ROWS): 0.5,
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
_RANK = tuple(Severity)


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


def worse(one: Severity | None, other: Severity) -> Severity:
    """The higher of two; an alert's severity never falls."""
    return other if one is None else max(one, other, key=_RANK.index)
