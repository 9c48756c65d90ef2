"""Queries over the metrics there are; each has the dashboard's job, and its model if it has one.

``$job`` and ``$model`` may be many, so matchers are ``=~``. A gauge may come twice for a moment,
from the old and the new owner of a partition, so gauges are ``max by``.
"""

from __future__ import annotations

from stream_monitor.metrics.names import Kind, Spec

JOB = 'job=~"$job"'
MODEL = 'model=~"$model"'
OF_MODEL = ("job", "model")


def series(spec: Spec, *matchers: str, suffix: str = "") -> str:
    """A metric of the chosen jobs and models; ValueError for a matcher on a label it has not."""
    for matcher in matchers:
        label = matcher.partition('"')[0].rstrip("=~!")
        if label not in spec.labels:
            raise ValueError(f"{spec.name} has no label {label}; it has {spec.labels}.")
    own = [JOB, *([MODEL] if "model" in spec.labels else []), *matchers]
    return f"{spec.name}{suffix}{{{', '.join(own)}}}"


def recorded(name: str, *matchers: str) -> str:
    """A recorded series LEVEL:METRIC:OPERATION of the chosen jobs and models."""
    level = name.partition(":")[0].split("_")
    own = [JOB, *([MODEL] if "model" in level else []), *matchers]
    return f"{name}{{{', '.join(own)}}}"


def newest(spec: Spec, by: tuple[str, ...], *matchers: str) -> str:
    """A gauge as it stands."""
    return f"max by ({', '.join(by)}) ({series(spec, *matchers)})"


def total(spec: Spec, by: tuple[str, ...], *matchers: str) -> str:
    """A gauge of which every worker has a part, added up."""
    return f"sum by ({', '.join(by)}) ({series(spec, *matchers)})"


def rate(spec: Spec, by: tuple[str, ...], *matchers: str) -> str:
    """A counter's growth a second."""
    _counts(spec)
    return f"sum by ({', '.join(by)}) (rate({series(spec, *matchers)}[$__rate_interval]))"


def increase(spec: Spec, by: tuple[str, ...], range_: str, *matchers: str) -> str:
    """A counter's growth over a range: ``$__rate_interval``, ``$__range`` or an alert's own."""
    _counts(spec)
    return f"sum by ({', '.join(by)}) (increase({series(spec, *matchers)}[{range_}]))"


def quantile_s(share: float, spec: Spec, by: tuple[str, ...] = ("job",)) -> str:
    """A quantile of a histogram of seconds; no point, rather than NaN, where nothing was seen."""
    if spec.kind is not Kind.HISTOGRAM:
        raise ValueError(f"{spec.name} is no histogram.")
    seen = f"rate({series(spec, suffix='_bucket')}[$__rate_interval])"
    return f"histogram_quantile({share:g}, sum by ({', '.join((*by, 'le'))}) ({seen})) >= 0"


def age_s(spec: Spec, by: tuple[str, ...]) -> str:
    """Seconds since a time."""
    if not spec.name.endswith("_timestamp_seconds"):
        raise ValueError(f"{spec.name} is no time.")
    return f"time() - {newest(spec, by)}"


def per(value: Spec, threshold: Spec, by: tuple[str, ...], *matchers: str) -> str:
    """A figure as a multiple of the threshold that the worker judged it by."""
    return f"{newest(value, by, *matchers)} / ({newest(threshold, by, *matchers)} > 0)"


def _counts(spec: Spec) -> None:
    if spec.kind is not Kind.COUNTER:
        raise ValueError(f"{spec.name} is no counter; its rate means nothing.")
