"""How long predictions took: quantiles and the mean, and a limit on the 99th percentile."""

from __future__ import annotations

from stream_monitor.config.monitors import LatencySettings
from stream_monitor.config.settings import ModelSettings
from stream_monitor.detectors.verdict import Family, State, Verdict
from stream_monitor.summaries.latency import ACCURACY, HIGHEST_MS, LOWEST_MS
from stream_monitor.summaries.model import ModelSummary

_P99 = 0.99


def judge_latency(
    summary: ModelSummary, reference_hash: str, settings: ModelSettings
) -> tuple[Verdict, ...]:
    """One verdict a quantile, named ``p50``, ``p99``, ``p99.9``, and ``mean``; in milliseconds.

    Only ``p99`` has a threshold, ``max_p99_ms``, and only with it decides; its effect is how
    far it is above, as a share of the limit. ``least`` and ``most`` bound the window's own
    quantile, which the summary knows to 1 %. ``THIN`` below ``min_samples`` latencies.
    """
    latency = summary.latency
    thin = latency.n < settings.min_samples

    def verdict(monitor: str, value: float | None, limit: float | None) -> Verdict:
        state = State.INFO
        if thin or value is None:
            state = State.THIN
        elif limit is not None:
            state = State.ALARM if value > limit else State.OK
        known = monitor != "mean" and value is not None and LOWEST_MS < value < HIGHEST_MS
        return Verdict(
            family=Family.LATENCY,
            monitor=monitor,
            column="",
            state=state,
            statistic=value,
            threshold=limit,
            p_value=None,
            n=latency.n,
            reference_n=0,
            reference_hash=reference_hash,
            least=value / (1 + ACCURACY) if known and value is not None else None,
            most=value / (1 - ACCURACY) if known and value is not None else None,
            effect=None if value is None or limit is None else max(0.0, value / limit - 1),
            decides=limit is not None,
        )

    limits = settings.latency
    quantiles = [
        verdict(f"p{q * 100:.6g}", latency.quantile(q), limits.max_p99_ms if q == _P99 else None)
        for q in _quantiles(limits)
    ]
    return (*quantiles, verdict("mean", latency.mean(), None))


def _quantiles(settings: LatencySettings) -> tuple[float, ...]:
    """The quantiles asked for, and the 99th percentile where it has a limit."""
    if settings.max_p99_ms is None or _P99 in settings.quantiles:
        return settings.quantiles
    return (*settings.quantiles, _P99)
