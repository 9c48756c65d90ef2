"""What is known of a window beside its labels: their delay, whom they are of, and an estimate.

No verdict of this module decides: they tell how far to trust the figures beside them.
"""

from __future__ import annotations

from collections.abc import Mapping

from stream_monitor.config.settings import ModelSettings
from stream_monitor.detectors.estimated import estimate_error, estimates
from stream_monitor.detectors.figure import Figure
from stream_monitor.detectors.representative import MONITOR, labelled_shift
from stream_monitor.detectors.verdict import Family, State, Verdict
from stream_monitor.reference.model import Reference
from stream_monitor.summaries.latency import ACCURACY, HIGHEST_MS, LOWEST_MS
from stream_monitor.summaries.performance import PerformanceSummary
from stream_monitor.summaries.traffic import TrafficSummary

DELAYS: tuple[tuple[str, float], ...] = (
    ("delay_p50", 0.5),
    ("delay_p90", 0.9),
    ("delay_p99", 0.99),
)
#: An estimate is compared with labels if no more of them than this lack a usable score.
UNSCORED = 0.01


def judge_delays(
    performance: PerformanceSummary, reference_hash: str, settings: ModelSettings
) -> tuple[Verdict, ...]:
    """``delay_p50``, ``delay_p90``, ``delay_p99``: *seconds* from a prediction to its label.

    Of labels that came on their own: the delay of rank ⌊q(n − 1)⌋ within 1 % from 1 ms to
    10^9 s, with ``least`` and ``most``; ``INFO``, or ``THIN`` below ``min_samples`` of them.
    """
    delays = performance.delays
    verdicts = []
    for monitor, q in DELAYS:
        value = delays.quantile(q)
        known = value is not None and LOWEST_MS < value < HIGHEST_MS
        figure = Figure(
            value,
            delays.n,
            least=value / (1 + ACCURACY) if known and value is not None else None,
            most=value / (1 - ACCURACY) if known and value is not None else None,
        )
        verdicts.append(_told(monitor, figure, delays.n, reference_hash, settings, below=False))
    return tuple(verdicts)


def judge_labelled_shift(
    traffic: TrafficSummary, reference_hash: str, settings: ModelSettings
) -> Verdict:
    """``labelled_shift``: the labelled events against the others of the window.

    See ``representative``. ``effect`` is the distance of the labelled events from all,
    ``reference_n`` the number of the others.
    """
    shift = labelled_shift(traffic.population, traffic.performance.population)
    return Verdict(
        family=Family.PERFORMANCE,
        monitor=MONITOR,
        column="",
        state=shift.state(settings.min_samples),
        statistic=shift.statistic,
        threshold=shift.threshold,
        p_value=shift.p_value,
        n=shift.labelled,
        reference_n=shift.rest,
        reference_hash=reference_hash,
        effect=shift.distance,
    )


def judge_estimates(
    traffic: TrafficSummary,
    reference: Reference,
    positive: str | None,
    realised: Mapping[str, Figure],
    settings: ModelSettings,
) -> tuple[Verdict, ...]:
    """``estimated_…`` of all events, and ``estimate_error_…`` of the labelled ones.

    See ``estimated``. ``realised`` has the figures that labels give. An error is realised −
    estimated, of the same rows; its p-value is that of no more than chance between the two.
    ``INFO``; ``THIN`` without a calibration, below ``min_samples`` events or labels, and an
    error where more than one in a hundred labelled events has no usable score.
    """
    labelled = traffic.performance.population
    told = estimates(traffic.population, reference, positive)
    of_labelled = estimates(labelled, reference, positive)
    enough = labelled.n >= (1 - UNSCORED) * traffic.performance.labelled
    verdicts = [
        _told(
            f"estimated_{name}",
            estimate.figure,
            traffic.population.n,
            reference.hash,
            settings,
            standard_error=estimate.standard_error,
        )
        for name, estimate in told.items()
    ]
    for name, estimate in of_labelled.items():
        error, p_value = estimate_error(realised[name], estimate)
        verdicts.append(
            _told(
                f"estimate_error_{name}",
                error,
                labelled.n if enough else 0,
                reference.hash,
                settings,
                p_value=p_value,
                standard_error=estimate.standard_error,
            )
        )
    return tuple(verdicts)


def _told(
    monitor: str,
    figure: Figure,
    of: int,
    reference_hash: str,
    settings: ModelSettings,
    *,
    below: bool = True,
    p_value: float | None = None,
    standard_error: float | None = None,
) -> Verdict:
    thin = of < settings.min_samples or figure.value is None
    return Verdict(
        family=Family.PERFORMANCE,
        monitor=monitor,
        column="",
        state=State.THIN if thin else State.INFO,
        statistic=figure.value,
        threshold=None,
        p_value=p_value,
        n=figure.n,
        reference_n=0,
        reference_hash=reference_hash,
        below=below,
        lower=figure.lower,
        upper=figure.upper,
        least=figure.least,
        most=figure.most,
        standard_error=standard_error,
    )
